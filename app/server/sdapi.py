"""The part of A1111's API under /sdapi/v1 that its clients use. Its requests wait for their pictures.

A client that goes away while it waits takes its job with it.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import psutil
from fastapi import APIRouter, HTTPException, Request
from PIL import Image, ImageFilter, ImageOps
from pydantic import BaseModel, ConfigDict, Field

from app.server import a1111
from app.server.desk import Desk
from app.server.jobs import DONE, RUNNING, Job
from app.server.pictures import base64_of, png_of
from app.server.studio import DREAMT, UPSCALERS, Wish, check_upscale
from base.errors import InputError
from base.pictures import flat, open_picture
from base.png import SIGNATURE, read_texts
from base.settings import MOST_CHARACTERS, check
from diffusion.text2image.recipe import GenerateSettings

POLL = 0.1
EMPTY: dict[str, Any] = {  # what this program has none of
    "loras": [],
    "hypernetworks": [],
    "face-restorers": [],
    "realesrgan-models": [],
    "prompt-styles": [],
    "sd-vae": [],
    "sd-modules": [],
    "latent-upscale-modes": [],
    "scripts": {"txt2img": [], "img2img": []},
    "script-info": [],
    "embeddings": {"loaded": {}, "skipped": {}},
    "cmd-flags": {},
    "extensions": [],
}


class TextBody(BaseModel):
    """txt2img. What isn't known here is ignored, as clients send all that the web UI has."""

    model_config = ConfigDict(extra="ignore")
    prompt: str = Field("", max_length=MOST_CHARACTERS)
    negative_prompt: str = Field("", max_length=MOST_CHARACTERS)
    seed: int = -1
    sampler_name: str | None = None
    sampler_index: str | None = None
    scheduler: str | None = None
    batch_size: int = Field(1, ge=1)
    n_iter: int = Field(1, ge=1)
    steps: int | None = None
    cfg_scale: float | None = None
    width: int | None = None
    height: int | None = None
    eta: float | None = None
    denoising_strength: float | None = None
    enable_hr: bool = False
    hr_scale: float = Field(2.0, ge=1.0, le=8.0)
    hr_resize_x: int = 0
    hr_resize_y: int = 0
    hr_second_pass_steps: int = 0
    hr_prompt: str | None = Field("", max_length=MOST_CHARACTERS)
    hr_negative_prompt: str | None = Field("", max_length=MOST_CHARACTERS)
    send_images: bool = True
    script_name: str | None = None
    alwayson_scripts: dict[str, Any] | None = None
    override_settings: dict[str, Any] | None = None


class ImageBody(TextBody):
    """img2img."""

    init_images: list[str] = Field(default_factory=list, max_length=1)
    resize_mode: int = Field(0, ge=0, le=3)
    mask: str | None = None
    mask_blur: float | None = None
    inpainting_fill: int = 0
    inpaint_full_res: bool = True
    inpaint_full_res_padding: int = Field(0, ge=0, le=1024)
    inpainting_mask_invert: int = 0
    include_init_images: bool = False


class PngBody(BaseModel):
    image: str


class ExtraBody(BaseModel):
    """extra-single-image."""

    model_config = ConfigDict(extra="ignore")
    image: str
    resize_mode: int = 0
    upscaler_1: str | None = "None"
    upscaling_resize: float = Field(2.0, ge=0.125, le=8.0)
    upscaling_resize_w: int = 512
    upscaling_resize_h: int = 512
    upscaling_crop: bool = True


def router(desk: Desk) -> APIRouter:
    api = APIRouter(prefix="/sdapi/v1", tags=["A1111's API"])

    @api.post("/txt2img")
    async def txt2img(body: TextBody, request: Request) -> dict[str, Any]:
        """Generate pictures from a prompt."""
        refuse(desk, body)
        wish = Wish(asked(desk, body), body.batch_size * body.n_iter)
        desk.studio.refuse(wish)

        def work(job: Job) -> dict[str, Any]:
            made = desk.studio.generate(job, wish)
            return made if not body.enable_hr else second_pass(desk, job, body, wish.settings, made)

        return answer(desk, body, await finished(desk, request, "txt2img", body.prompt, work))

    @api.post("/img2img")
    async def img2img(body: ImageBody, request: Request) -> dict[str, Any]:
        """Generate pictures from a picture, as a whole or under a mask."""
        refuse(desk, body)
        wish = await asyncio.to_thread(wish_of, desk, body)
        desk.studio.refuse(wish)
        work = lambda job: desk.studio.generate(job, wish)  # noqa: E731
        return answer(desk, body, await finished(desk, request, "img2img", body.prompt, work))

    @api.post("/png-info")
    def png_info(body: PngBody) -> dict[str, Any]:
        """The settings that a PNG carries."""
        file = desk.store.take(body.image, "image")
        texts = read_texts(file) if file.read_bytes()[: len(SIGNATURE)] == SIGNATURE else {}
        return {"info": texts.get("parameters", ""), "items": texts, "parameters": {}}

    @api.post("/extra-single-image")
    async def extra(body: ExtraBody, request: Request) -> dict[str, Any]:
        """Enlarge a picture."""
        source = await asyncio.to_thread(desk.store.take, body.image, "image")
        width, height = open_picture(source).size
        given = body.upscaling_resize_w, body.upscaling_resize_h
        factor = body.upscaling_resize
        size = given if body.resize_mode == 1 else (round(width * factor), round(height * factor))
        if body.upscaler_1 in (None, "None"):
            return {"html_info": "", "image": base64_of(png_of(open_picture(source)))}
        check_upscale(body.upscaler_1, size)
        upscaler = body.upscaler_1
        work = lambda job: desk.studio.upscale(job, source, upscaler, size, "")  # noqa: E731
        made = await finished(desk, request, "upscale", upscaler, work)
        return {"html_info": f"{upscaler}, {size[0]}x{size[1]}", "image": pictures(desk, made)[0]}

    @api.get("/progress")
    def progress(skip_current_image: bool = False) -> dict[str, Any]:
        """How far the running job is."""
        jobs = desk.jobs.open()
        job = next((job for job in jobs if job.state == RUNNING), None)
        share = job.step / job.steps if job and job.steps else 0.0
        state = {
            "skipped": False,
            "interrupted": bool(job and job.cancelled()),
            "job": job.kind if job else "",
            "job_count": len(jobs),
            "job_timestamp": "0",
            "job_no": 0,
            "sampling_step": job.step if job else 0,
            "sampling_steps": job.steps if job else 0,
        }
        current = base64_of(job.preview) if job and job.preview and not skip_current_image else None
        eta = job.eta() if job else 0.0
        return {"progress": share, "eta_relative": eta, "state": state, "current_image": current, "textinfo": None}

    @api.post("/interrupt")
    @api.post("/skip")
    def interrupt() -> dict[str, Any]:
        """Cancel the running job."""
        for job in desk.jobs.open():
            if job.state == RUNNING:
                desk.jobs.cancel(job)
        return {}

    @api.get("/samplers")
    def samplers() -> list[dict[str, Any]]:
        return [{"name": name, "aliases": [ours], "options": {}} for name, ours in a1111.SAMPLERS.items()]

    @api.get("/schedulers")
    def schedulers() -> list[dict[str, Any]]:
        found = a1111.SCHEDULES.items()
        return [
            {"name": name, "label": label, "aliases": None, "default_rho": -1, "need_inner_model": False}
            for name, (label, _) in found
        ]

    @api.get("/sd-models")
    def models() -> list[dict[str, Any]]:
        title, name, sum = model_of(desk)
        about = {"title": title, "model_name": name, "hash": sum, "sha256": None, "filename": name, "config": None}
        return [about]

    @api.get("/options")
    def options() -> dict[str, Any]:
        title, _, sum = model_of(desk)
        return {"sd_model_checkpoint": title, "sd_checkpoint_hash": sum, "samples_format": "png"}

    @api.post("/options")
    def set_options(options: dict[str, Any]) -> None:
        """Accepts the model that is loaded; a server has one model, and nothing else can be set."""
        check_options(desk, options)

    @api.get("/upscalers")
    def upscalers() -> list[dict[str, Any]]:
        names = ("None", *UPSCALERS, DREAMT)
        return [{"name": name, "model_name": None, "model_path": None, "model_url": None, "scale": 4} for name in names]

    @api.get("/memory")
    def memory() -> dict[str, Any]:
        found = psutil.virtual_memory()
        return {"ram": {"free": found.available, "used": found.used, "total": found.total}, "cuda": {}}

    @api.post("/refresh-checkpoints")
    @api.post("/refresh-loras")
    def refresh() -> None:
        """Nothing: the model is chosen when the server starts."""

    for path, value in EMPTY.items():
        api.get(f"/{path}", name=path)(lambda value=value: value)
    return api


def model_of(desk: Desk) -> tuple[str, str, str]:
    """(title, name, fingerprint) of the model; waits until it is loaded."""
    name, _, sum = desk.studio.model.id.rpartition("-")
    return f"{name} [{sum}]", name, sum


def check_options(desk: Desk, options: dict[str, Any]) -> None:
    """Raise InputError for another model than the server's. Other options are the web UI's own; they change no picture here."""
    wanted = options.get("sd_model_checkpoint")
    if wanted not in (None, "", *(known := model_of(desk))):
        raise InputError("request", "sd_model_checkpoint", f"is {wanted!r}; this server has {known[0]} only")


def refuse(desk: Desk, body: TextBody) -> None:
    """Raise InputError for what would be ignored, and give another picture than was asked for."""
    if body.script_name and body.script_name != "None":
        raise InputError("request", "script_name", f"is {body.script_name!r}; there are no scripts here")
    for name, script in (body.alwayson_scripts or {}).items():
        given = script.get("args") if isinstance(script, dict) else script
        if given and any(given if isinstance(given, list) else [given]):
            raise InputError("request", "alwayson_scripts", f"asks for {name!r}; there are no scripts here")
    if (count := body.batch_size * body.n_iter) > desk.limits.count:
        problem = f"times n_iter is {count}; a request gets at most {desk.limits.count} pictures"
        raise InputError("request", "batch_size", problem)
    if body.override_settings and desk.studio.loading.done():
        check_options(desk, body.override_settings)


def asked(desk: Desk, body: TextBody) -> GenerateSettings:
    """A body's settings as ours. Raises InputError."""
    base = desk.studio.defaults
    sampler, spacing = a1111.sampler_of(body.sampler_name or body.sampler_index)
    given = {
        "sampler": sampler,
        "spacing": a1111.schedule_of(body.scheduler) or spacing,
        "steps": body.steps,
        "scale": body.cfg_scale,
        "seed": random.randrange(2**31) if body.seed < 0 else body.seed % 2**31,
        "eta": body.eta if sampler == "ddim" else None,
    }
    dream = replace(base.dream, **{name: value for name, value in given.items() if value not in (None, "")})
    check(dream, "request")
    size = body.width or base.size[0], body.height or base.size[1]
    return replace(base, prompt=body.prompt, negative=body.negative_prompt, size=size, dream=dream)


def second_pass(desk: Desk, job: Job, body: TextBody, first: GenerateSettings, made: dict[str, Any]) -> dict[str, Any]:
    """ "Hires. fix": each picture enlarged, and its details dreamed."""
    scaled = round(first.size[0] * body.hr_scale), round(first.size[1] * body.hr_scale)
    size = body.hr_resize_x or scaled[0], body.hr_resize_y or scaled[1]
    check_upscale("Lanczos", size)
    strength = 0.7 if body.denoising_strength is None else body.denoising_strength
    steps = body.hr_second_pass_steps or first.dream.steps
    found = []
    for picture in made["pictures"]:
        dream = replace(first.dream, strength=strength, steps=steps, seed=picture["seed"])
        prompts = {"prompt": body.hr_prompt or first.prompt, "negative": body.hr_negative_prompt or first.negative}
        init = desk.store.path(picture["id"], "image")
        found += desk.studio.generate(job, Wish(replace(first, size=size, init=init, dream=dream, **prompts)))[
            "pictures"
        ]
    return {**made, "pictures": found}


def wish_of(desk: Desk, body: ImageBody) -> Wish:
    """What img2img asks for: the picture and its mask fitted, cropped to what is masked, and filled. Raises InputError."""
    if not body.init_images:
        raise InputError("request", "init_images", "is missing")
    settings = asked(desk, body)
    strength = 0.75 if body.denoising_strength is None else body.denoising_strength
    settings = replace(settings, dream=replace(settings.dream, strength=strength))
    check(settings.dream, "request")
    picture = flat(open_picture(desk.store.take(body.init_images[0], "init_images")), 255)
    count = body.batch_size * body.n_iter
    if body.mask is None:
        init = keep(desk, a1111.fit(picture, settings.size, body.resize_mode))
        return Wish(replace(settings, init=init), count)
    mask = flat(open_picture(desk.store.take(body.mask, "mask")), 0).convert("L").resize(picture.size)
    if body.inpainting_mask_invert:
        mask = ImageOps.invert(mask)
    blur = 4.0 if body.mask_blur is None else body.mask_blur
    finish: Callable[[np.ndarray], np.ndarray] | None = None
    box = (
        a1111.crop_box(mask, body.inpaint_full_res_padding, settings.size, round(2 * blur))
        if body.inpaint_full_res
        else None
    )
    if box is not None:
        crop = a1111.Crop(box, picture)
        picture, mask = picture.crop(box), mask.crop(box)
        soft = soften(mask, blur)
        finish = lambda pixels: crop.paste(pixels, soft)  # noqa: E731
        blur *= settings.size[0] / max(picture.width, 1)
        picture, mask = picture.resize(settings.size, Image.Resampling.LANCZOS), mask.resize(settings.size)
    else:
        picture, mask = (a1111.fit(part, settings.size, body.resize_mode) for part in (picture, mask))
    start = a1111.filled(picture, mask, body.inpainting_fill, settings.dream.seed)
    blur = min(blur, 256.0)
    return Wish(
        replace(settings, init=keep(desk, start), mask=keep(desk, mask), mask_blur=blur),
        count,
        finish=finish,
    )


def soften(mask: Image.Image, blur: float) -> Image.Image:
    """A mask for pasting: the blur lies outside of it, so that all that is white is pasted whole."""
    wide = mask.filter(ImageFilter.MaxFilter(2 * round(min(blur, 32)) + 1)) if blur else mask
    return wide.filter(ImageFilter.GaussianBlur(blur))


def keep(desk: Desk, picture: Image.Image) -> Any:
    """The file of a picture that was made for a request."""
    return desk.store.path(desk.store.add(lambda path: path.write_bytes(png_of(picture))), "image")


async def finished(
    desk: Desk, request: Request, kind: str, about: str, work: Callable[[Job], dict[str, Any]]
) -> dict[str, Any]:
    """A job's result, once it is there. The job is cancelled when the client has gone."""
    job = desk.submit(kind, about, work)
    while not job.ended.is_set():
        if await request.is_disconnected():
            desk.jobs.cancel(job)
            raise HTTPException(499, "The client has gone.")
        await asyncio.sleep(POLL)
    if job.state != DONE:
        raise HTTPException(500 if job.error.startswith("internal") else 422, job.error or "The job was interrupted.")
    return job.result


def pictures(desk: Desk, made: dict[str, Any]) -> list[str]:
    """The pictures of a result as base64."""
    found = (desk.store.path(picture["id"], "image") for picture in made["pictures"])
    return [base64_of(path.read_bytes()) for path in found]


def answer(desk: Desk, body: TextBody, made: dict[str, Any]) -> dict[str, Any]:
    """The answer of txt2img and img2img."""
    seeds = [picture["seed"] for picture in made["pictures"]]
    infos = [picture["parameters"] for picture in made["pictures"]]
    info = {"prompt": made["prompt"], "negative_prompt": body.negative_prompt, "seed": seeds[0], "all_seeds": seeds}
    info |= {"infotexts": infos, "width": made["pictures"][0]["size"][0], "height": made["pictures"][0]["size"][1]}
    given = body.model_dump(exclude={"init_images", "mask"})
    images = pictures(desk, made) if body.send_images else []
    return {"images": images, "parameters": given, "info": json.dumps(info)}

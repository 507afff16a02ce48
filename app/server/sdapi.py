"""The part of A1111's API under /sdapi/v1 that its clients use. Its requests wait for their pictures.

A client that goes away while it waits takes its job with it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import psutil
from fastapi import APIRouter, HTTPException, Request

from app.server import a1111
from app.server.desk import Desk
from app.server.jobs import DONE, RUNNING, Job
from app.server.pictures import base64_of, png_of
from app.server.sdapi_bodies import ExtraBody, ImageBody, PngBody, TextBody
from app.server.sdapi_wishes import asked, check_options, model_of, refuse, second_pass, wish_of
from app.server.studio import ALL_UPSCALERS, Wish, check_upscale
from base.png import SIGNATURE, read_texts

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


def router(desk: Desk) -> APIRouter:
    api = APIRouter(prefix="/sdapi/v1", tags=["A1111's API"])

    @api.post("/txt2img")
    async def txt2img(body: TextBody, request: Request) -> dict[str, Any]:
        """Generate pictures from a prompt."""
        refuse(desk, body)
        wish = Wish(asked(desk, body), body.batch_size * body.n_iter)
        desk.studio.refuse(wish)
        second = second_pass(body, wish.settings) if body.enable_hr else None

        def work(job: Job) -> dict[str, Any]:
            made = desk.studio.generate(job, wish)
            return made if second is None else desk.studio.generate_again(job, second, made)

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
        width, height = desk.store.size(source)
        given = body.upscaling_resize_w, body.upscaling_resize_h
        factor = body.upscaling_resize
        size = given if body.resize_mode == 1 else (round(width * factor), round(height * factor))
        if body.upscaler_1 in (None, "None"):
            return {"html_info": "", "image": base64_of(png_of(desk.store.open(source)))}
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
        names = ("None", *ALL_UPSCALERS)
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

"""The part of A1111's API under /sdapi/v1 that its clients use. Its requests wait for their pictures.

If a client disconnects while it waits, its job is cancelled.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import psutil
from fastapi import APIRouter, HTTPException, Request

from app.server import a1111
from app.server.backend import Backend
from app.server.jobs import DONE, RUNNING, Job
from app.server.picture_maker import ALL_UPSCALERS, Wish, check_upscale
from app.server.pictures import base64_of, png_of
from app.server.sdapi_bodies import ExtraBody, ImageBody, PngBody, TextBody
from app.server.sdapi_wishes import check_options, model_of, read_settings, refuse, second_pass, wish_of
from base.png import SIGNATURE, read_texts

POLL = 0.1
EMPTY: dict[str, Any] = {  # lists that are empty in this program
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


def router(backend: Backend) -> APIRouter:
    api = APIRouter(prefix="/sdapi/v1", tags=["A1111's API"])

    @api.post("/txt2img")
    async def txt2img(body: TextBody, request: Request) -> dict[str, Any]:
        """Generate pictures from a prompt."""
        refuse(backend, body)
        wish = Wish(read_settings(backend, body), body.batch_size * body.n_iter)
        backend.maker.refuse(wish)
        second = second_pass(body, wish.settings) if body.enable_hr else None

        def work(job: Job) -> dict[str, Any]:
            made = backend.maker.generate(job, wish)
            return made if second is None else backend.maker.generate_again(job, second, made)

        return answer(backend, body, await run_job(backend, request, "txt2img", body.prompt, work))

    @api.post("/img2img")
    async def img2img(body: ImageBody, request: Request) -> dict[str, Any]:
        """Generate pictures from a picture, as a whole or under a mask."""
        refuse(backend, body)
        wish = await asyncio.to_thread(wish_of, backend, body)
        backend.maker.refuse(wish)
        work = lambda job: backend.maker.generate(job, wish)  # noqa: E731
        return answer(backend, body, await run_job(backend, request, "img2img", body.prompt, work))

    @api.post("/png-info")
    def png_info(body: PngBody) -> dict[str, Any]:
        """The settings that a PNG carries."""
        file = backend.store.take(body.image, "image")
        texts = read_texts(file) if file.read_bytes()[: len(SIGNATURE)] == SIGNATURE else {}
        return {"info": texts.get("parameters", ""), "items": texts, "parameters": {}}

    @api.post("/extra-single-image")
    async def extra(body: ExtraBody, request: Request) -> dict[str, Any]:
        """Enlarge a picture."""
        source = await asyncio.to_thread(backend.store.take, body.image, "image")
        width, height = backend.store.size(source)
        given = body.upscaling_resize_w, body.upscaling_resize_h
        factor = body.upscaling_resize
        size = given if body.resize_mode == 1 else (round(width * factor), round(height * factor))
        if body.upscaler_1 in (None, "None"):
            return {"html_info": "", "image": base64_of(png_of(backend.store.open(source)))}
        check_upscale(body.upscaler_1, size)
        upscaler = body.upscaler_1
        work = lambda job: backend.maker.upscale(job, source, upscaler, size, "")  # noqa: E731
        made = await run_job(backend, request, "upscale", upscaler, work)
        return {"html_info": f"{upscaler}, {size[0]}x{size[1]}", "image": pictures(backend, made)[0]}

    @api.get("/progress")
    def progress(skip_current_image: bool = False) -> dict[str, Any]:
        """How far the running job is."""
        jobs = backend.jobs.open()
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
        for job in backend.jobs.open():
            if job.state == RUNNING:
                backend.jobs.cancel(job)
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
        title, name, sum = model_of(backend)
        about = {"title": title, "model_name": name, "hash": sum, "sha256": None, "filename": name, "config": None}
        return [about]

    @api.get("/options")
    def options() -> dict[str, Any]:
        title, _, sum = model_of(backend)
        return {"sd_model_checkpoint": title, "sd_checkpoint_hash": sum, "samples_format": "png"}

    @api.post("/options")
    def set_options(options: dict[str, Any]) -> None:
        """Accepts the model that is loaded; a server has one model, and nothing else can be set."""
        check_options(backend, options)

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


async def run_job(
    backend: Backend, request: Request, kind: str, about: str, work: Callable[[Job], dict[str, Any]]
) -> dict[str, Any]:
    """Run a job and wait for its result. The job is cancelled if the client disconnects."""
    job = backend.submit(kind, about, work)
    while not job.ended.is_set():
        if await request.is_disconnected():
            backend.jobs.cancel(job)
            raise HTTPException(499, "The client has gone.")
        await asyncio.sleep(POLL)
    if job.state != DONE:
        raise HTTPException(500 if job.error.startswith("internal") else 422, job.error or "The job was interrupted.")
    return job.result


def pictures(backend: Backend, made: dict[str, Any]) -> list[str]:
    """The pictures of a result as base64."""
    found = (backend.store.path(picture["id"], "image") for picture in made["pictures"])
    return [base64_of(path.read_bytes()) for path in found]


def answer(backend: Backend, body: TextBody, made: dict[str, Any]) -> dict[str, Any]:
    """The answer of txt2img and img2img."""
    seeds = [picture["seed"] for picture in made["pictures"]]
    infos = [picture["parameters"] for picture in made["pictures"]]
    info = {"prompt": made["prompt"], "negative_prompt": body.negative_prompt, "seed": seeds[0], "all_seeds": seeds}
    info |= {"infotexts": infos, "width": made["pictures"][0]["size"][0], "height": made["pictures"][0]["size"][1]}
    given = body.model_dump(exclude={"init_images", "mask"})
    images = pictures(backend, made) if body.send_images else []
    return {"images": images, "parameters": given, "info": json.dumps(info)}

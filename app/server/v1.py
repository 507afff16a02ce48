"""The API under /v1: pictures, jobs, scenes and worlds. Slow work is a job; its answer is 202 with the job."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, StreamingResponse

from app.server.asked import upscaling, wish_of
from app.server.backend import Backend
from app.server.jobs import ENDED, Job
from app.server.picture_maker import ALL_UPSCALERS
from app.server.pictures import base64_of
from app.server.schemas import GenerateBody, MatchBody, PictureBody, UpscaleBody
from base.settings import names_in

KINDS = {".png": "image/png", ".mp4": "video/mp4"}
POLL = 0.1  # seconds between polls of a job


def router(backend: Backend) -> APIRouter:
    api = APIRouter(prefix="/v1")

    @api.get("/status", tags=["server"])
    def status() -> dict[str, Any]:
        """The model, whether it is loaded, and the jobs that wait or run."""
        return {**backend.about(), "jobs": [job.describe() for job in backend.jobs.open()]}

    @api.get("/choices", tags=["server"])
    def choices() -> dict[str, list[str]]:
        """The names that some settings take."""
        tables = {
            "sampler": "diffusion.sampling.solvers:SAMPLERS",
            "spacing": "diffusion.sampling.schedules:SPACINGS",
            "view": "diffusion.denoisers.anagram:VIEWS",
            "mode": "engine.render.renderer:MODES",
        }
        return {name: list(names_in(table)) for name, table in tables.items()} | {"upscaler": list(ALL_UPSCALERS)}

    @api.post("/generate", status_code=202, tags=["pictures"])
    def generate(body: GenerateBody) -> dict[str, Any]:
        """Generate pictures from a prompt, a picture, a picture and a mask, or prompts for several views (anagrams)."""
        return backend.generate(wish_of(backend, body)).describe()

    @api.post("/match", status_code=202, tags=["pictures"])
    def match(body: MatchBody) -> dict[str, Any]:
        """Find the captions nearest to a prompt that the embedded model knows."""
        return backend.submit(
            "match", body.prompt, lambda job: backend.maker.match(job, body.prompt, body.count)
        ).describe()

    @api.post("/upscale", status_code=202, tags=["pictures"])
    def upscale(body: UpscaleBody) -> dict[str, Any]:
        """Enlarge a picture."""
        return backend.submit("upscale", body.upscaler, upscaling(backend, body)).describe()

    @api.post("/pictures", status_code=201, tags=["pictures"])
    def keep(body: PictureBody) -> dict[str, str]:
        """Keep a picture, to name it by its id."""
        id = backend.store.take(body.data, "data").stem
        return {"id": id, "url": f"/v1/pictures/{id}"}

    @api.get("/pictures/{id}", tags=["pictures"])
    def picture(id: str) -> FileResponse:
        """A picture or film."""
        return answer_file(backend.store.find(id))

    @api.get("/jobs", tags=["jobs"])
    def jobs() -> list[dict[str, Any]]:
        """All jobs that are remembered, oldest first."""
        return [job.describe() for job in backend.jobs.all()]

    @api.get("/jobs/{id}", tags=["jobs"])
    def job(id: str) -> dict[str, Any]:
        """How far a job is, and its result."""
        return find_job(backend, id).describe()

    @api.delete("/jobs/{id}", tags=["jobs"])
    def cancel(id: str) -> dict[str, Any]:
        """Cancel a job; it ends after the model call that runs."""
        backend.jobs.cancel(wanted := find_job(backend, id))
        return wanted.describe()

    @api.get("/jobs/{id}/events", tags=["jobs"], response_class=StreamingResponse)
    async def events(id: str, request: Request) -> StreamingResponse:
        """Server-sent events: `progress` with the job and its preview as base64 after each step, then `end`."""
        return StreamingResponse(stream_events(find_job(backend, id)), media_type="text/event-stream")

    return api


def find_job(backend: Backend, id: str) -> Job:
    if (job := backend.jobs.get(id)) is None:
        raise HTTPException(404, "There is no such job.")
    return job


def answer_file(path: Path | None) -> FileResponse:
    if path is None or not path.is_file():
        raise HTTPException(404, "There is no such file.")
    return FileResponse(path, media_type=KINDS.get(path.suffix, "application/octet-stream"))


async def stream_events(job: Job) -> AsyncIterator[str]:
    """The job's events. A client that is slow gets fewer of them, never old ones."""
    seen, shown = -1, b""
    while True:
        version, ended, preview = job.version, job.state in ENDED, job.preview
        if version != seen or ended:
            seen = version
            data = job.describe()
            if preview and preview is not shown:
                shown = preview
                data["preview"] = base64_of(preview)
            yield f"event: {'end' if ended else 'progress'}\ndata: {json.dumps(data)}\n\n"
        if ended:
            return
        await asyncio.sleep(POLL)

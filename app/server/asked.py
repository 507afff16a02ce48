"""Turn request bodies into work for the backend, the same for every protocol."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from app.server.backend import Backend
from app.server.jobs import Job
from app.server.picture_maker import Wish, check_upscale
from app.server.schemas import (
    CameraBody,
    DreamWorldBody,
    GenerateBody,
    RenderBody,
    UpscaleBody,
    WorldBody,
    settings_of,
)
from app.server.worlds import WorldNote, Worlds
from app.session import PaintSettings
from base.errors import InputError
from base.settings import names_in
from scenes.camera import Camera

Work = Callable[[Job], dict[str, Any]]
SIDES = (16, 2048)  # pixels of a rendered view


def wish_of(backend: Backend, body: GenerateBody) -> Wish:
    """Raises InputError."""
    given = body.model_dump(exclude_none=True, exclude={"dream", "init", "mask", "count", "match", "match_temperature"})
    for name in ("init", "mask"):
        if text := getattr(body, name):
            given[name] = str(backend.store.take(text, name))
    dream = body.dream.model_dump(exclude_none=True) if body.dream else {}
    given["dream"] = {**backend.default_dream, **dream}
    return Wish(settings_of(backend.maker.defaults, given), body.count, body.match, body.match_temperature)


def upscaling(backend: Backend, body: UpscaleBody) -> Work:
    """Raises InputError."""
    source = backend.store.take(body.picture, "picture")
    width, height = backend.store.size(source)
    size = body.size or (round(width * body.factor), round(height * body.factor))
    check_upscale(body.upscaler, size)
    return lambda job: backend.maker.upscale(job, source, body.upscaler, size, body.prompt)


def note_of(backend: Backend, body: WorldBody) -> WorldNote:
    """Return the note of a new world: the model's dream settings, with the given ones changed. Raises InputError."""
    dream = settings_of(backend.maker.defaults.dream, body.dream, "dream")
    return WorldNote(body.scene, dream, settings_of(PaintSettings(), body.paint, "paint"))


def world_list(worlds: Worlds) -> list[dict[str, Any]]:
    """All worlds with their scenes, as JSON values."""
    return [{"id": id, "scene": worlds.note(id).scene, "painted": worlds.file(id).is_file()} for id in worlds.worlds()]


def camera_of(worlds: Worlds, id: str, body: CameraBody) -> Camera:
    """Raises InputError."""
    if body.path is not None:
        _refuse_idle("camera.", body, ("position", "yaw", "pitch", "fov"), "beside a path, which has its own")
        return worlds.camera(id, body.path, body.seconds)
    _refuse_idle("camera.", body, ("seconds",), "without a path")
    if body.position is None or not all(math.isfinite(x) and abs(x) <= 1e6 for x in body.position):
        raise InputError("request", "camera", "needs a position of three numbers, or a path")
    return Camera.from_angles(body.position, body.yaw, body.pitch, body.fov)


def dreaming(worlds: Worlds, id: str, body: DreamWorldBody) -> Work:
    """Raises InputError."""
    if body.camera is None:
        return lambda job: worlds.dream(job, id, None, body.views, body.until)
    _refuse_idle("", body, ("views", "until"), "beside a camera, whose view alone is painted")
    camera = camera_of(worlds, id, body.camera)
    return lambda job: worlds.dream(job, id, camera, body.views, body.until)


def rendering(worlds: Worlds, id: str, body: RenderBody) -> tuple[str, Work]:
    """("render" or "film", its work). Raises InputError."""
    if not all(SIDES[0] <= side <= SIDES[1] for side in body.size):
        raise InputError("request", "size", f"is {list(body.size)}; a side has {SIDES[0]} to {SIDES[1]} pixels")
    if body.mode not in (modes := names_in("engine.render.renderer:MODES")):
        raise InputError("request", "mode", f"is {body.mode!r}; allowed are {', '.join(modes)}")
    if body.frames:
        _refuse_idle("", body, ("camera",), "beside frames, as a film follows a path")
        size, path = (body.size[0] // 2 * 2, body.size[1] // 2 * 2), body.path or "orbit"
        worlds.path(id, path)
        return "film", lambda job: worlds.film(job, id, path, size, body.fps, body.frames, body.mode, body.daylight)
    _refuse_idle("", body, ("fps",), "without frames, as one view is rendered")
    if body.camera:
        _refuse_idle("", body, ("path",), "beside a camera")
    camera = camera_of(worlds, id, body.camera or CameraBody.model_validate({"path": body.path or "orbit"}))
    return "render", lambda job: worlds.view(job, id, camera, body.size, body.mode, body.daylight)


def _refuse_idle(part: str, body: BaseModel, names: tuple[str, ...], reason: str) -> None:
    """Raise InputError for the first of these fields that the request gives, as it would do nothing.

    part: of the request that the body is, with a dot, or ""
    """
    for name in names:
        if name in body.model_fields_set and getattr(body, name) is not None:
            raise InputError("request", f"{part}{name}", f"has no effect {reason}; leave it out")

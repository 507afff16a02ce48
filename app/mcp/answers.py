"""Answers to a client: values as JSON, pictures and films of bounded size, errors as one sentence."""

from __future__ import annotations

import io
import json
from typing import Any

import mcp_types as types
from PIL import Image
from pydantic import ValidationError

from app.server.jobs import CANCELLED, DONE, Job, QueueFull, placeless
from app.server.pictures import PictureStore, base64_of
from base.errors import InputError, shorten
from base.pictures import flat

LARGEST = 1024  # maximum side in pixels of a picture that is sent; the store keeps the full size
MOST_PICTURE = 1 << 20  # bytes of a PNG; larger ones are sent as JPEG
MOST_FILM = 8 << 20  # bytes


def answer(store: PictureStore, found: dict[str, Any] | Job) -> types.CallToolResult:
    """Return the answer for a finished job, or for values. Raises InputError, and Failed for a job that failed or was cancelled."""
    values = found if isinstance(found, dict) else _result(found)
    values = {key: _addressless(value) for key, value in values.items()}
    content: list[Any] = [types.TextContent(text=json.dumps(values, ensure_ascii=False))]
    content += [_picture(store, picture["id"]) for picture in values.get("pictures", ())]
    content += [_film(store, film["id"]) for film in values.get("films", ())]
    return types.CallToolResult(content=content, structured_content=values)


def failure(sentence: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=sentence)], is_error=True)


class Failed(Exception):
    """A job failed or was cancelled; holds a sentence."""


def sentence_of(error: InputError | ValidationError | QueueFull | Failed) -> str:
    """Return a sentence about a failed call."""
    if isinstance(error, Failed):
        return str(error)
    if isinstance(error, InputError):
        return placeless(error)
    if isinstance(error, QueueFull):
        return "Too many jobs wait; try again later."
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"]) or "its arguments"
    return f"request: {shorten(place)}: {shorten(first['msg'])}."


def _result(job: Job) -> dict[str, Any]:
    if job.state == DONE:
        return job.result
    raise Failed("It was cancelled." if job.state == CANCELLED else job.error)


def _addressless(value: Any) -> Any:
    """Return the value without the pictures' addresses on the HTTP server."""
    if not isinstance(value, list):
        return value
    return [{k: v for k, v in e.items() if k != "url"} if isinstance(e, dict) else e for e in value]


def _picture(store: PictureStore, id: str) -> types.ImageContent:
    picture = flat(store.open(store.path(id, "picture")), 255)
    picture.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    data, kind = _encode(picture, "PNG"), "png"
    if len(data) > MOST_PICTURE:
        data, kind = _encode(picture, "JPEG", quality=90), "jpeg"
    return types.ImageContent(data=base64_of(data), mime_type=f"image/{kind}")


def _encode(picture: Image.Image, kind: str, **how: Any) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **how)
    return target.getvalue()


def _film(store: PictureStore, id: str) -> types.EmbeddedResource:
    file = store.path(id, "film")
    if (size := file.stat().st_size) > MOST_FILM:
        problem = f"has {size:,} bytes, more than the {MOST_FILM:,} that are sent; take fewer frames or a smaller size"
        raise InputError("film", "", problem)
    blob = base64_of(file.read_bytes())
    return types.EmbeddedResource(
        resource=types.BlobResourceContents(uri=f"rayverie://films/{id}", mime_type="video/mp4", blob=blob)
    )

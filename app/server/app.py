"""The web application: routes, error messages, and the guard in front."""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response

from app.server import sdapi, v1, v1_worlds
from app.server.backend import Backend
from app.server.guard import Guard, Rules
from app.server.jobs import QueueFull, placeless
from base.errors import InputError, shorten

PAGES = {  # path → (file beside this one, in page/, its type)
    "/": ("index.html", "text/html; charset=utf-8"),
    "/docs": ("docs.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/mask.js": ("mask.js", "text/javascript; charset=utf-8"),
    "/docs.js": ("docs.js", "text/javascript; charset=utf-8"),
}
ABOUT = (
    "Pictures and painted worlds over HTTP. Slow work is a job: its answer is 202 with the job's id, whose events report "
    "when it is done. Wrong requests get 422 with one sentence, a full queue 429."
)


def make_app(backend: Backend, rules: Rules) -> Guard:
    """Create the ASGI application of a backend."""
    api = FastAPI(title="Rayverie", version=version("rayverie"), description=ABOUT, docs_url=None, redoc_url=None)
    for part in (v1, v1_worlds, sdapi):
        api.include_router(part.router(backend))
    for path, (name, kind) in PAGES.items():
        api.get(path, include_in_schema=False, name=name)(_page(name, kind))
    api.add_exception_handler(InputError, _wrong_input)
    api.add_exception_handler(RequestValidationError, _wrong_body)
    api.add_exception_handler(QueueFull, _full)
    return Guard(api, rules, backend.limits)


def _page(name: str, kind: str) -> Any:
    text = files("app.server").joinpath("page", name).read_bytes()
    return lambda: Response(text, media_type=kind)


def _wrong_input(_: Request, error: Exception) -> Response:
    assert isinstance(error, InputError)
    return JSONResponse({"detail": placeless(error)}, 422)


def _wrong_body(_: Request, error: Exception) -> Response:
    """Answer with the first error of a body as a sentence, as on the command line."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body") or "its body"
    return JSONResponse({"detail": f"request: {shorten(place)}: {shorten(first['msg'])}."}, 422)


def _full(_: Request, error: Exception) -> Response:
    return JSONResponse({"detail": "Too many jobs wait; try again later."}, 429, {"retry-after": "5"})

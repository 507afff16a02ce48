"""The table of tools: their arguments and functions."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field

from app.cli.inspect import inspect
from app.mcp.actions import Actions
from app.server.asked import camera_of, dreaming, note_of, rendering, upscaling, world_list
from app.server.jobs import Job
from app.server.schemas import (
    STRICT,
    CameraBody,
    DreamWorldBody,
    GenerateBody,
    MatchBody,
    RenderBody,
    SceneBody,
    UpscaleBody,
    WorldBody,
)

WORLD: Any = Field(max_length=100, description="The id of a world.")


class Nothing(BaseModel):
    """No values."""

    model_config = STRICT


class PictureId(BaseModel):
    """Which picture."""

    model_config = STRICT
    picture: str = Field(max_length=100, description="The id of a picture.")


class SceneName(BaseModel):
    """Which scene."""

    model_config = STRICT
    scene: str = Field(max_length=100, description="A built-in scene or the id of one.")


class DreamTool(DreamWorldBody):
    """What of a world to paint: one view, or view after view."""

    world: str = WORLD


class RenderTool(RenderBody):
    """A view to render, or with `frames` a film of a path."""

    world: str = WORLD


class EraseTool(BaseModel):
    """What of a world to erase."""

    model_config = STRICT
    world: str = WORLD
    camera: CameraBody | None = Field(None, description="Erase what this view shows; without it, everything.")


class RepaintTool(BaseModel):
    """Which view of a world to paint anew."""

    model_config = STRICT
    world: str = WORLD
    camera: CameraBody


class LogTool(BaseModel):
    """How much of the log."""

    model_config = STRICT
    last: int = Field(50, ge=1, le=500, description="Number of entries.")


@dataclass(frozen=True)
class Tool:
    """about: description for clients; body: its arguments; run: returns the job, or the answer at once

    reads: whether it changes nothing; destroys: whether it removes something
    """

    about: str
    body: type[BaseModel]
    run: Callable[[Actions, Any], Job | dict[str, Any]]
    reads: bool = False
    destroys: bool = False


def _status(actions: Actions, _: Nothing) -> dict[str, Any]:
    return {**actions.backend.about(), "jobs": [job.describe() for job in actions.backend.jobs.open()]}


def _picture(actions: Actions, body: PictureId) -> dict[str, Any]:
    actions.backend.store.path(body.picture, "picture")
    return {"pictures": [{"id": body.picture}]}


def _match(actions: Actions, body: MatchBody) -> Job:
    backend = actions.backend
    return backend.submit("match", body.prompt, lambda job: backend.maker.match(job, body.prompt, body.count))


def _dream(actions: Actions, body: DreamTool) -> Job:
    worlds, id = actions.backend.worlds, actions.find_world(body.world)
    return actions.paint("dream", id, dreaming(worlds, id, body))


def _erase(actions: Actions, body: EraseTool) -> Job:
    worlds, id = actions.backend.worlds, actions.find_world(body.world)
    camera = camera_of(worlds, id, body.camera) if body.camera else None
    return actions.paint("erase", id, lambda job: worlds.erase(job, id, camera, again=False))


def _repaint(actions: Actions, body: RepaintTool) -> Job:
    worlds, id = actions.backend.worlds, actions.find_world(body.world)
    camera = camera_of(worlds, id, body.camera)
    return actions.paint("repaint", id, lambda job: worlds.erase(job, id, camera, again=True))


def _render(actions: Actions, body: RenderTool) -> Job:
    kind, work = rendering(actions.backend.worlds, id := actions.find_world(body.world), body)
    return actions.backend.submit_world(kind, id, work)


def _log(actions: Actions, body: LogTool) -> dict[str, Any]:
    found = list(actions.log.entries)[-body.last :]
    when = "%Y-%m-%d %H:%M:%S"
    return {
        "entries": [
            {"when": time.strftime(when, time.localtime(e.when)), "level": e.level, "text": e.text, "count": e.count}
            for e in found
        ]
    }


TOOLS: dict[str, Tool] = {
    "status": Tool("The model, its default settings, and the jobs that wait or run.", Nothing, _status, reads=True),
    "generate": Tool(
        "Generate pictures from a prompt, a picture, a picture and a mask, or prompts for several views (anagrams).",
        GenerateBody,
        lambda actions, body: actions.generate(body),
    ),
    "match_prompt": Tool("Find captions near a prompt that the embedded model knows.", MatchBody, _match, reads=True),
    "upscale": Tool(
        "Enlarge a picture.",
        UpscaleBody,
        lambda actions, body: actions.pictures("upscale", body.upscaler, upscaling(actions.backend, body)),
    ),
    "show_picture": Tool("Show a picture again.", PictureId, _picture, reads=True),
    "list_scenes": Tool(
        "The built-in scenes, then the ids of those that were added.",
        Nothing,
        lambda actions, _: {"scenes": actions.backend.worlds.scenes()},
        reads=True,
    ),
    "inspect_scene": Tool(
        "What a scene consists of: materials with their prompts, paths, size, and problems.",
        SceneName,
        lambda actions, body: inspect(actions.backend.worlds.scene(body.scene)),
        reads=True,
    ),
    "add_scene": Tool(
        "Keep a new scene: a floor plan and its materials.",
        SceneBody,
        lambda actions, body: actions.add_scene(actions.backend.store.take(body.map, "map"), body),
    ),
    "list_worlds": Tool(
        "All worlds with their scenes.",
        Nothing,
        lambda actions, _: {"worlds": world_list(actions.backend.worlds)},
        reads=True,
    ),
    "create_world": Tool(
        "Make a new, bare world of a scene, to paint it.",
        WorldBody,
        lambda actions, body: actions.create_world(note_of(actions.backend, body)),
    ),
    "dream": Tool("Paint one view of a world, or view after view until a share of it is painted.", DreamTool, _dream),
    "render": Tool(
        "Render a view of a world to a picture, or with `frames` a path to a film. Nothing is painted for it.",
        RenderTool,
        _render,
        reads=True,
    ),
    "erase": Tool(
        "Erase the paint of a view of a world, or all of it. Frozen paint stays.", EraseTool, _erase, destroys=True
    ),
    "repaint": Tool("Erase the paint of a view of a world and paint it anew.", RepaintTool, _repaint, destroys=True),
    "undo": Tool(
        "Take back the last thing that this session changed: paint, a world, a scene or pictures.",
        Nothing,
        lambda actions, _: actions.undo(),
        destroys=True,
    ),
    "log": Tool("What was done and what went wrong, oldest first.", LogTool, _log, reads=True),
}

"""The API under /v1/scenes and /v1/worlds: floor plans with materials, and what is painted on them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse

from app.cli.inspect import inspect
from app.server.asked import dreaming, note_of, rendering, world_list
from app.server.backend import Backend
from app.server.schemas import DreamWorldBody, RenderBody, SceneBody, WorldBody


def router(backend: Backend) -> APIRouter:
    api = APIRouter(prefix="/v1")
    worlds = backend.worlds

    def check_world(id: str) -> str:
        if not worlds.has(id):
            raise HTTPException(404, "There is no such world.")
        return id

    @api.get("/scenes", tags=["scenes"])
    def scenes() -> list[str]:
        """The built-in scenes, then the ids of those that were sent."""
        return worlds.scenes()

    @api.post("/scenes", status_code=201, tags=["scenes"])
    def add_scene(body: SceneBody) -> dict[str, Any]:
        """Keep a scene."""
        id = worlds.add_scene(backend.store.take(body.map, "map"), body.materials)
        return {"id": id, "notes": list(worlds.scene(id).notes)}

    @api.get("/scenes/{id}", tags=["scenes"])
    def scene(id: str) -> dict[str, Any]:
        """What a scene consists of, and its problems."""
        if id not in worlds.scenes():
            raise HTTPException(404, "There is no such scene.")
        return inspect(worlds.scene(id))

    @api.delete("/scenes/{id}", tags=["scenes"])
    def drop_scene(id: str) -> dict[str, Any]:
        """Delete a scene that was sent and has no world."""
        if not worlds.drop_scene(id):
            raise HTTPException(404, "There is no such scene, or it is built in.")
        return {}

    @api.get("/worlds", tags=["worlds"])
    def all_worlds() -> list[dict[str, Any]]:
        """All worlds with their scenes."""
        return world_list(worlds)

    @api.post("/worlds", status_code=201, tags=["worlds"])
    def create(body: WorldBody) -> dict[str, str]:
        """A new, bare world. Its dream settings are those of the model, with what is given changed."""
        return {"id": worlds.create(note_of(backend, body))}

    @api.delete("/worlds/{id}", status_code=202, tags=["worlds"])
    def drop(id: str) -> dict[str, Any]:
        """Delete a world with its earlier states."""
        return backend.submit_world("delete", check_world(id), lambda job: worlds.drop(job, id)).describe()

    @api.get("/worlds/{id}/file", tags=["worlds"])
    def file(id: str) -> FileResponse:
        """The world file, as it was last saved."""
        path = worlds.file(check_world(id))
        if not path.is_file():
            raise HTTPException(404, "Nothing is painted in this world yet.")
        return FileResponse(path, media_type="application/octet-stream", filename=path.name)

    @api.post("/worlds/{id}/dream", status_code=202, tags=["worlds"])
    def dream(id: str, body: DreamWorldBody) -> dict[str, Any]:
        """Paint one view of a world, or view after view."""
        return backend.submit_world("dream", id, dreaming(worlds, check_world(id), body)).describe()

    @api.post("/worlds/{id}/undo", status_code=202, tags=["worlds"])
    def undo(id: str) -> dict[str, Any]:
        """Go back to before the last dream; the last eight are kept."""
        return backend.submit_world("undo", check_world(id), lambda job: worlds.undo(job, id)).describe()

    @api.post("/worlds/{id}/render", status_code=202, tags=["worlds"])
    def render(id: str, body: RenderBody) -> dict[str, Any]:
        """Render a view to a PNG, or a path to an mp4. Nothing is dreamed for it."""
        kind, work = rendering(worlds, check_world(id), body)
        return backend.submit_world(kind, id, work).describe()

    return api

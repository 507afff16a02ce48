"""Compare guides for a new view of existing paint: stored latents, re-encoded colours, or the better of both per cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from app.bench.bench import Bench, Figures
from app.loop.headless_session import HeadlessSession
from app.loop.paint_now import paint_view
from app.loop.view_canvas import canvas_from
from diffusion.compositing.stored_colours import (
    cell_errors,
    find_known_cells,
    guide_latents,
    guiding_colours,
    latents_match,
)
from scenes.camera import Camera

VIEW = 1, 1  # aspect
MEMORIES = "latents", "colours", "both"


def move_camera(camera: Camera, blocks: float, turned: float = 0.0, aside: float = 0.0) -> Camera:
    """The camera, moved forward and sideways by blocks and turned by degrees."""
    x, y, z = np.asarray(camera.position) + blocks * camera.axes[2] + aside * camera.axes[0]
    return Camera.from_angles((float(x), float(y), float(z)), camera.yaw + turned, camera.pitch, camera.fov)


# from the camera of the painted view to that of the new view
MOVES: dict[str, Callable[[Camera], Camera]] = {
    "the_same": lambda camera: camera,
    "a_quarter_block_aside": lambda camera: move_camera(camera, 0, aside=0.25),
    "one_block_aside": lambda camera: move_camera(camera, 0, aside=1),
    "turned_by_3": lambda camera: move_camera(camera, 0, turned=3),
    "turned_by_15": lambda camera: move_camera(camera, 0, turned=15),
    "a_quarter_block_nearer": lambda camera: move_camera(camera, 0.25),
    "two_blocks_nearer": lambda camera: move_camera(camera, 2),
}


def measure(bench: Bench) -> Figures:
    """For each move and memory: PSNR of the decoded guide against the colours on the surfaces, and the share of latents."""
    rows = []
    with bench.headless() as headless:
        for camera in bench.cameras(bench.times(1, 6)):
            headless.volume.erase()
            headless.painter.reset_failures()
            paint_view(headless.painter, camera, VIEW)
            rows.append({name: compare_memories(headless, move(camera)) for name, move in MOVES.items()})
    return {
        f"{name}_{key}": round(float(np.mean([row[name][key] for row in rows])), 3)
        for name in MOVES
        for key in rows[0][name]
    }


def compare_memories(headless: HeadlessSession, camera: Camera) -> dict[str, Any]:
    """PSNR of each memory's decoded picture on known cells, and the share of cells where latents fit better."""
    model = headless.model
    gathered = headless.painter.requests.gather(camera, VIEW)
    canvas = canvas_from(gathered, headless.scene, headless.session.dream.steps)
    guide = canvas.guide
    assert guide is not None and guide.colours is not None
    cells = find_known_cells(guiding_colours(guide))
    found: dict[str, Any] = {}
    latents = {memory: guide_latents(model, canvas, memory)[0].cpu() for memory in MEMORIES}  # type: ignore[index]
    for memory, latent in latents.items():
        error = cell_errors(model.decode(latent), guide.colours)[cells].mean()
        found[f"{memory}_db"] = 10 * np.log10(255**2 / max(float(error), 1e-9))
    found["share_of_latents"] = float(
        latents_match(model, latents["latents"], latents["colours"], guide.colours)[cells].mean()
    )
    return found

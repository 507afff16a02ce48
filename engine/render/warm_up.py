"""Draws everything once at small size: drivers compile shaders on first use, which would otherwise delay the first frames."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import moderngl
import numpy as np
import scipy

from engine.atlas.views import GatheredView, PaintedView
from engine.atlas.volume import LatentVolume
from engine.edits.patch import apply_operation
from engine.geometry.charts import build_charts
from engine.gl.context import wait_for_gl
from engine.gl.targets import release_framebuffer
from engine.gl.time_sliced import TimeSlicedTask, run_on_thread
from engine.render.renderer import MODES, Renderer
from engine.render.smooth import SmoothDrawing
from engine.unet_view.drawing import UnetDrawing, UnetView
from engine.unet_view.layout import lay_out
from engine.unet_view.orbit import Orbit
from scenes.camera import Camera
from scenes.extrude import extrude_scene
from scenes.scene import Background, Material, Scene

# Drivers specialise shaders by whether texture sides are powers of two, so all combinations occur: views, sketches, close-ups.
SIZES = (200, 120), (200, 128), (128, 128), (128, 120)
SIZE = SIZES[0]
CAMERA = Camera.look_at((2.5, 1.4, 6.2), (2.5, 0.3, 1.0), fov=70)


def warm_up_slices(ctx: moderngl.Context) -> Iterator[None]:
    """Yield after each slice of up to a few hundred milliseconds. Programs are kept per context, so run it once per context.

    What the first paint needs comes first.
    """
    importing = run_on_thread(_import_parts)
    next(importing, None)
    grass = Material("grass", (0, 255, 0), "grass", 0.5, (90, 140, 70))
    glass = Material("glass", (0, 0, 255), "glass", 1.5, (200, 200, 220), opacity=0.5)
    stone = Material("stone", (255, 0, 0), "stone", 2.0, (120, 120, 120))
    plan = np.ones((5, 5), np.uint8)
    plan[1, 1:4] = 2, 3, 2
    scene = Scene("warm", plan, (grass, glass, stone), Background("sky"), voxels_per_block=2)
    blocks = extrude_scene(scene)
    charts = build_charts(blocks, scene)
    volume = LatentVolume(ctx, charts, channels=4)
    renderer = Renderer(ctx, charts, scene, volume, blocks)
    target = ctx.framebuffer([ctx.texture(SIZE, 4)], ctx.depth_renderbuffer(SIZE))

    def draw(*modes: str) -> Iterator[None]:
        for mode in modes:
            for daylight in (0.5, 0.0) if mode == "painted" else (0.0,):
                renderer.draw(target, CAMERA, SIZE, mode, mark_frozen=True, daylight=daylight)
                yield

    yield from draw("painted")
    for steps, size in enumerate((SIZE, *SIZES), start=1):  # onto unpainted surfaces, then over paint
        task = volume.gather_task(CAMERA, size)
        yield from _run_in_slices(task)
        yield from _run_in_slices(volume.scatter_task(task.result, _make_painted(task.result, 2 * steps)))
        if steps == 1:
            yield from draw("painted")
        yield from _run_in_slices(volume.write_mask_task(task.result, 2 * steps + 1))
    for _ in apply_operation(volume, volume.find_visible_texels(CAMERA, SIZE), "freeze"):
        yield
    yield from draw(*MODES)
    volume.erase()
    yield from draw(*MODES)
    yield
    smooth = SmoothDrawing(ctx)
    yield from smooth.draw_slices(renderer, target, CAMERA, SIZE)
    smooth.release()
    _unet(ctx)
    release_framebuffer(target)
    renderer.release()
    volume.release()
    yield from importing


def _import_parts() -> None:
    """Import the parts of scipy that guides and sheets use; it would hold up the frame that first needs them."""
    scipy.ndimage  # noqa: B018


def _unet(ctx: moderngl.Context) -> None:
    maps = np.zeros((2, 4, 4), np.uint8)
    common = {"level": 0, "attends_to_text": True, "shape": (4, 4, 4), "seconds": 1.0, "energy": 1.0}
    blocks: list[Any] = [SimpleNamespace(kind=kind, maps=maps, strength=maps[0], **common) for kind in ("down", "up")]
    anatomy, drawing = lay_out(blocks), UnetDrawing(ctx)
    drawing.draw(anatomy, UnetView(Orbit().camera(anatomy, SIZE), SIZE), 0.5)
    wait_for_gl(ctx)
    drawing.release()


def _make_painted(gathered: GatheredView, steps: float) -> PaintedView:
    return PaintedView(
        gathered.camera, gathered.size, gathered.latents, np.zeros((*gathered.size[::-1], 3), np.uint8), steps
    )


def _run_in_slices(task: TimeSlicedTask) -> Iterator[None]:
    while not task.run_for(0.0):
        yield

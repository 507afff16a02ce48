"""Compares two settings on one view and keeps the result of one of them on the surfaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from app.actions.context import ActionContext
from app.actions.image_jobs import lay_view
from app.actions.paint import paintable_scene
from app.actions.travel import stop_travel
from app.fields import Size
from app.files import presets
from app.loop.open_scene import OpenScene
from app.loop.paint_survey import materials
from app.moving import walk
from app.state.comparison import Comparison, Side
from base.errors import InputError
from base.grid import to_pixels
from diffusion.settings import DreamSettings
from engine.atlas.views import GatheredView, PaintedView
from engine.atlas.visibility import TexelMasks
from engine.gl.time_sliced import Slices
from scenes.camera import Camera


def compare(context: ActionContext, label: str = "", settings: DreamSettings | None = None) -> None:
    """Compare the present settings with others, by default with those that they were compared with last."""
    state = context.state
    if settings is None:
        label, changes = state.compared_with
        model = None if state.open_scene is None else state.open_scene.painter.client.model
        settings = presets.apply(state.session.dream, changes, {} if model is None else model.defaults)
    state.compared_with = label, presets.changes(settings)
    stop_comparing(context)
    open_scene = paintable_scene(context)
    if open_scene is None:
        return
    if settings == state.session.dream:
        state.notify(f"“{label}” equals the current settings; choose others to compare", "warning")
        return
    stop_travel(context)
    context.release_mouse()
    both = {"current settings": state.session.dream, label: settings}
    context.services.strokes.do(begin_comparison(context, open_scene, state.camera, state.scene_size, both))


def begin_comparison(
    context: ActionContext,
    open_scene: OpenScene,
    camera: Camera,
    size: Size,
    settings: Mapping[str, DreamSettings],
    material: int | None = None,
    first: int = 0,
) -> Slices[None]:
    """Gather the view as it starts with each of the labelled settings, then request all dreams. material, first: see `Comparison`.

    Raises InputError for a material that isn't in view.
    """
    open_scene.painter.cancel()
    sides = []
    for label, one in settings.items():
        sides.append(Side(label, one, (yield from _gather_without_paint(open_scene, camera, size, one, material))))
    context.state.walker = walk.Walker.at(camera)
    context.state.comparison = Comparison(open_scene, camera, sides, material, first)


def keep_compared(context: ActionContext, number: int) -> None:
    """Lay one side onto the surfaces and adopt its settings, unless it is a variation."""
    state, comparison = context.state, context.state.comparison
    if comparison is None or (dreamed := comparison.sides[number].dreamed) is None:
        return
    side, open_scene, state.comparison = comparison.sides[number], comparison.open_scene, None
    open_scene.painter.cancel()
    masks = _texels(open_scene, side.gathered, comparison.material)
    painted = PaintedView(side.gathered.camera, side.gathered.size, dreamed.latents, dreamed.image, dreamed.steps)
    lay_view(context, open_scene, side.gathered, painted, masks)
    if not comparison.first:
        state.session = replace(state.session, dream=side.settings)
    state.notify(f"Using “{side.label}”")


def stop_comparing(context: ActionContext) -> None:
    """End the comparison. Neither side is kept."""
    state, comparison = context.state, context.state.comparison
    if comparison is not None:
        state.comparison = None
        comparison.open_scene.painter.cancel()
        comparison.open_scene.painter.reset_failures()


def update_comparison(context: ActionContext) -> None:
    """End a comparison that can't be finished, or if a camera path was started. Call once a frame."""
    state, comparison = context.state, context.state.comparison
    if comparison is not None and (comparison.over or state.travel.under_way or state.travel.go_to):
        problem = comparison.open_scene.painter.client.problem
        stop_comparing(context)
        state.notify("Comparison cancelled" + (f": {problem}" if problem else ""), "warning")


def _texels(open_scene: OpenScene, gathered: GatheredView, material: int | None) -> Slices[TexelMasks]:
    """Return the texels of a gathered view, optionally only of one material."""
    volume = open_scene.volume
    masks = yield from volume.find_visible_texels_slices(gathered.camera, (2 * gathered.size[0], 2 * gathered.size[1]))
    if material is None:
        return masks
    return {page: mask & (materials(volume.charts, page) == material) for page, mask in masks.items()}


def _gather_without_paint(
    open_scene: OpenScene, camera: Camera, size: Size, settings: DreamSettings, material: int | None = None
) -> Slices[GatheredView]:
    """Gather the view as if only frozen paint were on the surfaces (optionally only without one material's other paint)."""
    painter, volume = open_scene.painter, open_scene.volume
    seen = yield from painter.requests.gather_task(camera, size).remaining_slices()
    if settings.seed != painter.session.dream.seed:
        seed, volume.seed = volume.seed, settings.seed
        again = volume.gather_task(seen.camera, seen.size)
        volume.seed = seed
        seen = yield from again.remaining_slices()
    stays = seen.frozen if material is None else seen.frozen | (seen.material != material)
    if stays.all():
        raise InputError("This view", "", "shows nothing that could change; look at the surface, or thaw it")
    shares = {name: np.where(stays, getattr(seen, name), 0) for name in ("steps", "stored_density", "latents")}
    return replace(seen, **shares, colours=np.where(to_pixels(stays)[..., None], seen.colours, 0))

"""Compares two settings, or two models, on one view and keeps the result of one of them on the surfaces."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from app.actions.context import ActionContext
from app.actions.image_jobs import lay_view
from app.actions.paint import paintable_scene
from app.actions.travel import stop_travel
from app.fields import Size
from app.files import presets
from app.loop.messages import ModelInfo
from app.loop.open_scene import OpenScene
from app.loop.paint_survey import materials
from app.loop.quality_levels import level_of
from app.loop.view_framing import canvas_size, widen_camera
from app.moving import walk
from app.state.comparison import Beside, Comparison, Side
from app.state.model_load import keeps_paint
from base.errors import InputError
from base.grid import to_pixels
from diffusion.settings import DreamSettings
from engine.atlas.views import GatheredView, PaintedView, Part
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
    beside: Mapping[str, Beside] = MappingProxyType({}),
) -> Slices[None]:
    """Gather the view as it starts with each of the labelled settings, then request all dreams. material, first: see `Comparison`.

    beside: label -> the model that dreams this side instead of the window's. Raises InputError for a material that isn't in view.
    """
    open_scene.painter.cancel()
    sides, frame = [], _frame(open_scene, camera, size, [one.model for one in beside.values()])
    for label, one in settings.items():
        other = beside.get(label)
        seen = yield from _gather_without_paint(
            open_scene, frame, one, material, None if other is None else other.model
        )
        sides.append(Side(label, one, seen, beside=other))
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


def _frame(open_scene: OpenScene, camera: Camera, size: Size, others: Sequence[ModelInfo]) -> tuple[Camera, Size]:
    """Return camera and size of one canvas for the window's model and `others`, as high as the largest of them needs."""
    painter = open_scene.painter
    models = [*filter(None, [painter.client.model]), *others]
    level = max((level_of(painter.session, model, size, resting=True) for model in models), key=lambda one: one.height)
    canvas = canvas_size(size, level.height, math.lcm(*(model.multiple for model in models)), level.around)
    return widen_camera(camera, level.height, canvas[1]), canvas


def _gather_without_paint(
    open_scene: OpenScene,
    frame: tuple[Camera, Size],
    settings: DreamSettings,
    material: int | None = None,
    other: ModelInfo | None = None,
) -> Slices[GatheredView]:
    """Gather the view as if only frozen paint were on the surfaces (optionally only without one material's other paint).

    other: the model that dreams it, if it isn't the window's; with another latent space the surfaces are bare.
    """
    painter, volume = open_scene.painter, open_scene.volume
    foreign = other is not None and not keeps_paint(painter.client.model, other)
    painter.requests.follow_seed()
    seed, volume.seed = volume.seed, settings.seed if settings.seed != painter.session.dream.seed else volume.seed
    gathering = volume.gather_task(*frame, part=Part.SOLID, channels=other.channels if foreign and other else None)
    volume.seed = seed
    seen = yield from gathering.remaining_slices()
    stays = seen.frozen if material is None else seen.frozen | (seen.material != material)
    if stays.all():
        raise InputError("This view", "", "shows nothing that could change; look at the surface, or thaw it")
    stays = np.zeros_like(stays) if foreign else stays
    shares = {name: np.where(stays, getattr(seen, name), 0) for name in ("steps", "stored_density", "latents")}
    if foreign:
        shares |= {"latents": np.zeros_like(seen.noise), "frozen": stays}
    return replace(seen, **shares, colours=np.where(to_pixels(stays)[..., None], seen.colours, 0))

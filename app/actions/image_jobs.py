"""Dreams that the user requests from the Image panel: from a picture, or over a mask. Each is a stroke that can be undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from PIL import Image

from app.actions.context import ActionContext
from app.actions.image_fit import centre, composite_over, contain, cover, fill_transparent, find_inner_size
from app.actions.paint import paintable_scene
from app.actions.travel import stop_travel
from app.fields import Size
from app.loop.open_scene import OpenScene
from app.loop.view_canvas import canvas_from
from base.grid import by_cell
from diffusion.canvas import Canvas, Dreamed, Guide, Region
from diffusion.settings import DreamSettings
from engine.atlas.views import GatheredView, PaintedView
from engine.atlas.visibility import TexelMasks
from engine.gl.time_sliced import Slices
from engine.render.bare_sky import bare_sky, make_paler
from scenes.camera import Camera
from scenes.scene import SKY, Scene

MIN_MASK = 0.02  # values of a soft mask below this leave a texel unchanged
Fit = Callable[[np.ndarray, Size], np.ndarray]  # of app.actions.image_fit


@dataclass(frozen=True)
class ImageJob:
    """A dream and where it goes. gathered: the view that the canvas was made from; status: text to show meanwhile; masks: the
    texels to change; colours: uint8 [H,W,3] to lay instead of the decoded picture."""

    gathered: GatheredView
    canvas: Canvas
    settings: DreamSettings
    status: str
    masks: TexelMasks
    colours: np.ndarray | None = None


@dataclass(frozen=True)
class View:
    """The view for which an action was requested. size: (width, height) in pixels; dream: the settings."""

    open_scene: OpenScene
    camera: Camera
    size: Size
    dream: DreamSettings

    def gather(self) -> Slices[GatheredView]:
        return self.open_scene.painter.requests.gather_task(self.camera, self.size).remaining_slices()

    def canvas(self, gathered: GatheredView) -> Canvas:
        """Return the canvas of the whole gathered view. Finished paint may change here, too."""
        canvas = canvas_from(gathered, self.open_scene.scene, self.dream.steps)
        return replace(canvas, surface=replace(canvas.surface, occluded_source=None))

    def place(self, picture: np.ndarray, gathered: GatheredView, fit: Fit) -> np.ndarray:
        """Return uint8 [H,W,4]: a picture fitted to the view's part of the gathered view, transparent around it."""
        return centre(fit(picture, find_inner_size(gathered, self.camera, self.size)), gathered.size)

    def find_texels(self, gathered: GatheredView, mask: np.ndarray) -> Slices[TexelMasks]:
        """The texels that a gathered view shows where mask, bool [H,W], is True."""
        return self.open_scene.volume.find_visible_texels_slices(gathered.camera, gathered.size, mask)


def dream_from_picture(
    context: ActionContext, picture: np.ndarray, strength: float, freeze: bool, whole: bool = False
) -> None:
    """Dream this view from a picture, uint8 [H,W,4] (img2img). strength: 0 keeps the picture, 1 ignores it; whole: the picture also covers
    the margin around the view."""

    def order(view: View) -> Slices[ImageJob]:
        gathered = yield from view.gather()
        placed = cover(picture, gathered.size) if whole else view.place(picture, gathered, cover)
        canvas = view.canvas(gathered)
        canvas = replace(
            canvas,
            change=np.ones(gathered.material.shape, np.float32),
            guide=Guide(colours=fill_transparent(placed), known_mask=np.ones(gathered.material.shape, bool)),
            surface=replace(canvas.surface, region_ids=None),
        )
        settings = replace(view.dream, strength=strength, memory="colours", match=0.0)
        masks = yield from view.find_texels(gathered, placed[..., 3] > 127)
        return ImageJob(gathered, canvas, settings, "dreaming from the picture", masks)

    submit_image_job(context, order, freeze)


def splat(context: ActionContext, picture: np.ndarray, freeze: bool) -> None:
    """Lay a picture, uint8 [H,W,4], onto the surfaces in view as it is. Where it is transparent, nothing changes;
    its edge is blended with the paint, or with what unpainted surfaces show."""

    def order(view: View) -> Slices[ImageJob]:
        gathered = yield from view.gather()
        placed = view.place(picture, gathered, contain)
        colours, mask = composite_over(placed, gathered.colours, bare_colours(view.open_scene.scene, gathered))
        change = np.zeros(gathered.material.shape, np.float32)
        known = np.dstack([colours, np.full(mask.shape, 255, np.uint8)])
        canvas = replace(view.canvas(gathered), change=change, guide=Guide(colours=known))
        settings = replace(view.dream, memory="colours")
        masks = yield from view.find_texels(gathered, mask)
        return ImageJob(gathered, canvas, settings, "laying the picture", masks, colours)

    submit_image_job(context, order, freeze)


def bare_colours(scene: Scene, gathered: GatheredView) -> np.ndarray:
    """Return uint8 [H,W,3]: the colours of a gathered view's surfaces without paint and daylight."""
    shown = bare_sky(gathered.camera, gathered.size, scene.background.display)
    solid = gathered.pixel_material != SKY
    shown[solid] = np.array([m.display for m in scene.materials], np.uint8)[gathered.pixel_material[solid]]
    return make_paler(shown)


def inpaint(context: ActionContext, prompt: str, strength: float, freeze: bool) -> None:
    """Repaint the masked area, with soft borders. prompt: "" uses the materials' own."""
    state, brush = context.state, context.state.brush
    marks = brush.mask.of(state.camera)
    if marks is None:
        state.notify("Nothing is masked in this view; use the mask brush first", "warning")
        return

    def order(view: View) -> Slices[ImageJob]:
        brush.choose("")
        brush.mask.spent = True
        gathered = yield from view.gather()
        soft = np.array(
            Image.fromarray(marks).resize(find_inner_size(gathered, view.camera, view.size), Image.Resampling.BILINEAR)
        )
        fine = centre(soft, gathered.size)
        share = by_cell(fine).mean(axis=(1, 3))
        painted = gathered.steps > 0
        change = np.where(painted, np.where(gathered.frozen, 0.0, share), 1.0).astype(np.float32)
        canvas = view.canvas(gathered)
        guide = canvas.guide
        if guide is not None:
            known = painted if painted.any() else None
            guide = replace(guide, upscale_ratio=None, guide_weight=None, known_mask=known)
        canvas = replace(canvas, change=change, guide=guide)
        if prompt:
            others = tuple(replace(region, mask=region.mask * (1 - share)) for region in canvas.regions)
            ids = canvas.surface.region_ids
            assert ids is not None  # set for every gathered view
            surface = replace(canvas.surface, region_ids=np.where(fine > 0.5, len(others), ids).astype(np.int16))
            canvas = replace(canvas, regions=(*others, Region(prompt, share.astype(np.float32))), surface=surface)
        # match=0: matching would restore the colours that are to be replaced
        settings = replace(view.dream, strength=strength, match=0.0)
        masks = yield from view.open_scene.volume.find_visible_texels_slices(
            gathered.camera, gathered.size, fine > MIN_MASK
        )
        return ImageJob(gathered, canvas, settings, "repainting the masked area", masks)

    submit_image_job(context, order, freeze)


def submit_image_job(context: ActionContext, order: Callable[[View], Slices[ImageJob]], freeze: bool) -> None:
    """Gather the view, dream it and lay it onto its texels as a stroke, all in the background.

    order: makes the job from the view, in slices; freeze: freeze the changed texels.
    """
    open_scene, state = paintable_scene(context), context.state
    if open_scene is None:
        return
    stop_travel(context)
    view = View(open_scene, state.camera, state.scene_size, state.session.dream)

    def submit() -> Slices[None]:
        open_scene.painter.cancel()  # a dream laid meanwhile would change the view
        job = yield from order(view)
        take = partial(_take, context, open_scene, job, freeze)
        open_scene.painter.submit_job(job.gathered, job.canvas, job.settings, job.status, take)

    context.services.strokes.do(submit())


def _take(
    context: ActionContext, open_scene: OpenScene, job: ImageJob, freeze: bool, gathered: GatheredView, dreamed: Dreamed
) -> None:
    """Lay the dream of a job. The scene is still open; else the dream would have been cancelled."""
    colours = dreamed.image if job.colours is None else job.colours
    steps = float(job.settings.steps)
    painted = PaintedView(gathered.camera, gathered.size, dreamed.latents, colours, steps, borders=job.colours is None)
    lay_view(context, open_scene, gathered, painted, job.masks, freeze)


def lay_view(
    context: ActionContext,
    open_scene: OpenScene,
    gathered: GatheredView,
    painted: PaintedView,
    masks: TexelMasks | Slices[TexelMasks],
    freeze: bool = False,
) -> None:
    """Replace the paint of these texels by a painted view, in the background, as a stroke that undo takes back."""
    strokes = context.services.strokes
    stroke = strokes.begin(open_scene)
    strokes.lay(open_scene, stroke, gathered, painted, masks, freeze)
    strokes.finish(context.state, stroke)

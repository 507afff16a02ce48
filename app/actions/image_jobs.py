"""Pictures asked for by hand and laid onto the surfaces in view: from a file, over marks, as an anagram. Undo takes each back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from PIL import Image

from app.actions.context import ActionContext
from app.actions.image_fit import centred, contain, cover, inner, opaque
from app.actions.paint import paintable_scene
from app.actions.travel import stop_travel
from app.fields import Size
from app.loop.open_scene import OpenScene
from app.loop.view_canvas import canvas_from
from base.errors import InputError
from base.grid import by_cell
from diffusion.canvas import Anagram, Canvas, Dreamed, Guide, Region
from diffusion.settings import DreamSettings
from engine.atlas.views import GatheredView, PaintedView
from engine.atlas.visibility import TexelMasks
from engine.geometry import sides
from engine.geometry.charts import Charts
from engine.gl.time_sliced import Slices
from scenes.camera import Camera

LEAST = 0.02  # of a soft mask: what is marked less is not touched
Fit = Callable[[np.ndarray, Size], np.ndarray]  # of app.actions.image_fit
FRONTAL = 60.0  # degrees, the field of view from which a single surface is painted


@dataclass(frozen=True)
class ImageJob:
    """What is to be dreamed and where it goes. gathered: the view that the canvas was made from; masks: the texels that take it;
    colours: uint8 [H,W,3] laid in place of the decoded picture."""

    gathered: GatheredView
    canvas: Canvas
    settings: DreamSettings
    words: str
    masks: TexelMasks
    colours: np.ndarray | None = None


@dataclass(frozen=True)
class View:
    """What is in view when something is asked for. size: in pixels; dream: the settings."""

    open_scene: OpenScene
    camera: Camera
    size: Size
    dream: DreamSettings

    def gather(self) -> Slices[GatheredView]:
        return self.open_scene.painter.gather_task(self.camera, self.size).remaining_slices()

    def canvas(self, gathered: GatheredView) -> Canvas:
        """All that the look shows, as more may change here than what is unfinished."""
        canvas = canvas_from(gathered, self.open_scene.scene, self.dream.steps)
        return replace(canvas, surface=replace(canvas.surface, occluded_source=None))

    def placed(self, picture: np.ndarray, gathered: GatheredView, fit: Fit) -> np.ndarray:
        """uint8 [H,W,4]: a picture where the look sees the view, transparent around it."""
        return centred(fit(picture, inner(gathered, self.camera, self.size)), gathered.size)

    def under(self, gathered: GatheredView, alpha: np.ndarray) -> Slices[TexelMasks]:
        """The texels under a picture placed in a gathered view, as far as its alpha, uint8 [H,W], is opaque."""
        return self.open_scene.volume.find_visible_texels_slices(gathered.camera, gathered.size, alpha > 127)


def dream_from_picture(context: ActionContext, picture: np.ndarray, strength: float, freeze: bool) -> None:
    """img2img: dream this view from a picture, uint8 [H,W,4]. strength: 0 keeps the picture, 1 keeps nothing of it."""

    def order(view: View) -> Slices[ImageJob]:
        gathered = yield from view.gather()
        placed = view.placed(picture, gathered, cover)
        canvas = view.canvas(gathered)
        canvas = replace(
            canvas,
            change=np.ones(gathered.material.shape, np.float32),
            guide=Guide(colours=opaque(placed), known_mask=np.ones(gathered.material.shape, bool)),
            surface=replace(canvas.surface, region_ids=None),
        )
        settings = replace(view.dream, strength=strength, memory="colours", match=0.0)
        masks = yield from view.under(gathered, placed[..., 3])
        return ImageJob(gathered, canvas, settings, "dreaming from the picture", masks)

    _submit(context, order, freeze)


def splat(context: ActionContext, picture: np.ndarray, freeze: bool) -> None:
    """Lay a picture, uint8 [H,W,4], onto the surfaces in view as it is. Where it is transparent, nothing changes."""

    def order(view: View) -> Slices[ImageJob]:
        gathered = yield from view.gather()
        placed = view.placed(picture, gathered, contain)
        colours = opaque(placed)
        change = np.zeros(gathered.material.shape, np.float32)
        canvas = replace(view.canvas(gathered), change=change, guide=Guide(colours=colours))
        settings = replace(view.dream, memory="colours")
        masks = yield from view.under(gathered, placed[..., 3])
        return ImageJob(gathered, canvas, settings, "laying the picture", masks, colours[..., :3])

    _submit(context, order, freeze)


def inpaint(context: ActionContext, prompt: str, strength: float, freeze: bool) -> None:
    """Dream what is marked anew, with soft borders. prompt: "" uses the materials' own."""
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
            Image.fromarray(marks).resize(inner(gathered, view.camera, view.size), Image.Resampling.BILINEAR)
        )
        fine = centred(soft, gathered.size)
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
            assert ids is not None  # a gathered view knows its pixels
            surface = replace(canvas.surface, region_ids=np.where(fine > 0.5, len(others), ids).astype(np.int16))
            canvas = replace(canvas, regions=(*others, Region(prompt, share.astype(np.float32))), surface=surface)
        # not matched: or it would take on the colours that it replaces
        settings = replace(view.dream, strength=strength, match=0.0)
        masks = yield from view.open_scene.volume.find_visible_texels_slices(
            gathered.camera, gathered.size, fine > LEAST
        )
        return ImageJob(gathered, canvas, settings, "dreaming what is marked", masks)

    _submit(context, order, freeze)


def anagram(context: ActionContext, prompts: tuple[str, str], turn: str, surface: bool, freeze: bool) -> None:
    """Two prompts on one place, the second seen when the picture is turned by a view of diffusion.denoisers.anagram.VIEWS.

    surface: only the surface in the middle of the view, painted from straight before it; otherwise the whole view.
    """
    if not all(prompts):
        context.state.notify("An anagram needs two prompts", "warning")
        return

    def order(view: View) -> Slices[ImageJob]:
        gathered = yield from view.gather()
        if surface:
            gathered, masks = yield from _surface(view, gathered)
        else:
            masks = yield from view.under(gathered, np.full((gathered.size[1], gathered.size[0]), 255, np.uint8))
        whole = np.ones(gathered.material.shape, np.float32)
        canvas = view.canvas(gathered)
        canvas = replace(
            canvas,
            change=whole,
            guide=None,
            regions=(Region(prompts[0], whole),),
            surface=replace(canvas.surface, region_ids=None),
            anagrams=(Anagram(prompts[1], turn),),
        )
        return ImageJob(gathered, canvas, view.dream, "dreaming an anagram", masks)

    _submit(context, order, freeze)


def _surface(view: View, gathered: GatheredView) -> Slices[tuple[GatheredView, TexelMasks]]:
    """The surface in the middle of a gathered view, seen from straight before it, and its texels."""
    open_scene, charts = view.open_scene, view.open_scene.plan.charts
    chart = int(gathered.chart[gathered.chart.shape[0] // 2, gathered.chart.shape[1] // 2])
    if charts.sky[chart]:
        raise InputError(
            "The sky", "", "is not a single surface; look at a wall or the ground, or choose the whole view"
        )
    gathered = yield from open_scene.painter.gather_task(frontal(charts, chart), (1, 1)).remaining_slices()
    seen = yield from open_scene.volume.find_visible_texels_slices(
        gathered.camera, (2 * gathered.size[0], 2 * gathered.size[1])
    )
    masks = _of_chart(charts, chart, seen)
    if not masks:
        raise InputError("The surface", "", "can't be seen from directly in front; choose the whole view instead")
    return gathered, masks


def frontal(charts: Charts, chart: int) -> Camera:
    """A camera straight before a chart that isn't the sky, from where all of it is seen upright."""
    normal, centre = sides.NORMAL[charts.side[chart]].astype(float), charts.centre[chart]
    half = float(charts.size[chart].max()) * charts.texel / 2
    place = tuple(centre + normal * half / np.tan(np.radians(FRONTAL / 2)))
    if normal[1]:  # looking down or up, with the chart's v axis downwards in the picture
        return Camera.from_angles(place, 0.0, -90.0 * normal[1], FRONTAL)  # type: ignore[arg-type]
    return Camera.look_at(place, tuple(centre), FRONTAL)  # type: ignore[arg-type]


def _submit(context: ActionContext, order: Callable[[View], Slices[ImageJob]], freeze: bool) -> None:
    """Gather the view, dream it and lay it onto its texels as a stroke, all beside the frames. freeze: freeze what was laid."""
    open_scene, state = paintable_scene(context), context.state
    if open_scene is None:
        return
    stop_travel(context)
    view = View(open_scene, state.camera, state.scene_size, state.session.dream)

    def submit() -> Slices[None]:
        open_scene.painter.cancel()  # a dream laid meanwhile would change the view
        job = yield from order(view)
        take = partial(_take, context, open_scene, job, freeze)
        open_scene.painter.submit_job(job.gathered, job.canvas, job.settings, job.words, take)

    context.services.strokes.do(submit())


def _take(
    context: ActionContext, open_scene: OpenScene, job: ImageJob, freeze: bool, gathered: GatheredView, dreamed: Dreamed
) -> None:
    """Lay the dream of a job. The scene is still open, or the dream would have been cancelled."""
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
    """Lay a painted view onto these texels in place of what they have, beside the frames, as a stroke that undo takes back."""
    strokes = context.services.strokes
    stroke = strokes.begin(open_scene)
    strokes.lay(open_scene, stroke, gathered, painted, masks, freeze)
    strokes.finish(context.state, stroke)


def _of_chart(charts: Charts, chart: int, masks: TexelMasks) -> TexelMasks:
    """What of the masks lies on one chart."""
    page, (w, h), x, y = int(charts.page[chart]), charts.size[chart], charts.x[chart], charts.y[chart]
    if page not in masks:
        return {}
    own = np.zeros_like(masks[page])
    own[y : y + h, x : x + w] = True
    return {page: masks[page] & own}

"""Pictures asked for by hand and laid onto the surfaces seen: from a file, over marks, as an anagram. Undo takes each back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from app.actions.image_fit import centred, contain, cover, inner, opaque
from app.actions.paint import ready
from app.fields import Size
from app.loop.open_scene import Stage
from app.loop.view_canvas import canvas_from
from base.errors import InputError
from base.grid import by_cell
from diffusion.canvas import Anagram, Canvas, Dreamed, DreamSettings, Region
from engine.atlas.views import GatheredView, PaintedView
from engine.atlas.visibility import TexelMasks
from engine.geometry import sides
from engine.geometry.charts import Charts
from engine.gl.time_sliced import Slices
from scenes.camera import Camera

if TYPE_CHECKING:
    from app.explorer.explorer import Explorer

LEAST = 0.02  # of a soft mask: what is marked less isn't touched
Fit = Callable[[np.ndarray, Size], np.ndarray]  # of app.actions.image_fit
FRONTAL = 60.0  # degrees, the field of view from which a single surface is painted


@dataclass(frozen=True)
class Commission:
    """What is to be dreamed and where it goes. look: what the canvas was made from; masks: the texels that take it;
    colours: uint8 [H,W,3] laid in place of the decoded picture."""

    look: GatheredView
    canvas: Canvas
    settings: DreamSettings
    words: str
    masks: TexelMasks
    colours: np.ndarray | None = None


@dataclass(frozen=True)
class View:
    """What is before the eyes when something is asked for. size: in pixels; dream: the settings."""

    stage: Stage
    camera: Camera
    size: Size
    dream: DreamSettings

    def look(self) -> Slices[GatheredView]:
        return self.stage.painter.looking(self.camera, self.size).remaining_slices()

    def canvas(self, look: GatheredView) -> Canvas:
        """What the look shows, all of it, for here something else may change than what a dream finds unfinished."""
        return replace(canvas_from(look, self.stage.scene, self.dream.steps), behind=None)

    def placed(self, picture: np.ndarray, look: GatheredView, fit: Fit) -> np.ndarray:
        """uint8 [H,W,4]: a picture where the look sees the view, transparent around it."""
        return centred(fit(picture, inner(look, self.camera, self.size)), look.size)

    def under(self, look: GatheredView, alpha: np.ndarray) -> Slices[TexelMasks]:
        """The texels under a picture placed in a look, as far as its alpha, uint8 [H,W], is opaque."""
        return self.stage.volume.seeing(look.camera, look.size, alpha > 127)


def from_file(x: Explorer, picture: np.ndarray, strength: float, freeze: bool) -> None:
    """img2img: this view dreamed from a picture, uint8 [H,W,4]. strength: 0 keeps it, 1 keeps nothing of it."""

    def order(view: View) -> Slices[Commission]:
        look = yield from view.look()
        placed = view.placed(picture, look, cover)
        bare = _bare(np.ones(look.material.shape, np.float32), known=np.ones(look.material.shape, bool))
        canvas = replace(view.canvas(look), **bare, colours=opaque(placed), parts=None)
        settings = replace(view.dream, strength=strength, memory="colours", match=0.0)
        masks = yield from view.under(look, placed[..., 3])
        return Commission(look, canvas, settings, "dreaming from the picture", masks)

    _ask(x, order, freeze)


def splat(x: Explorer, picture: np.ndarray, freeze: bool) -> None:
    """A picture, uint8 [H,W,4], thrown onto the surfaces seen as it is; where it is transparent, nothing changes."""

    def order(view: View) -> Slices[Commission]:
        look = yield from view.look()
        placed = view.placed(picture, look, contain)
        colours = opaque(placed)
        canvas = replace(view.canvas(look), **_bare(np.zeros(look.material.shape, np.float32)), colours=colours)
        settings = replace(view.dream, memory="colours")
        masks = yield from view.under(look, placed[..., 3])
        return Commission(look, canvas, settings, "laying the picture", masks, colours[..., :3])

    _ask(x, order, freeze)


def inpaint(x: Explorer, prompt: str, strength: float, freeze: bool) -> None:
    """Dream what is marked anew, softly into what surrounds it; with a prompt of its own, or ("") the materials' own."""
    marks = x.brush.mask.of(x.camera)
    if marks is None:
        x.say("Nothing is masked in this view; use the mask brush first", "warning")
        return

    def order(view: View) -> Slices[Commission]:
        x.brush.choose("")
        x.brush.mask.spent = True
        look = yield from view.look()
        soft = np.array(Image.fromarray(marks).resize(inner(look, view.camera, view.size), Image.Resampling.BILINEAR))
        fine = centred(soft, look.size)
        share = by_cell(fine).mean(axis=(1, 3))
        painted = look.steps > 0
        change = np.where(painted, np.where(look.frozen, 0.0, share), 1.0).astype(np.float32)
        canvas = view.canvas(look)
        canvas = replace(canvas, change=change, finer=None, trusted=None, known=painted if painted.any() else None)
        if prompt:
            others = tuple(replace(region, mask=region.mask * (1 - share)) for region in canvas.regions)
            assert canvas.parts is not None  # a look knows its pixels
            parts = np.where(fine > 0.5, len(others), canvas.parts).astype(np.int16)
            canvas = replace(canvas, regions=(*others, Region(prompt, share.astype(np.float32))), parts=parts)
        # not matched: or it would take on the colours that it replaces
        settings = replace(view.dream, strength=strength, match=0.0)
        masks = yield from view.stage.volume.seeing(look.camera, look.size, fine > LEAST)
        return Commission(look, canvas, settings, "dreaming what is marked", masks)

    _ask(x, order, freeze)


def anagram(x: Explorer, prompts: tuple[str, str], turn: str, surface: bool, freeze: bool) -> None:
    """Two prompts on one place, the second seen when the picture is turned by a view of diffusion.denoisers.anagram.VIEWS.

    surface: only the surface in the middle of the view, painted from straight before it; otherwise the whole view.
    """
    if not all(prompts):
        x.say("An anagram needs two prompts", "warning")
        return

    def order(view: View) -> Slices[Commission]:
        look = yield from view.look()
        if surface:
            look, masks = yield from _surface(view, look)
        else:
            masks = yield from view.under(look, np.full((look.size[1], look.size[0]), 255, np.uint8))
        whole = np.ones(look.material.shape, np.float32)
        canvas = replace(
            view.canvas(look),
            **_bare(whole),
            colours=None,
            regions=(Region(prompts[0], whole),),
            parts=None,
            anagrams=(Anagram(prompts[1], turn),),
        )
        return Commission(look, canvas, view.dream, "dreaming an anagram", masks)

    _ask(x, order, freeze)


def _surface(view: View, look: GatheredView) -> Slices[tuple[GatheredView, TexelMasks]]:
    """The surface in the middle of a look, seen from straight before it, and its texels."""
    stage, charts = view.stage, view.stage.plan.charts
    chart = int(look.chart[look.chart.shape[0] // 2, look.chart.shape[1] // 2])
    if charts.sky[chart]:
        raise InputError(
            "The sky", "", "is not a single surface; look at a wall or the ground, or choose the whole view"
        )
    look = yield from stage.painter.looking(frontal(charts, chart), (1, 1)).remaining_slices()
    seen = yield from stage.volume.seeing(look.camera, (2 * look.size[0], 2 * look.size[1]))
    masks = _of_chart(charts, chart, seen)
    if not masks:
        raise InputError("The surface", "", "can't be seen from directly in front; choose the whole view instead")
    return look, masks


def frontal(charts: Charts, chart: int) -> Camera:
    """A camera straight before a chart that isn't the sky, from where all of it is seen upright."""
    normal, centre = sides.NORMAL[charts.side[chart]].astype(float), charts.centre[chart]
    half = float(charts.size[chart].max()) * charts.texel / 2
    place = tuple(centre + normal * half / np.tan(np.radians(FRONTAL / 2)))
    if normal[1]:  # looking down or up, with the chart's v axis downwards in the picture
        return Camera.from_angles(place, 0.0, -90.0 * normal[1], FRONTAL)  # type: ignore[arg-type]
    return Camera.look_at(place, tuple(centre), FRONTAL)  # type: ignore[arg-type]


def _ask(x: Explorer, order: Callable[[View], Slices[Commission]], freeze: bool) -> None:
    """Have it seen, dreamed and laid onto its texels as a stroke, all beside the frames. freeze: what was laid is held."""
    if not ready(x):
        return
    stage = x.stage
    assert stage is not None
    x.desk.stop_travel()
    view = View(stage, x.camera, x.scene_size, x.session.dream)

    def asking() -> Slices[None]:
        stage.painter.cancel()  # what is dreamed meanwhile would change what is seen
        what = yield from order(view)
        take = partial(_take, x, what, freeze)
        stage.painter.commission(what.look, what.canvas, what.settings, what.words, take)

    x.retouch.do(asking())


def _take(x: Explorer, what: Commission, freeze: bool, look: GatheredView, dreamed: Dreamed) -> None:
    """It is dreamed, and the stage is the same, or else it would have been cancelled."""
    assert x.stage is not None
    colours = dreamed.image if what.colours is None else what.colours
    steps = float(what.settings.steps)
    painting = PaintedView(look.camera, look.size, dreamed.latents, colours, steps, borders=what.colours is None)
    lay(x, x.stage, look, painting, what.masks, freeze)


def lay(
    x: Explorer,
    stage: Stage,
    look: GatheredView,
    painting: PaintedView,
    masks: TexelMasks | Slices[TexelMasks],
    freeze: bool = False,
) -> None:
    """Lay a painting onto these texels in place of what they have, beside the frames, as a stroke that undo takes back."""
    stroke = x.retouch.begin(stage)
    x.retouch.lay(stage, stroke, look, painting, masks, freeze)
    x.retouch.then(lambda: x.add_stroke(stroke))


def _bare(change: np.ndarray, known: np.ndarray | None = None) -> dict[str, object]:
    """Fields of a canvas that forget what is painted. change: float32 [h,w]; known: bool [h,w], where its colours begin."""
    return {"change": change, "memory": None, "known": known, "finer": None, "trusted": None}


def _of_chart(charts: Charts, chart: int, masks: TexelMasks) -> TexelMasks:
    """What of the masks lies on one chart."""
    page, (w, h), x, y = int(charts.page[chart]), charts.size[chart], charts.x[chart], charts.y[chart]
    if page not in masks:
        return {}
    own = np.zeros_like(masks[page])
    own[y : y + h, x : x + w] = True
    return {page: masks[page] & own}

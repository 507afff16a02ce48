"""Pictures asked for by hand and laid onto the surfaces seen: from a file, over marks, as an anagram. Undo takes each back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from app.explorer.placing import centred, contain, cover, inner, opaque
from app.explorer.surfaces import ready
from app.loop.dreaming import canvas_from
from diffusion.canvas import Anagram, Canvas, Dreamed, DreamSettings, Region
from engine import sides
from engine.charts import Charts
from engine.look import CELL, Look, Painting
from engine.seen import Masks
from scenes.camera import Camera
from scenes.errors import InputError

if TYPE_CHECKING:
    from app.explorer.explorer import Explorer

LEAST = 0.02  # of a soft mask: what is marked less isn't touched
FRONTAL = 60.0  # degrees, the field of view from which a single surface is painted


@dataclass(frozen=True)
class Commission:
    """What is to be dreamed and where it goes. look: what the canvas was made from; masks: the texels that take it;
    colours: uint8 [H,W,3] laid in place of the decoded picture; freeze: what was laid is held."""

    look: Look
    canvas: Canvas
    settings: DreamSettings
    words: str
    masks: Masks
    colours: np.ndarray | None = None
    freeze: bool = False


def from_file(x: Explorer, picture: np.ndarray, strength: float, freeze: bool) -> None:
    """img2img: this view dreamed from a picture, uint8 [H,W,4]. strength: 0 keeps it, 1 keeps nothing of it."""
    if not ready(x):
        return
    look = _look(x)
    placed = centred(cover(picture, inner(look, x.camera, x.scene_size)), look.size)
    canvas = replace(
        canvas_from(look, _scene(x), x.session.dream.steps),
        **_bare(np.ones(look.material.shape, np.float32), known=np.ones(look.material.shape, bool)),
        colours=opaque(placed),
    )
    settings = replace(x.session.dream, strength=strength, memory="colours", match=0.0)
    _order(x, Commission(look, canvas, settings, "dreaming from the picture", _masks(x, look, placed), freeze=freeze))


def splat(x: Explorer, picture: np.ndarray, freeze: bool) -> None:
    """A picture, uint8 [H,W,4], thrown onto the surfaces seen as it is; where it is transparent, nothing changes."""
    if not ready(x):
        return
    look = _look(x)
    placed = centred(contain(picture, inner(look, x.camera, x.scene_size)), look.size)
    canvas = replace(
        canvas_from(look, _scene(x), x.session.dream.steps),
        **_bare(np.zeros(look.material.shape, np.float32)),
        colours=(colours := opaque(placed)),
    )
    settings = replace(x.session.dream, memory="colours")
    _order(
        x, Commission(look, canvas, settings, "laying the picture", _masks(x, look, placed), colours[..., :3], freeze)
    )


def inpaint(x: Explorer, prompt: str, strength: float, freeze: bool) -> None:
    """Dream what is marked anew, softly into what surrounds it; with a prompt of its own, or ("") the materials' own."""
    marks = x.brush.mask.of(x.camera)
    if marks is None:
        x.say("Nothing is marked in this view; paint over it with the mask brush", "warning")
        return
    if not ready(x):
        return
    look = _look(x)
    soft = np.array(Image.fromarray(marks).resize(inner(look, x.camera, x.scene_size), Image.Resampling.BILINEAR))
    fine = centred(soft, look.size)
    height, width = look.material.shape
    share = fine.reshape(height, CELL, width, CELL).mean(axis=(1, 3))
    painted = look.steps > 0
    change = np.where(painted, np.where(look.held, 0.0, share), 1.0).astype(np.float32)
    canvas = canvas_from(look, _scene(x), x.session.dream.steps)
    canvas = replace(canvas, change=change, finer=None, trusted=None, known=painted if painted.any() else None)
    if prompt:
        others = tuple(replace(region, mask=region.mask * (1 - share)) for region in canvas.regions)
        canvas = replace(canvas, regions=(*others, Region(prompt, share.astype(np.float32))))
    assert x.stage is not None
    masks = x.stage.volume.seen(look.camera, look.size, fine > LEAST)
    settings = replace(
        x.session.dream, strength=strength, match=0.0
    )  # or it would take on the colours that it replaces
    _order(x, Commission(look, canvas, settings, "dreaming what is marked", masks, freeze=freeze))


def anagram(x: Explorer, prompts: tuple[str, str], turn: str, surface: bool, freeze: bool) -> None:
    """Two prompts on one place, the second seen when the picture is turned by a view of diffusion.anagram.VIEWS.

    surface: only the surface in the middle of the view, painted from straight before it; otherwise the whole view.
    """
    if not all(prompts):
        x.say("An anagram needs two prompts", "warning")
        return
    if not ready(x):
        return
    assert x.stage is not None
    stage, painter = x.stage, x.stage.painter
    look = _look(x)
    if surface:
        charts = stage.plan.charts
        chart = int(look.chart[look.chart.shape[0] // 2, look.chart.shape[1] // 2])
        if charts.sky[chart]:
            raise InputError(
                "The sky", "", "is no single surface; look at a wall or the ground, or choose the whole view"
            )
        look = painter.look(frontal(charts, chart), (1, 1))
        masks = _of_chart(charts, chart, stage.volume.seen(look.camera, (2 * look.size[0], 2 * look.size[1])))
        if not masks:
            raise InputError("The surface", "", "is hidden from straight before it; choose the whole view instead")
    else:
        masks = _masks(x, look, np.full((look.size[1], look.size[0]), 255, np.uint8))
    whole = np.ones(look.material.shape, np.float32)
    canvas = replace(
        canvas_from(look, _scene(x), x.session.dream.steps),
        **_bare(whole),
        colours=None,
        regions=(Region(prompts[0], whole),),
        anagrams=(Anagram(prompts[1], turn),),
    )
    _order(x, Commission(look, canvas, x.session.dream, "dreaming an anagram", masks, freeze=freeze))


def frontal(charts: Charts, chart: int) -> Camera:
    """A camera straight before a chart that isn't the sky, from where all of it is seen upright."""
    normal, centre = sides.NORMAL[charts.side[chart]].astype(float), charts.centre[chart]
    half = float(charts.size[chart].max()) * charts.texel / 2
    place = tuple(centre + normal * half / np.tan(np.radians(FRONTAL / 2)))
    if normal[1]:  # looking down or up, with the chart's v axis downwards in the picture
        return Camera.look(place, 0.0, -90.0 * normal[1], FRONTAL)  # type: ignore[arg-type]
    return Camera.look_at(place, tuple(centre), FRONTAL)  # type: ignore[arg-type]


def _order(x: Explorer, order: Commission) -> None:
    """Have it dreamed; then, in later frames, laid onto its texels as a stroke."""
    stage = x.stage
    assert stage is not None
    plan = stage.plan
    x.desk.stop_travel()

    def take(look: Look, dreamed: Dreamed) -> None:
        if x.stage is not stage or stage.plan is not plan:
            return
        stroke, steps = x.retouch.begin(stage), float(x.session.dream.steps)
        x.retouch.change(stage, stroke, order.masks, "keep")

        def lay() -> None:
            colours = dreamed.image if order.colours is None else order.colours
            painting = Painting(look.camera, look.size, dreamed.latents, colours, steps, order.colours is None)
            stage.volume.scatter(look, painting, only=order.masks)

        x.retouch.then(lay)
        if order.freeze:
            x.retouch.change(stage, stroke, order.masks, "freeze")
        x.retouch.then(lambda: x.add_stroke(stroke))

    stage.painter.commission(order.look, order.canvas, order.settings, order.words, take)


def _look(x: Explorer) -> Look:
    assert x.stage is not None
    return x.stage.painter.look(x.camera, x.scene_size)


def _scene(x: Explorer):  # type: ignore[no-untyped-def]
    assert x.stage is not None
    return x.stage.scene


def _bare(change: np.ndarray, known: np.ndarray | None = None) -> dict[str, object]:
    """Fields of a canvas that forget what is painted. change: float32 [h,w]; known: bool [h,w], where its colours begin."""
    return {"change": change, "memory": None, "known": known, "finer": None, "trusted": None}


def _masks(x: Explorer, look: Look, placed: np.ndarray) -> Masks:
    """The texels under a picture placed in a look, [H,W,4] or [H,W], as far as it is opaque."""
    alpha = placed[..., 3] if placed.ndim == 3 else placed
    assert x.stage is not None
    return x.stage.volume.seen(look.camera, look.size, alpha > 127)


def _of_chart(charts: Charts, chart: int, masks: Masks) -> Masks:
    """What of the masks lies on one chart."""
    page, (w, h), x, y = int(charts.page[chart]), charts.size[chart], charts.x[chart], charts.y[chart]
    if page not in masks:
        return {}
    own = np.zeros_like(masks[page])
    own[y : y + h, x : x + w] = True
    return {page: masks[page] & own}

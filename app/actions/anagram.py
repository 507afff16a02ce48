"""Anagrams: dreams of two prompts in one place; the second appears when the picture is turned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.actions.context import ActionContext
from app.actions.image_jobs import ImageJob, View, submit_image_job
from base.errors import InputError
from diffusion.canvas import Anagram, Region
from engine.atlas.views import GatheredView
from engine.atlas.visibility import TexelMasks
from engine.geometry import sides
from engine.geometry.charts import Charts
from engine.gl.time_sliced import Slices
from scenes.camera import Camera

FRONTAL_FOV = 60.0  # degrees: field of view of the camera that looks straight at a single surface


def dream_anagram(context: ActionContext, prompts: tuple[str, str], turn: str, surface: bool, freeze: bool) -> None:
    """Dream two prompts in one place. turn: a name of diffusion.denoisers.anagram.VIEWS, which reveals the second.

    surface: only the surface at the centre of the view, painted from directly in front; otherwise the whole view.
    """
    if not all(prompts):
        context.state.notify("An anagram needs two prompts", "warning")
        return

    def order(view: View) -> Slices[ImageJob]:
        gathered = yield from view.gather()
        if surface:
            gathered, masks = yield from _gather_surface(view, gathered)
        else:
            masks = yield from view.find_texels(gathered, np.full((gathered.size[1], gathered.size[0]), 255, np.uint8))
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

    submit_image_job(context, order, freeze)


def _gather_surface(view: View, gathered: GatheredView) -> Slices[tuple[GatheredView, TexelMasks]]:
    """Gather the surface at the centre of a view from directly in front; also return its texels."""
    open_scene, charts = view.open_scene, view.open_scene.plan.charts
    chart = int(gathered.chart[gathered.chart.shape[0] // 2, gathered.chart.shape[1] // 2])
    if charts.sky[chart]:
        raise InputError(
            "The sky", "", "is not a single surface; look at a wall or the ground, or choose the whole view"
        )
    if not charts.of_blocks[chart]:
        raise InputError(
            "A mesh", "", "is not a single flat surface; look at a wall or the ground, or choose the whole view"
        )
    gathered = yield from open_scene.painter.requests.gather_task(
        frontal_camera(charts, chart), (1, 1)
    ).remaining_slices()
    seen = yield from open_scene.volume.find_visible_texels_slices(
        gathered.camera, (2 * gathered.size[0], 2 * gathered.size[1])
    )
    masks = _restrict_to_chart(charts, chart, seen)
    if not masks:
        raise InputError("The surface", "", "can't be seen from directly in front; choose the whole view instead")
    return gathered, masks


def frontal_camera(charts: Charts, chart: int) -> Camera:
    """Return an upright camera directly in front of a chart (not the sky) that sees all of it."""
    normal, centre = sides.NORMAL[charts.side[chart]].astype(float), charts.centre[chart]
    half = float(charts.size[chart].max()) * charts.texel / 2
    place = tuple(centre + normal * half / np.tan(np.radians(FRONTAL_FOV / 2)))
    if normal[1]:  # looking down or up, with the chart's v axis downwards in the picture
        return Camera.from_angles(place, 0.0, -90.0 * normal[1], FRONTAL_FOV)  # type: ignore[arg-type]
    return Camera.look_at(place, tuple(centre), FRONTAL_FOV)  # type: ignore[arg-type]


def _restrict_to_chart(charts: Charts, chart: int, masks: TexelMasks) -> TexelMasks:
    """The part of the masks that lies on one chart."""
    page, (w, h), x, y = int(charts.page[chart]), charts.size[chart], charts.x[chart], charts.y[chart]
    if page not in masks:
        return {}
    own = np.zeros_like(masks[page])
    own[y : y + h, x : x + w] = True
    return {page: masks[page] & own}

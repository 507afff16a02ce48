"""Paints the sky as a panorama: six pictures, one for each face of a cube around the camera, each joined to its neighbours.

Views never paint the sky. So objects in front of it leave no trace in it, and no view changes the sky of another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np

from app.fields import Size
from app.loop.dream_client import DreamClient
from app.loop.quality_levels import Level
from app.loop.view_canvas import canvas_from
from app.session import Session
from base.grid import to_pixels
from diffusion.canvas import Canvas, Guide
from engine.atlas.page import FROZEN, STEPS
from engine.atlas.views import GatheredView, Part
from engine.atlas.visibility import TexelMasks
from engine.atlas.volume import LatentVolume
from engine.geometry.charts import Charts
from engine.geometry.pack import PAGE
from engine.geometry.sky_faces import ABOVE, BELOW, SIDE, face_camera, faces_in_view
from engine.gl.context import wait_for_gl
from scenes.camera import Camera
from scenes.scene import SKY, Scene

AROUND = (4, 0, 5, 1, ABOVE)  # without the face below, which the ground nearly always hides


class SkyPainter:
    """Finds the faces of the sky that lack paint and dreams them, one at a time. GL thread.

    A face lacks paint where it has too few steps, or, if the background's prompt was changed since it was painted, wherever it isn't
    frozen. What the user painted by hand counts like any other paint.
    """

    def __init__(self, client: DreamClient) -> None:
        self.client = client
        self.running: int | None = None  # the face that is being dreamed or laid
        self.problem = False  # whether the last face failed; nothing is tried until `reset`
        self._prompts: dict[int, tuple[str, str]] = {}  # what each face was painted with
        self._steps = 0  # of the running dream
        self._sees_below = False  # whether the last gathered view shows the face below
        self._known: tuple[object, dict[int, np.ndarray]] = None, {}
        self._given_up: dict[
            int, object
        ] = {}  # faces that a dream left unfinished, with the state in which that happened

    def note_visible_faces(self, gathered: GatheredView) -> None:
        """Note which faces a view shows. Faces seen behind see-through surfaces are added to those seen directly."""
        below = (self.client.volume.charts.side[gathered.chart] == BELOW) & (gathered.material == SKY)
        self._sees_below = bool(below.any()) or (self._sees_below and gathered.part is Part.BEHIND)

    def faces(self, camera: Camera, size: Size) -> tuple[int, ...]:
        """Return the faces in a view's directions. The one below is included only if `note_visible_faces` found it."""
        return tuple(side for side in faces_in_view(camera, size) if side != BELOW or self._sees_below)

    def consider(self, session: Session, faces: Iterable[int]) -> bool:
        """Begin to paint the first of these faces that lacks paint. Returns whether there is one."""
        if not session.paint.sky or self.problem:
            return False
        lacking = self._lacking(session.dream.steps)
        for side in faces:
            if lacking[side].any() and self._given_up.get(side) != self._known[0]:
                work = self.client.volume.gather_task(face_camera(side), (SIDE, SIDE), part=Part.SKY)
                self.client.tasks.begin(work, partial(self._submit, session, side, lacking))
                return True
        return False

    def count(self, session: Session, faces: Iterable[int]) -> int:
        """Return how many of these faces lack paint."""
        lacking = self._lacking(session.dream.steps)
        return sum(bool(lacking[side].any()) for side in faces) if session.paint.sky else 0

    @property
    def outdated(self) -> bool:
        """Whether the running dream is of a prompt that the background no longer has."""
        request = self.client.running
        if self.running is None or request is None:
            return False
        region = request.canvas.regions[0]
        return (region.prompt, region.negative_prompt) != self.client.scene.prompt(SKY)

    def finish(self) -> None:
        """Record that the running face was laid."""
        if self.running is not None:
            self._prompts[self.running] = self.client.scene.prompt(SKY)
            if self._lacking(self._steps)[self.running].any():
                self._given_up[self.running] = self._known[0]
        self.running = None

    def fail(self) -> None:
        """Record that the dream of the running face failed."""
        self.running, self.problem = None, True

    def reset(self) -> None:
        """Try again after a failure."""
        self.problem = False
        self._given_up.clear()

    def _submit(self, session: Session, side: int, lacking: dict[int, np.ndarray], gathered: GatheredView) -> None:
        if gathered.revision != self.client.volume.revision:
            return
        self.running, self._steps = side, session.dream.steps
        canvas = sky_canvas(gathered, self.client.volume.charts, self.client.scene, lacking)
        settings = replace(session.dream, match=1.0)
        level = Level("painting the sky", settings.steps, SIDE)
        self.client.problem = ""
        texels = face_texels(self.client.volume.charts, side, lacking[side])
        self.client.submit(gathered, canvas, settings, level, only_texels=texels)

    def _lacking(self, steps: float) -> dict[int, np.ndarray]:
        """bool [SKY_TEXELS,SKY_TEXELS] for each face: its texels that lack paint."""
        prompt = self.client.scene.prompt(SKY)
        stale = frozenset(side for side, painted_with in self._prompts.items() if painted_with != prompt)
        volume = self.client.volume
        pages = np.unique(volume.charts.page[volume.charts.sky]).tolist()
        stamps = tuple(volume.atlas[page].stamp if page in volume.atlas else 0 for page in pages)
        key = volume, stamps, steps, stale
        if self._known[0] != key:
            lacking = find_lacking(volume, steps, stale)
            for side, texels in lacking.items():
                if not texels.all():
                    self._prompts.setdefault(side, prompt)  # a loaded world counts as painted with the present prompt
            self._known = key, lacking
        return self._known[1]


def find_lacking(volume: LatentVolume, steps: float, stale: Iterable[int] = ()) -> dict[int, np.ndarray]:
    """Return for each face of the sky bool [SKY_TEXELS,SKY_TEXELS]: its texels with fewer steps; of `stale` faces all. None that is
    frozen."""
    charts, found = volume.charts, {}
    wait_for_gl(volume.ctx)
    for page in np.unique(charts.page[charts.sky]).tolist():
        state = volume.atlas[page].read_state() if page in volume.atlas else np.zeros((PAGE, PAGE, 4), np.float32)
        for chart in np.flatnonzero(charts.sky & (charts.page == page)):
            side, (w, h) = int(charts.side[chart]), charts.size[chart]
            texels = state[charts.y[chart] : charts.y[chart] + h, charts.x[chart] : charts.x[chart] + w]
            few = (texels[..., STEPS] < steps) | (side in stale)
            found[side] = few & ~((texels[..., FROZEN] > 0) & (texels[..., STEPS] > 0))
    return found


def face_texels(charts: Charts, side: int, texels: np.ndarray) -> TexelMasks:
    """Return these texels, bool [SKY_TEXELS,SKY_TEXELS], of a face as a set of the atlas's texels."""
    chart = int(np.flatnonzero(charts.sky & (charts.side == side))[0])
    mask, (w, h) = np.zeros((PAGE, PAGE), bool), charts.size[chart]
    mask[charts.y[chart] : charts.y[chart] + h, charts.x[chart] : charts.x[chart] + w] = texels
    return {int(charts.page[chart]): mask}


def sky_canvas(gathered: GatheredView, charts: Charts, scene: Scene, lacking: dict[int, np.ndarray]) -> Canvas:
    """Return the canvas of a face and its margin: what lacks paint is dreamed, the rest of the sky is kept and guides it."""
    chart, (_, y, x) = gathered.chart, np.moveaxis(gathered.texel, -1, 0)
    faces = np.stack([lacking[side] for side in range(len(lacking))])
    bare = faces[charts.side[chart], y - charts.y[chart], x - charts.x[chart]] | (gathered.steps <= 0)
    pixels = to_pixels(bare)
    guide = Guide(
        latents=gathered.latents,
        colours=np.where(pixels[..., None], np.uint8(0), gathered.colours),
        known_mask=~bare,
        update_mask=pixels,
    )
    canvas = canvas_from(gathered, scene, 0.0)
    return replace(canvas, change=bare.astype(np.float32), guide=None if bare.all() else guide)

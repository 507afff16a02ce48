"""The four compared methods, behind one protocol: paint(camera) → the shown picture and which dream painted each pixel."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from app.bench.consistency.geometry import RaycastView, match, nearest, raycast_view, texels, warp
from app.loop.answers import dream_of
from app.loop.headless_session import HeadlessSession
from app.loop.inline_worker import InlineWorker
from app.loop.paint_now import paint_view
from app.loop.painter import Painter
from app.loop.surface_painting import paint_sheets, plan_views
from app.loop.view_canvas import canvas_from
from base.grid import CELL, by_cell, to_pixels
from diffusion.canvas import Canvas, Dreamed, Guide
from diffusion.compositing.stored_colours import fill_unknown
from diffusion.dream import decode_prediction
from diffusion.sampling.noise import start_noise
from engine.atlas import policy
from engine.atlas.page import REVISION
from engine.atlas.views import GatheredView, PaintedView
from scenes.camera import Camera
from scenes.extrude import Blocks

IMG2IMG = 0.8  # strength of the independent method: the share of the steps that the unpainted render goes through
BARE = -1  # label of unpainted pixels


@dataclass(frozen=True)
class Shown:
    """picture: uint8 [H,W,3]; label: int64 [H,W], the dream that painted each pixel, BARE if unpainted."""

    picture: np.ndarray
    label: np.ndarray


@dataclass
class MethodContext:
    """Resources of the methods: the scene and model, an empty volume, and the budget of model calls.

    budget: maximum number of model calls, or None; checked before each dream, so that the last dream may exceed it.
    raycasts: known views by camera.
    """

    headless: HeadlessSession
    blocks: Blocks
    budget: int | None = None
    raycasts: dict[Camera, RaycastView] = field(default_factory=dict)

    def __post_init__(self) -> None:
        headless = self.headless
        headless.volume.erase()
        session = headless.session
        self.painter = Painter(headless.volume, InlineWorker(headless.model), headless.scene, session)
        self.painter.collect()
        side = session.paint.canvas or headless.model.native
        self.size = (math.ceil(side / headless.model.multiple) * headless.model.multiple,) * 2
        self._first_call = headless.model.calls

    @property
    def calls(self) -> int:
        """Model calls so far."""
        return self.headless.model.calls - self._first_call

    @property
    def spent(self) -> bool:
        return self.budget is not None and self.calls >= self.budget

    def gather(self, camera: Camera) -> GatheredView:
        return self.headless.volume.gather(camera, self.size)

    def raycast(self, camera: Camera) -> RaycastView:
        if camera not in self.raycasts:
            self.raycasts[camera] = raycast_view(self.blocks, camera, self.size)
        return self.raycasts[camera]

    def draw_unpainted(self, camera: Camera) -> np.ndarray:
        """uint8 [H,W,3]: the unpainted scene in daylight."""
        return self.headless.draw(camera, self.size, "material")[..., :3].copy()

    def dream(self, canvas: Canvas, **changes: object) -> Dreamed:
        """Dream with the session's settings; `changes` overrides some of them."""
        return dream_of(self.headless.model, canvas, replace(self.headless.session.dream, **changes))  # type: ignore[arg-type]

    def revisions(self, texel: np.ndarray) -> np.ndarray:
        """int64 [...]: the volume's revision that painted each texel [...,3] (page, y, x), BARE where none did."""
        label = np.full(texel.shape[:-1], BARE, np.int64)
        atlas = self.headless.volume.atlas
        for page in np.unique(texel[..., 0]):
            if int(page) in atlas:
                here = texel[..., 0] == page
                state = atlas[int(page)].read_state()[..., REVISION]
                label[here] = state[texel[here][:, 1], texel[here][:, 2]]
        return np.where(label > 0, label, BARE)

    def bare(self, camera: Camera) -> Shown:
        width, height = self.size
        return Shown(self.draw_unpainted(camera), np.full((height, width), BARE, np.int64))


class Method(ABC):
    """One method on one walk."""

    def __init__(self, context: MethodContext) -> None:
        self._context = context

    def prepare(self, cameras: Sequence[Camera]) -> None:  # noqa: B027  most methods don't look ahead
        """Called before a walk with all its cameras; may dream."""

    @abstractmethod
    def paint(self, camera: Camera) -> Shown:
        """Called for one camera after another; may dream and remember its paint."""


class Independent(Method):
    """Every view by itself: image-to-image from the unpainted render, with the same screen noise for all views."""

    def __init__(self, context: MethodContext) -> None:
        super().__init__(context)
        self._count = 0
        headless, (width, height) = context.headless, context.size
        self._noise = start_noise(headless.model.channels, height // CELL, width // CELL, headless.session.dream.seed)

    def paint(self, camera: Camera) -> Shown:
        context, gathered = self._context, self._context.gather(camera)
        if context.spent:
            return context.bare(camera)
        guide = Guide(
            latents=context.headless.model.encode(context.draw_unpainted(camera)).numpy(),
            known_mask=np.ones(gathered.material.shape, bool),
        )
        canvas = canvas_from(gathered, context.headless.scene, context.headless.session.dream.steps)
        canvas = replace(canvas, noise=self._noise, change=np.ones_like(canvas.change), guide=guide)
        steps = round(
            context.headless.session.dream.steps / IMG2IMG
        )  # so that it runs as many steps as the other methods
        dreamed = context.dream(canvas, memory="latents", strength=IMG2IMG, steps=steps)
        self._count += 1
        return Shown(dreamed.image, np.full(dreamed.image.shape[:2], self._count, np.int64))


class Seed(Method):
    """raycast_diffusion's method: latents stay on the surfaces, and every frame is decoded from the visible ones."""

    def paint(self, camera: Camera) -> Shown:
        context, headless = self._context, self._context.headless
        gathered, steps = context.gather(camera), headless.session.dream.steps
        if policy.coverage(gathered, steps) < headless.session.paint.coverage and not context.spent:
            canvas = canvas_from(gathered, headless.scene, steps)
            guide = None if canvas.guide is None else replace(canvas.guide, colours=None)
            canvas = replace(canvas, guide=guide, surface=replace(canvas.surface, occluded_source=None))
            dreamed = context.dream(canvas, memory="latents")
            headless.volume.scatter(
                gathered, PaintedView(gathered.camera, gathered.size, dreamed.latents, dreamed.image, dreamed.steps)
            )
            gathered = context.gather(camera)
        canvas = canvas_from(gathered, headless.scene, steps)
        picture = decode_prediction(headless.model, canvas, torch.from_numpy(gathered.latents)[None])
        return Shown(picture, to_pixels(context.revisions(gathered.texel)))


class Warp(Method):
    """Warps the last picture into the new view by depth and inpaints what it didn't show."""

    def __init__(self, context: MethodContext) -> None:
        super().__init__(context)
        self._count = 0
        self._last: tuple[RaycastView, Shown] | None = None

    def paint(self, camera: Camera) -> Shown:
        view = self._context.raycast(camera)
        warped = self._warped(view)
        shown = warped if self._context.spent else self._inpainted(camera, warped)
        self._last = (view, shown)
        return shown

    def _warped(self, view: RaycastView) -> Shown:
        if self._last is None:
            return self._context.bare(view.camera)
        before, shown = self._last
        found = match(view, before)
        label = np.where(found.near, nearest(shown.label, found), BARE)
        picture = np.rint(warp(shown.picture, found)).astype(np.uint8)
        return Shown(np.where((label >= 0)[..., None], picture, self._context.draw_unpainted(view.camera)), label)

    def _inpainted(self, camera: Camera, warped: Shown) -> Shown:
        hole = warped.label < 0
        if not hole.any():
            return warped
        headless = self._context.headless
        canvas = canvas_from(self._context.gather(camera), headless.scene, headless.session.dream.steps)
        known = ~by_cell(hole).any((1, 3))
        colours = np.concatenate([warped.picture, np.where(hole, 0, 255).astype(np.uint8)[..., None]], axis=-1)
        if known.any():
            memory = headless.model.encode(fill_unknown(colours)).numpy()
            guide = replace(canvas.guide or Guide(), latents=memory, known_mask=known)
            canvas = replace(canvas, change=np.where(known, 0.0, 1.0).astype(np.float32), guide=guide)
        dreamed = self._context.dream(canvas, memory="latents")
        self._count += 1
        return Shown(
            np.where(hole[..., None], dreamed.image, warped.picture), np.where(hole, self._count, warped.label)
        )


class Ours(Method):
    """The program's method for films: paint the visible surfaces of the path once as sheets, and draw the volume. The rest (the sky,
    or everything with a model that doesn't know surfaces) is painted view by view."""

    def prepare(self, cameras: Sequence[Camera]) -> None:
        """Paint the surfaces that these cameras see, as finely as their pixels show them."""
        context = self._context
        if context.headless.model.knows_surfaces:
            for _ in paint_sheets(context.painter, plan_views(context.painter, cameras, context.size)):
                if context.spent:
                    return

    def paint(self, camera: Camera) -> Shown:
        if not self._context.spent:
            paint_view(self._context.painter, camera, self._context.size)
        return self.shown(camera)

    def shown(self, camera: Camera) -> Shown:
        """The view as painted so far, without dreaming."""
        context = self._context
        picture = context.headless.draw(camera, context.size)[..., :3].copy()
        return Shown(picture, context.revisions(texels(context.headless.charts, context.raycast(camera))))


METHODS: dict[str, type[Method]] = {"independent": Independent, "seed": Seed, "warp": Warp, "ours": Ours}

"""Which pixels of a view a painting of it would change: the rule of scatter, asked beforehand, so that a dream can be fitted to it."""

from __future__ import annotations

import moderngl
import numpy as np

from base.grid import CELL
from engine.atlas.pages import Atlas
from engine.atlas.views import GatheredView
from engine.geometry.charts import Charts
from engine.geometry.mesh import ChartMesh, find_visible_charts
from engine.geometry.pack import PAGE
from engine.geometry.uniforms import camera_uniforms
from engine.gl.context import wait_for_gl
from engine.gl.shaders import get_program, set_uniforms
from engine.gl.targets import RenderTargets, colour_texture, read_texture
from engine.gl.time_sliced import Slices, scissor, split_into_bands

_VIEW, _STATE, _LABELS, _SHOWN = range(4)  # texture units
UNDREAMED = -2  # as a material


class WriteMaskPass:
    """Draws the view once, with each fragment's texel deciding as in scatter."""

    def __init__(
        self, ctx: moderngl.Context, charts: Charts, atlas: Atlas, mesh: ChartMesh, targets: RenderTargets
    ) -> None:
        self.ctx, self.charts, self.atlas, self.mesh, self.targets = ctx, charts, atlas, mesh, targets
        self._shader = get_program(ctx, "vertex/chart_view", "atlas/write_mask")
        self._nothing = ctx.texture((1, 1), 4, dtype="f4", data=bytes(16))

    def draw_mask(
        self,
        gathered: GatheredView,
        view: moderngl.Texture,
        steps: float,
        kept: np.ndarray | None,
        dreamed: np.ndarray | None = None,
    ) -> Slices[np.ndarray]:
        """bool [H,W]. view: (chart, depth) of the look's camera at its size; steps, kept, dreamed: of the painting."""
        frame = self.targets.get("taken", gathered.size, ((1, "f1"),), depth=True)
        labels, shown = upload_labels(self.ctx, gathered, kept), upload_pixels(self.ctx, gathered, dreamed)
        uniforms = camera_uniforms(self.charts, gathered.camera, gathered.size) | {"borders": True, "steps": float(steps)}
        seen = find_visible_charts(self.charts, gathered.camera, gathered.size)
        wait_for_gl(self.ctx)  # clearing waits for what was drawn before
        frame.use()
        frame.clear()
        for box in split_into_bands(gathered.size):
            set_uniforms(self._shader, **uniforms, view=_VIEW, state=_STATE, labels=_LABELS, shown=_SHOWN)
            groups = self.mesh.select(seen, separate_pages=self.atlas)
            self.ctx.disable(moderngl.BLEND | moderngl.CULL_FACE)
            self.ctx.enable(moderngl.DEPTH_TEST)
            self.ctx.depth_func = "<="
            view.use(_VIEW)
            labels.use(_LABELS)
            shown.use(_SHOWN)
            with scissor(frame, box):
                self.mesh.draw(self._shader, groups, self._bind)
            yield
        taken = read_texture(self.ctx, colour_texture(frame))[..., 0] > 0
        labels.release()
        shown.release()
        return taken

    def _bind(self, number: int) -> None:
        (self.atlas[number].state if number >= 0 else self._nothing).use(_STATE)
        set_uniforms(self._shader, colour_size=float(PAGE * CELL if number >= 0 else 0))


def upload_labels(ctx: moderngl.Context, gathered: GatheredView, kept: np.ndarray | None) -> moderngl.Texture:
    """shaders/common/region.glsl's `labels`. kept: bool [h,w], latent pixels in which a dream only remembers; None: none."""
    height, width = gathered.material.shape
    labels = np.zeros((height, width, 2), np.float32)
    labels[..., 0] = gathered.material
    labels[..., 1] = 0 if kept is None else kept
    texture = ctx.texture((width, height), 2, dtype="f4", data=labels)
    texture.filter = moderngl.NEAREST, moderngl.NEAREST
    return texture


def label_pixels(gathered: GatheredView, dreamed: np.ndarray | None) -> np.ndarray:
    """int [H,W]: the material of each pixel; UNDREAMED where it is none of the dreamed ones (None: those of the latent pixels)."""
    return np.where(
        np.isin(gathered.pixel_material, gathered.material if dreamed is None else dreamed), gathered.pixel_material, UNDREAMED
    )


def upload_pixels(ctx: moderngl.Context, gathered: GatheredView, dreamed: np.ndarray | None) -> moderngl.Texture:
    """shaders/common/region.glsl's `shown`."""
    texture = ctx.texture(
        gathered.size, 1, dtype="f4", data=np.ascontiguousarray(label_pixels(gathered, dreamed), dtype=np.float32)
    )
    texture.filter = moderngl.NEAREST, moderngl.NEAREST
    return texture

"""The write mask of a view: which pixels painting it would change, by scatter's own rule, so that a dream can be fitted to them."""

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
from engine.gl.targets import RenderTargets, colour_texture, read_by_texel, read_texture
from engine.gl.time_sliced import Slices, scissor, split_into_bands

_VIEW, _STATE, _LABELS, _SHOWN = range(4)  # texture units
RIM, LEVELS = 16, 5  # pixels around a view, and levels of detail for which equal corners are found; as in shaders
UNDREAMED = -2  # in place of a material: a pixel of no dreamed material


class WriteMaskPass:
    """Draws the view once; each fragment's texel decides as in scatter. GL thread."""

    def __init__(
        self, ctx: moderngl.Context, charts: Charts, atlas: Atlas, mesh: ChartMesh, targets: RenderTargets
    ) -> None:
        self.ctx, self.charts, self.atlas, self.mesh, self.targets = ctx, charts, atlas, mesh, targets
        self._shader = get_program(ctx, "vertex/chart_view", "atlas/write_mask", charts.defines)
        self._nothing = read_by_texel(ctx.texture((1, 1), 4, dtype="f4", data=bytes(16)))

    def draw_mask(
        self,
        gathered: GatheredView,
        view: moderngl.Texture,
        steps: float,
        kept_mask: np.ndarray | None,
        shown_materials: np.ndarray | None = None,
    ) -> Slices[np.ndarray]:
        """Return bool [H,W], the pixels whose texels would be written.

        view: (chart, depth) at the gathered camera and size; steps, kept_mask, shown_materials: of the painted view.
        """
        frame = self.targets.get("write_mask", gathered.size, ((1, "f1"),), depth=True)
        labels, shown = (
            upload_labels(self.ctx, gathered, kept_mask),
            upload_pixels(self.ctx, gathered, shown_materials, corners=False),
        )
        uniforms = camera_uniforms(self.charts, gathered.camera, gathered.size) | {
            "borders": True,
            "steps": float(steps),
            "paints_sky": gathered.part.paints_sky,
        }
        shown_charts = gathered.part.shown(self.charts)
        visible = find_visible_charts(self.charts, gathered.camera, gathered.size, shown_charts)
        wait_for_gl(self.ctx)  # otherwise clearing waits for earlier drawing while holding the interpreter lock
        frame.use()
        frame.clear()
        for box in split_into_bands(gathered.size):
            set_uniforms(self._shader, **uniforms, view=_VIEW, state=_STATE, labels=_LABELS, shown=_SHOWN)
            groups = self.mesh.select(visible, separate_pages=self.atlas)
            self.ctx.disable(moderngl.BLEND | moderngl.CULL_FACE)
            self.ctx.enable(moderngl.DEPTH_TEST)
            self.ctx.depth_func = "<="
            view.use(_VIEW)
            labels.use(_LABELS)
            shown.use(_SHOWN)
            with scissor(frame, box):
                self.mesh.draw(self._shader, groups, self._bind)
            yield
        written = read_texture(self.ctx, colour_texture(frame))[..., 0] > 0
        labels.release()
        shown.release()
        return written

    def _bind(self, number: int) -> None:
        (self.atlas[number].state if number >= 0 else self._nothing).use(_STATE)
        set_uniforms(self._shader, colour_size=float(PAGE * CELL if number >= 0 else 0))


def upload_labels(ctx: moderngl.Context, gathered: GatheredView, kept_mask: np.ndarray | None) -> moderngl.Texture:
    """Upload `labels` of shaders/common/region.glsl. kept_mask: bool [h,w], latent pixels where the dream kept paint; None: none."""
    height, width = gathered.material.shape
    labels = np.zeros((height, width, 2), np.float32)
    labels[..., 0] = gathered.material
    labels[..., 1] = 0 if kept_mask is None else kept_mask
    return read_by_texel(ctx.texture((width, height), 2, dtype="f4", data=labels))


def label_pixels(gathered: GatheredView, shown_materials: np.ndarray | None) -> np.ndarray:
    """Return int [H,W]: the material of each pixel; UNDREAMED where it is not in shown_materials (None: those of latent pixels)."""
    return np.where(
        np.isin(gathered.pixel_material, gathered.material if shown_materials is None else shown_materials),
        gathered.pixel_material,
        UNDREAMED,
    )


def upload_pixels(
    ctx: moderngl.Context, gathered: GatheredView, shown_materials: np.ndarray | None, corners: bool
) -> moderngl.Texture:
    """Upload `shown` of shaders/common/region.glsl; without `corners`, which only colours need, the material alone."""
    material = label_pixels(gathered, shown_materials)
    data = find_equal_corners(material) if corners else np.pad(material, RIM, mode="edge").astype(np.float32)[..., None]
    return read_by_texel(ctx.texture(data.shape[1::-1], data.shape[2], dtype="f4", data=data))


def find_equal_corners(material: np.ndarray) -> np.ndarray:
    """Return float32 [H+2·RIM,W+2·RIM,2] of int [H,W]: the material of each pixel, edges repeated, and at which LEVELS of detail the
    corners of a square of two of the level's pixels, which begins there, show the same, as the bits of a number."""
    padded = np.pad(material.astype(np.int16), RIM, mode="edge")
    wide = np.pad(padded, ((0, 1 << LEVELS), (0, 1 << LEVELS)), mode="edge")
    bits, (height, width) = np.zeros(padded.shape, np.uint8), padded.shape
    for level in range(LEVELS):
        far = (2 << level) - 1
        right, below, both = (wide[y : y + height, x : x + width] for y, x in ((0, far), (far, 0), (far, far)))
        bits |= ((padded == right) & (padded == below) & (padded == both)).astype(np.uint8) << level
    return np.stack([padded, bits], axis=-1, dtype=np.float32)

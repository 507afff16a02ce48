"""Draws the scene as the window and the videos show it: what is painted, and daylight on what is not."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import moderngl
import numpy as np

from engine.charts import Charts
from engine.light import SUN, Daylight
from engine.look import CELL
from engine.mesh import visible
from engine.pack import PAGE
from engine.shaders import program, set_uniforms
from engine.uniforms import camera_uniforms
from engine.volume import LatentVolume
from scenes.camera import Camera
from scenes.scene import Scene

if TYPE_CHECKING:
    from scenes.extrude import Blocks

# mode → (shaders/display/<mode>.glsl, what it shows)
MODES = MappingProxyType(
    {
        "material": "the scene as it is built, in daylight",
        "painted": "what has been dreamed so far",
        "latents": "the stored latents, first three channels",
        "steps": "diffusion steps behind each texel",
        "density": "how closely each texel was looked at when it was painted",
        "depth": "distance from the camera",
    }
)
_COLOUR, _LATENTS, _STATE, _DAYLIGHT, _MATERIALS = range(5)  # texture units


class Renderer:
    """full_steps: the number of steps that counts as a whole painting, for the mode `steps`."""

    def __init__(
        self, ctx: moderngl.Context, charts: Charts, scene: Scene, volume: LatentVolume, blocks: Blocks | None = None
    ) -> None:
        if blocks is None:
            from scenes.extrude import extrude

            blocks = extrude(scene)
        self.ctx, self.charts, self.volume = ctx, charts, volume
        self.full_steps = 20.0
        opacity = np.array([m.opacity for m in scene.materials])
        self._daylight = Daylight(ctx, blocks.solid, opacity >= 1, blocks.voxels_per_block)
        self._materials = ctx.texture((max(len(opacity), 1), 1), 4, data=_material_table(scene), alignment=1)
        self._materials.filter = moderngl.NEAREST, moderngl.NEAREST
        self._translucent = ~charts.sky & (opacity[charts.material] < 1)
        self._haze = 0.35 / max(blocks.solid.shape[1], blocks.solid.shape[2], 32)
        self._programs: dict[str, moderngl.Program] = {}
        self._nothing = ctx.texture((1, 1), 4, data=bytes(4))

    def draw(
        self,
        target: moderngl.Framebuffer,
        camera: Camera,
        size: tuple[int, int],
        mode: str = "painted",
        top_first: bool = False,
    ) -> None:
        """Fill the target's lower left `size` pixels. mode: a key of MODES; top_first: row 0 is the picture's top row."""
        shader = self._program(mode)
        set_uniforms(
            shader,
            **camera_uniforms(self.charts, camera, size, top_first),
            sun=tuple(SUN),
            daylight=_DAYLIGHT,
            daylight_offset=self._daylight.offset,
            daylight_extent=self._daylight.extent,
            materials=_MATERIALS,
            haze=self._haze,
            colour=_COLOUR,
            latents=_LATENTS,
            state=_STATE,
            full_steps=self.full_steps,
        )
        apart = self.volume.atlas if "colour_size" in shader else ()
        seen = visible(self.charts, camera, size)
        through = self._translucent[seen]
        bind = self._binder(shader)
        self._daylight.texture.use(_DAYLIGHT)
        self._materials.use(_MATERIALS)
        for number in apart:  # mip levels first: they are drawn too, and would change the target
            self.volume.atlas[number].mipmapped()
        target.use()
        target.viewport = (0, 0, *size)
        target.clear(0.0, 0.0, 0.0, 1.0, depth=1.0)
        self.ctx.disable(moderngl.BLEND | moderngl.CULL_FACE)
        self.ctx.enable(moderngl.DEPTH_TEST)
        self.ctx.depth_func = "<="
        mesh = self.volume.mesh
        mesh.draw(shader, mesh.select(seen[~through], apart), bind)
        if through.any():
            self.ctx.enable(moderngl.BLEND)
            self.ctx.blend_func = moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA, moderngl.ZERO, moderngl.ONE
            target.depth_mask = False
            mesh.draw(shader, mesh.select(seen[through][::-1], apart), bind)
            target.depth_mask = True
            self.ctx.disable(moderngl.BLEND)

    def warm(self) -> None:
        """Compile the shaders of all modes now rather than at their first frame."""
        for mode in MODES:
            self._program(mode)

    def release(self) -> None:
        for texture in (self._daylight.texture, self._materials, self._nothing):
            texture.release()

    def _program(self, mode: str) -> moderngl.Program:
        if mode not in self._programs:
            if mode not in MODES:
                raise KeyError(f"{mode!r} is not one of {', '.join(MODES)}")
            self._programs[mode] = program(self.ctx, "chart_view", f"display/{mode}")
        return self._programs[mode]

    def _binder(self, shader: moderngl.Program):
        atlas = self.volume.atlas

        def bind(number: int) -> None:
            page = atlas[number] if number in atlas else None
            (page.colour if page else self._nothing).use(_COLOUR)
            (page.latents[0] if page else self._nothing).use(_LATENTS)
            (page.state if page else self._nothing).use(_STATE)
            set_uniforms(shader, colour_size=float(PAGE * CELL if page else 0))

        return bind


def _material_table(scene: Scene) -> np.ndarray:
    """uint8 [n,4]: display colour and opacity of each material."""
    rows = [(*m.display, round(255 * m.opacity)) for m in scene.materials]
    return np.array(rows or [(0, 0, 0, 0)], dtype=np.uint8)

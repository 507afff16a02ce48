"""Draws the scene as windows and videos show it: paint, and daylight on unpainted surfaces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TypedDict, Unpack

import moderngl
import numpy as np

from base.grid import CELL
from engine.atlas.volume import LatentVolume
from engine.geometry.charts import Charts
from engine.geometry.mesh import Group, find_visible_charts
from engine.geometry.pack import PAGE
from engine.geometry.uniforms import camera_uniforms
from engine.gl.shaders import get_program, set_uniforms
from engine.gl.targets import read_by_texel
from engine.gl.time_sliced import Box, Slices, scissor
from engine.render.daylight import SUN, BakedDaylight, DaylightTexture, atmosphere_uniforms
from engine.render.depth_order import order_back_to_front
from engine.render.frozen_marks import may_show_frozen
from scenes.camera import Camera
from scenes.extrude import Blocks, extrude_scene
from scenes.scene import Scene

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
MATERIALS = 256  # rows of the table of display colours: as many as a map's bytes can name; as in shaders
STRIPES = 14.0  # pixels of the screen for two stripes of the marks on frozen texels
GEOMETRY = ("material", "depth")  # modes that show no paint


@dataclass(frozen=True)
class _Pass:
    """Draws shaders/display/<shader>.glsl on charts of painted pages, of bare pages, or both."""

    shader: str
    painted: bool = True
    bare: bool = True


# blends over the target, whose alpha stays
_OVER = moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA, moderngl.ZERO, moderngl.ONE
_WHOLE, _LIT, _BARE, _PARTLY = (
    _Pass("painted_whole", bare=False),
    _Pass("painted_lit", bare=False),
    _Pass("painted_bare", painted=False),
    _Pass("painted_partly", bare=False),
)
_PASSES = {mode: (_Pass(mode),) for mode in MODES} | {"painted": (_WHOLE, _BARE, _PARTLY)}
_PAINTED_LIT = (_LIT, _BARE, _PARTLY)
_FROZEN = _Pass("frozen", bare=False)
# shaders that would compute daylight and sky for each fragment: each has a program for the sky and one for all else
_SKY_APART = {"material", "painted_bare", "painted_lit", "painted_partly"}
_PASSES_THROUGH = _PASSES | {"painted": (_BARE, _PARTLY)}  # see-through charts are blended, so each is drawn once
_NONE = np.zeros(0, np.int64)
_COLOUR, _OVERVIEW, _LATENTS, _STATE, _DAYLIGHT, _MATERIALS = range(6)  # texture units


class DrawOptions(TypedDict, total=False):
    """top_first: row 0 of the target is the picture's top row (default False); mark_frozen: mark frozen texels (default False);
    daylight: 0..1, share of the scene's light that falls on paint (default 0); enlarged: pixels of the target for one of the screen,
    along each side (default 1)."""

    top_first: bool
    mark_frozen: bool
    daylight: float
    enlarged: int


class Renderer:
    """full_steps: the number of steps that counts as complete, for the mode `steps`. GL thread."""

    def __init__(
        self,
        ctx: moderngl.Context,
        charts: Charts,
        scene: Scene,
        volume: LatentVolume,
        blocks: Blocks | None = None,
        light: BakedDaylight | None = None,
    ) -> None:
        """blocks, light: those of the scene if known already; baking the light takes a fraction of a second."""
        blocks = extrude_scene(scene) if blocks is None else blocks
        self.ctx, self.charts, self.volume = ctx, charts, volume
        self.full_steps = 20.0
        self._daylight = DaylightTexture(ctx, light or BakedDaylight.of(blocks, scene))
        self._materials = read_by_texel(ctx.texture((MATERIALS, 1), 4))
        self._constants = {
            "sun": tuple(SUN),
            "daylight_offset": self._daylight.offset,
            "daylight_extent": self._daylight.extent,
            "haze": 0.6 / max(blocks.solid.shape[1], blocks.solid.shape[2], 32),
            "colour": _COLOUR,
            "overview": _OVERVIEW,
            "latents": _LATENTS,
            "state": _STATE,
            "daylight": _DAYLIGHT,
            "materials": _MATERIALS,
        }
        self._programs: dict[tuple[str, bool], moderngl.Program] = {}
        self._nothing = ctx.texture((1, 1), 4, data=bytes(4))
        # see-through charts of the last frame, the farthest first, and in the order of their blending
        self._blended = _NONE, _NONE
        self.update_display_colours(scene)

    def update_display_colours(self, scene: Scene) -> None:
        """Take over the display colours of a scene with the same geometry."""
        self._constants |= atmosphere_uniforms(scene.background.display)
        self._materials.write(_material_table(scene))

    def draw(
        self,
        target: moderngl.Framebuffer,
        camera: Camera,
        size: tuple[int, int],
        mode: str = "painted",
        **options: Unpack[DrawOptions],
    ) -> None:
        """Fill the target's lower left `size` pixels. mode: a key of MODES, else KeyError."""
        for _ in self.draw_slices(target, camera, size, [(0, 0, *size)], mode, **options):
            pass

    def draw_slices(
        self,
        target: moderngl.Framebuffer,
        camera: Camera,
        size: tuple[int, int],
        boxes: Iterable[Box],
        mode: str = "painted",
        **options: Unpack[DrawOptions],
    ) -> Slices[None]:
        """`draw` in slices: box after box (x, y, width, height) of the target."""
        top_first, mark_frozen = options.get("top_first", False), options.get("mark_frozen", False)
        daylight = options.get("daylight", 0.0)
        if mode not in MODES:
            raise KeyError(f"{mode!r} is not one of {', '.join(MODES)}")
        uniforms = camera_uniforms(self.charts, camera, size, top_first) | {"shade": daylight}
        uniforms |= {"stripe_width": STRIPES * options.get("enlarged", 1)}
        visible = find_visible_charts(self.charts, camera, size)
        if mode == "painted":
            for number in np.unique(self.charts.page[visible]):
                if self.volume.atlas.refresh_overview(number):
                    yield
        marked = visible[may_show_frozen(self.charts, self.volume.atlas, visible)] if mark_frozen else visible[:0]
        target.use()
        target.clear(0.0, 0.0, 0.0, 1.0, depth=1.0)
        for box in boxes:
            with scissor(target, box):
                target.viewport = (0, 0, *size)
                self._draw_all(target, mode, uniforms, visible, marked, daylight > 0)
            yield

    def _draw_all(
        self,
        target: moderngl.Framebuffer,
        mode: str,
        uniforms: dict[str, object],
        visible: np.ndarray,
        marked: np.ndarray,
        lit: bool,
    ) -> None:
        """Draw the visible charts, see-through ones over the others, then marks on frozen texels of the `marked` charts."""
        atlas, mesh = self.volume.atlas, self.volume.mesh
        through = self.charts.see_through[visible]
        self._daylight.texture.use(_DAYLIGHT)
        self._materials.use(_MATERIALS)
        self.ctx.disable(moderngl.BLEND | moderngl.CULL_FACE)
        self.ctx.enable(moderngl.DEPTH_TEST)
        self.ctx.depth_func = "<"  # later passes don't overwrite earlier ones
        passes = _PAINTED_LIT if mode == "painted" and lit else _PASSES[mode]
        sky = self.charts.sky[visible]
        self._draw(passes, mesh.select(visible[~through & ~sky], separate_pages=atlas), uniforms)
        self._draw(passes, mesh.select(visible[sky], separate_pages=atlas), uniforms, sky=True)
        self.ctx.enable(moderngl.BLEND)
        self.ctx.blend_func = _OVER  # pyright: ignore[reportAttributeAccessIssue]
        target.depth_mask = False
        if through.any():
            for group in mesh.select(self._order(visible[through][::-1]), separate_pages=atlas, in_order=True):
                self._draw(_PASSES_THROUGH[mode], [group], uniforms)
        if marked.size:
            self.ctx.depth_func = "<="
            self._draw((_FROZEN,), mesh.select(marked, separate_pages=atlas), uniforms)
        target.depth_mask = True
        self.ctx.disable(moderngl.BLEND)

    def _order(self, index: np.ndarray) -> np.ndarray:
        """`order_back_to_front`, kept while the same charts are visible in the same order."""
        if not np.array_equal(index, self._blended[0]):
            self._blended = index, order_back_to_front(self.charts, index)
        return self._blended[1]

    def _draw(
        self, passes: tuple[_Pass, ...], groups: list[Group], uniforms: dict[str, object], sky: bool = False
    ) -> None:
        for one in passes:
            chosen = [g for g in groups if (one.bare if g.page < 0 else one.painted)]
            if chosen:
                shader = self._program(one.shader, sky)
                set_uniforms(shader, **uniforms, **self._constants, full_steps=self.full_steps)
                self.volume.mesh.draw(shader, chosen, partial(self._bind, shader))

    def release(self) -> None:
        for texture in (self._daylight.texture, self._materials, self._nothing):
            texture.release()

    def _program(self, name: str, sky: bool) -> moderngl.Program:
        if (name, sky) not in self._programs:
            defines = ({"SKY": str(sky).lower()} if name in _SKY_APART else {}) | self.charts.defines
            self._programs[name, sky] = get_program(self.ctx, "vertex/chart_view", f"display/{name}", defines)
        return self._programs[name, sky]

    def _bind(self, shader: moderngl.Program, number: int) -> None:
        if number < 0:
            colour = overview = latents = state = self._nothing
        else:
            page = self.volume.atlas[number]
            colour, overview, latents, state = page.colour, page.overview, page.latents[0], page.state
        colour.use(_COLOUR)
        overview.use(_OVERVIEW)
        latents.use(_LATENTS)
        state.use(_STATE)
        set_uniforms(shader, colour_size=float(PAGE * CELL if number >= 0 else 0))


def _material_table(scene: Scene) -> np.ndarray:
    """Return uint8 [MATERIALS,4]: display colour and opacity of each material."""
    table = np.zeros((MATERIALS, 4), np.uint8)
    table[: len(scene.materials)] = [(*m.display, round(255 * m.opacity)) for m in scene.materials]
    return table

"""Gather: reads from the atlas what a view shows, at latent resolution (latents, state) and at full size (colours, depth)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import moderngl
import numpy as np

from base.grid import CELL
from engine.atlas import policy
from engine.atlas.page import DENSITY, EDGE_CONTAMINATED, FROZEN, STEPS
from engine.atlas.pages import Atlas
from engine.atlas.views import GatheredView, Part
from engine.geometry.charts import Charts
from engine.geometry.mesh import ChartMesh, find_visible_charts
from engine.geometry.pack import PAGE
from engine.geometry.surface_noise import noise_level, surface_noise, texel_jacobian
from engine.geometry.uniforms import camera_uniforms
from engine.gl.context import wait_for_gl
from engine.gl.shaders import get_program, set_uniforms
from engine.gl.targets import RenderTargets, colour_texture, read_texture
from engine.gl.time_sliced import Slices, run_on_thread, scissor, split_into_bands
from scenes.camera import Camera

_FLOATS = ((4, "f4"), (4, "f4"))


class GatherPass:
    """Draws charts into views of any camera and reads them back. GL thread."""

    def __init__(
        self, ctx: moderngl.Context, charts: Charts, atlas: Atlas, mesh: ChartMesh, targets: RenderTargets
    ) -> None:
        self.ctx, self.charts, self.atlas, self.mesh, self.targets = ctx, charts, atlas, mesh, targets
        self._claim = get_program(ctx, "vertex/chart_view", "atlas/gather_claim", charts.defines)
        self._colour = get_program(ctx, "vertex/chart_view", "atlas/gather_colour", charts.defines)
        self._chart = get_program(ctx, "vertex/chart_view", "atlas/chart_depth", charts.defines)
        self._gather = get_program(ctx, "vertex/full_target", "atlas/gather_stored")
        self._whole = ctx.vertex_array(self._gather, [])
        self._nothing = ctx.texture((1, 1), 4, data=bytes(4))
        self._sides = np.where(charts.sky, -1, charts.side).astype(np.int8)
        # the view that was drawn last, and its texture
        self._drawn: tuple[Camera, tuple[int, int], Part, moderngl.Texture] | None = None

    def draw_depths(self, camera: Camera, size: tuple[int, int], part: Part) -> Slices[moderngl.Texture]:
        """Draw RG32F (chart, view depth; 1e9 for the sky) of every pixel. A view that was drawn last is not drawn again."""
        if self._drawn is not None and self._drawn[:3] == (camera, size, part):
            return self._drawn[3]
        visible = find_visible_charts(self.charts, camera, size, part.shown(self.charts))
        return colour_texture((yield from self._draw_view(camera, size, part, visible, colours=False)))

    def _draw_view(
        self, camera: Camera, size: tuple[int, int], part: Part, visible: np.ndarray, colours: bool
    ) -> Slices[moderngl.Framebuffer]:
        """Draw attachment 0, (chart, view depth), and 1, colours (RGBA8, alpha 255 where painted) if they are wanted, per pixel."""
        self._drawn = None
        formats = ((2, "f4"), (4, "f1")) if colours else ((2, "f4"),)
        frame = self.targets.get("view" if colours else "depths", size, formats, depth=True)
        if colours:
            for number in np.unique(self.charts.page[visible]):
                if self.atlas.refresh_overview(number):
                    yield
        self._clear(frame)
        shader, uniforms = self._colour if colours else self._chart, camera_uniforms(self.charts, camera, size)
        for box in split_into_bands(size):
            set_uniforms(shader, **uniforms)
            with scissor(frame, box):
                if colours:
                    self._draw_charts(shader, visible, self._bind, apart=self.atlas)
                else:
                    self._draw_charts(shader, visible)
            yield
        self._drawn = camera, size, part, colour_texture(frame)
        return frame

    def gather_view(
        self,
        camera: Camera,
        size: tuple[int, int],
        seed: int,
        revision: int,
        colours: bool = True,
        part: Part = Part.ALL,
        channels: int | None = None,
    ) -> Slices[GatheredView]:
        """Gather a view (engine.atlas.views.GatheredView). Without `colours` all of them are unpainted. channels: of the noise, the
        atlas's by default."""
        width, height = size[0] // CELL, size[1] // CELL
        visible = find_visible_charts(self.charts, camera, size, part.shown(self.charts))
        view = yield from self._draw_view(camera, size, part, visible, colours)
        surface, atlas = self._draw_surface(camera, size, part, visible, colour_texture(view))
        yield
        chart = np.round(surface[..., 0]).astype(np.int32)
        x, y, page = (np.round(atlas[..., k]).astype(np.int32) for k in range(3))
        latents, state = self._fetch_stored(np.unique(page), (width, height))
        colour = (
            read_texture(self.ctx, colour_texture(view, 1)) if colours else np.zeros((size[1], size[0], 4), np.uint8)
        )
        yield
        pixels = read_texture(self.ctx, colour_texture(view))
        pixel_chart = pixels[..., 0].astype(np.int32)
        pixel_material, pixel_side = self.charts.material[pixel_chart], self._sides[pixel_chart]
        u, v, focal = surface[..., 1], surface[..., 2], camera.focal(size)
        drawn = channels or self.atlas.channels
        noise = yield from run_on_thread(
            partial(sample_view_noise, self.charts, camera, chart, u, v, focal, drawn, seed)
        )
        steps, painted, density = state[..., STEPS], state[..., DENSITY], atlas[..., 3]
        if part is Part.BEHIND:
            density = np.where(self._find_covered(camera, size), density, np.float32(0))
        contaminated = policy.is_edge_contaminated(painted, state[..., FROZEN] == EDGE_CONTAMINATED, density)
        if contaminated.any():  # this view treats them as unpainted
            latents, steps = (np.where(contaminated, 0, a).astype(np.float32) for a in (latents, steps))
        return GatheredView(
            camera=camera,
            size=size,
            chart=chart,
            texel=np.stack([page, y, x], axis=-1),
            material=self.charts.material[chart],
            depth=np.where(self.charts.sky[chart], np.inf, surface[..., 3]).astype(np.float32),
            normal=surface_normals(self.charts, chart, camera, (width, height)),
            density=np.abs(density),
            noise=noise,
            latents=latents,
            steps=steps.copy(),
            stored_density=painted.copy(),
            colours=colour,
            revision=revision,
            frozen=state[..., FROZEN] > 0,
            edge_contaminated=contaminated,
            pixel_material=pixel_material,
            side=self._sides[chart],
            pixel_side=pixel_side,
            pixel_depth=np.ascontiguousarray(pixels[..., 1]),
            part=part,
            pixel_mesh=None if self.charts.meshes is None else self.charts.meshes.mesh[pixel_chart],
        )

    def _draw_surface(
        self, camera: Camera, size: tuple[int, int], part: Part, visible: np.ndarray, view: moderngl.Texture
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw and read, per latent pixel: (chart, u, v, depth) and (x, y, page, density; negative beside a depth edge)."""
        small = size[0] // CELL, size[1] // CELL
        frame = self.targets.get("surface", small, _FLOATS, depth=True)
        set_uniforms(self._claim, **camera_uniforms(self.charts, camera, size), view=0, paints_sky=part.paints_sky)
        self._clear(frame)
        view.use(0)
        self._draw_charts(self._claim, visible)
        return read_texture(self.ctx, colour_texture(frame, 0)), read_texture(self.ctx, colour_texture(frame, 1))

    def _find_covered(self, camera: Camera, size: tuple[int, int]) -> np.ndarray:
        """Return bool [h,w]: latent pixels whose nearest surface is see-through."""
        frame = self.targets.get("covered", (size[0] // CELL, size[1] // CELL), ((2, "f4"),), depth=True)
        set_uniforms(self._chart, **camera_uniforms(self.charts, camera, size))
        self._clear(frame)
        self._draw_charts(self._chart, find_visible_charts(self.charts, camera, size))
        chart = np.round(read_texture(self.ctx, colour_texture(frame))[..., 0]).astype(np.int32)
        return self.charts.see_through[chart]

    def _fetch_stored(self, pages: np.ndarray, small: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Return latents float32 [C,h,w] and state float32 [h,w,4] of the texels in the surface target; pages: those it shows."""
        channels = self.atlas.channels
        painted = [int(p) for p in pages if int(p) in self.atlas]
        if not painted:
            return np.zeros((channels, small[1], small[0]), np.float32), np.zeros((small[1], small[0], 4), np.float32)
        surface = self.targets.get("surface", small, _FLOATS, depth=True)
        frame = self.targets.get("stored", small, _FLOATS, depth=False)
        set_uniforms(self._gather, atlas=0, latents=1, state=2)
        colour_texture(surface, 1).use(0)
        layers = []
        for k in range(-(-channels // 4)):
            self._clear(frame)
            self._set_gl_state()
            for number in painted:
                page = self.atlas[number]
                page.latents[k].use(1)
                page.state.use(2)
                set_uniforms(self._gather, page=float(number))
                self._whole.render(moderngl.TRIANGLES, vertices=3)
            layers.append(read_texture(self.ctx, colour_texture(frame, 0)))
        latents = np.ascontiguousarray(np.concatenate(layers, axis=2).transpose(2, 0, 1)[:channels])
        return latents, read_texture(self.ctx, colour_texture(frame, 1))

    def _bind(self, number: int) -> None:
        page = self.atlas[number] if number >= 0 else None
        (page.colour if page else self._nothing).use(0)
        (page.overview if page else self._nothing).use(1)
        (page.state if page else self._nothing).use(2)
        set_uniforms(self._colour, colour=0, overview=1, state=2, colour_size=float(PAGE * CELL if page else 0))

    def _clear(self, frame: moderngl.Framebuffer) -> None:
        wait_for_gl(self.ctx)  # otherwise clearing waits for earlier drawing while holding the interpreter lock
        frame.use()
        frame.clear()

    def _draw_charts(
        self,
        shader: moderngl.Program,
        visible: np.ndarray,
        bind: Callable[[int], None] | None = None,
        apart: Iterable[int] = (),
    ) -> None:
        """Draw the visible charts into the bound framebuffer."""
        groups = self.mesh.select(visible, apart)
        self._set_gl_state()
        self.mesh.draw(shader, groups, bind)

    def _set_gl_state(self) -> None:
        self.ctx.disable(moderngl.BLEND | moderngl.CULL_FACE)
        self.ctx.enable(moderngl.DEPTH_TEST)
        self.ctx.depth_func = "<="


def sample_view_noise(
    charts: Charts,
    camera: Camera,
    chart: np.ndarray,
    u: np.ndarray,
    v: np.ndarray,
    focal: float,
    channels: int,
    seed: int,
) -> np.ndarray:
    """Return float32 [C,h,w]: the surface's noise under each latent pixel, at a scale where no two neighbours share a cell."""
    h, w = chart.shape
    ray = camera.rays((w, h))
    normal = charts.normal[chart]
    eye = np.where(charts.sky[chart][..., None], 0.0, camera.position)
    towards = np.minimum((normal * ray).sum(-1), -1e-6)
    depth = np.maximum((normal * (charts.origin[chart] - eye)).sum(-1) / towards, 1e-6)
    jacobian = texel_jacobian(charts, chart, ray, depth, camera, focal)
    return surface_noise(charts, chart, u, v, noise_level(jacobian, CELL), channels, seed)


def surface_normals(charts: Charts, chart: np.ndarray, camera: Camera, small: tuple[int, int]) -> np.ndarray:
    """Return float32 [h,w,3]: the surface's normal; for the sky the direction back to the camera."""
    ray = camera.rays(small)
    back = -ray / np.linalg.norm(ray, axis=-1, keepdims=True)
    return np.where(charts.sky[chart][..., None], back, charts.normal[chart]).astype(np.float32)

"""The latent volume: the atlas and its map from surfaces to texels. It holds all paint and lives on the GL thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import moderngl
import numpy as np

from base.errors import InputError
from base.grid import CELL
from engine.atlas.gather import GatherPass
from engine.atlas.pages import Atlas
from engine.atlas.scatter import ScatterPass
from engine.atlas.sheet_waves import Footprint
from engine.atlas.sheets import SheetPass
from engine.atlas.views import GatheredSheet, GatheredView, PaintedView, Part
from engine.atlas.visibility import TexelMasks, VisibilityPass
from engine.atlas.write_mask import WriteMaskPass
from engine.geometry.charts import Charts
from engine.geometry.mesh import ChartMesh
from engine.geometry.planes import PlaneIndex
from engine.geometry.sheet import Sheet
from engine.gl.context import wait_for_gl
from engine.gl.targets import RenderTargets
from engine.gl.time_sliced import Slices, TimeSlicedTask
from scenes.camera import Camera

T = TypeVar("T")


@dataclass(frozen=True)
class WorldSnapshot:
    """A copy of all paint. pages: number → latents [C',P,P], state [P,P,4], colour [8P,8P,4] (engine.atlas.page)."""

    channels: int
    seed: int
    revision: int
    pages: dict[int, dict[str, np.ndarray]] = field(default_factory=dict)


class LatentVolume:
    """channels: of the latents; seed: of the surface's noise. `revision` grows with each scatter that changed something.

    `gather`, `write_mask` and `scatter` run at once; `gather_task`, `write_mask_task` and `scatter_task` return the same work as a
    task that runs in slices of a few milliseconds. A volume runs one task at a time: starting, reading or changing anything else
    first finishes the current task (`flush`), so that nothing is ever half-painted.
    """

    def __init__(self, ctx: moderngl.Context, charts: Charts, channels: int, seed: int = 0) -> None:
        self.ctx, self.charts, self.channels, self.seed = ctx, charts, channels, seed
        self.revision = 0
        self.atlas = Atlas(ctx, channels)
        self.mesh = ChartMesh(ctx, charts)
        self._targets = RenderTargets(ctx)
        self._gather = GatherPass(ctx, charts, self.atlas, self.mesh, self._targets)
        self._scatter = ScatterPass(ctx, charts, self.atlas, self._targets)
        self._visibility = VisibilityPass(ctx, charts, self.mesh)
        self._write_mask = WriteMaskPass(ctx, charts, self.atlas, self.mesh, self._targets)
        self._sheets = SheetPass(charts, self.atlas)
        self._task: TimeSlicedTask[Any] | None = None

    @property
    def busy(self) -> bool:
        """Whether a task is running."""
        return self._task is not None and not self._task.done

    def flush(self) -> None:
        """Finish the running task. Call before accessing pages directly."""
        if self._task is not None and not self._task.done:
            self._task.run_to_end()

    def _start_task(self, slices: Slices[T]) -> TimeSlicedTask[T]:
        self.flush()
        self._task = task = TimeSlicedTask(self.ctx, slices)
        return task

    def gather(
        self, camera: Camera, size: tuple[int, int], colours: bool = True, part: Part = Part.ALL
    ) -> GatheredView:
        """Gather what the camera sees. size: (width, height) pixels, multiples of CELL, else InputError; colours: False skips
        colours; part: which surfaces."""
        return self.gather_task(camera, size, colours, part).run_to_end()

    def gather_task(
        self,
        camera: Camera,
        size: tuple[int, int],
        colours: bool = True,
        part: Part = Part.ALL,
        channels: int | None = None,
    ) -> TimeSlicedTask[GatheredView]:
        """`gather` as a task. channels: of the noise, for a model of other latents than the volume's."""
        _check_size(size)
        self.flush()  # a running scatter may change the revision
        return self._start_task(
            self._gather.gather_view(camera, size, self.seed, self.revision, colours, part, channels)
        )

    @property
    def planes(self) -> PlaneIndex:
        """The planes that sheets are cut from."""
        return self._sheets.planes

    def find_footprints(self, sheets: Sequence[Sheet]) -> list[list[Footprint]]:
        """Return for each sheet the texels that gathering it reads and that writing it may change. Reads no paint."""
        return [self._sheets.footprint(sheet) for sheet in sheets]

    def gather_sheet_task(self, sheet: Sheet) -> TimeSlicedTask[GatheredSheet]:
        """A task that gathers what a sheet shows."""
        self.flush()
        return self._start_task(self._sheets.gather(sheet, self.seed, self.revision))

    def write_sheet_task(
        self, sheet: Sheet, latents: np.ndarray, colours: np.ndarray, steps: float
    ) -> TimeSlicedTask[int]:
        """A task that writes a dreamed sheet where it is better than what is stored; its result is the number of texels written.

        latents: float32 [C,h,w]; colours: uint8 [H,W,3]; steps: diffusion steps behind it.
        """

        def slices() -> Slices[int]:
            written = yield from self._sheets.write(sheet, latents, colours, steps, self.revision + 1)
            self.revision += written > 0
            return written

        return self._start_task(slices())

    def find_visible_texels(
        self, camera: Camera, size: tuple[int, int], mask: np.ndarray | None = None, through: bool = False
    ) -> TexelMasks:
        """Find the texels that a view of any size shows where mask [H,W] is above 0 (None: anywhere), painted or not.

        through: also those that it shows through see-through surfaces; else only the nearest surface of each pixel.
        """
        return TimeSlicedTask(self.ctx, self.find_visible_texels_slices(camera, size, mask, through)).run_to_end()

    def find_visible_texels_slices(
        self, camera: Camera, size: tuple[int, int], mask: np.ndarray | None = None, through: bool = False
    ) -> Slices[TexelMasks]:
        """`find_visible_texels` in slices. It doesn't read paint, so it may run beside other tasks."""
        return self._visibility.find_texels(camera, size, mask, through)

    def draw_charts_slices(self, camera: Camera, size: tuple[int, int]) -> Slices[np.ndarray]:
        """Find the chart that each pixel of a view of any size shows, int [H,W], in slices; see engine.atlas.visibility.locate_pixels."""
        return self._visibility.draw_charts(camera, size)

    def write_mask(
        self,
        gathered: GatheredView,
        steps: float,
        kept_mask: np.ndarray | None = None,
        shown_materials: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return bool [H,W]: the pixels of an up-to-date gathered view whose texels painting it with so many steps would change.

        kept_mask, shown_materials: as in engine.atlas.views.PaintedView.
        """
        return self.write_mask_task(gathered, steps, kept_mask, shown_materials).run_to_end()

    def write_mask_task(
        self,
        gathered: GatheredView,
        steps: float,
        kept_mask: np.ndarray | None = None,
        shown_materials: np.ndarray | None = None,
    ) -> TimeSlicedTask[np.ndarray]:
        """`write_mask` as a task."""

        def slices() -> Slices[np.ndarray]:
            view = yield from self._gather.draw_depths(gathered.camera, gathered.size, gathered.part)
            return (yield from self._write_mask.draw_mask(gathered, view, steps, kept_mask, shown_materials))

        return self._start_task(slices())

    def scatter(
        self, gathered: GatheredView, painted: PaintedView, colours: bool = True, only_texels: TexelMasks | None = None
    ) -> int:
        """Write a painted view into the volume; return the number of texels written (0: the volume is unchanged bit for bit).

        gathered: the view that `painted` was dreamed from, with the same camera and size. colours: False writes latents only.
        only_texels: write exactly these texels whatever they have, except frozen ones; None: wherever the new paint is better.
        ValueError for shapes or cameras that don't match, or latents that are not finite.
        """
        return self.scatter_task(gathered, painted, colours, only_texels).run_to_end()

    def scatter_task(
        self, gathered: GatheredView, painted: PaintedView, colours: bool = True, only_texels: TexelMasks | None = None
    ) -> TimeSlicedTask[int]:
        """`scatter` as a task; the revision changes with its last slice."""
        width, height = painted.size
        shapes = (self.channels, height // CELL, width // CELL), (height, width)
        if painted.latents.shape != shapes[0] or painted.colours.shape[:2] != shapes[1]:
            raise ValueError(
                f"a painted view of {painted.size} has shapes {shapes}, not {painted.latents.shape}, {painted.colours.shape}"
            )
        if (gathered.camera, gathered.size) != (painted.camera, painted.size):
            raise ValueError("the painted view was not dreamed from this gathered view: camera or size differ")
        if not np.isfinite(painted.latents).all():
            raise ValueError("the painted view has latents that are not finite")

        def slices() -> Slices[int]:
            view = yield from self._gather.draw_depths(painted.camera, painted.size, gathered.part)
            written = yield from self._scatter.paint(gathered, painted, view, self.revision + 1, colours, only_texels)
            self.revision += written > 0
            return written

        return self._start_task(slices())

    def snapshot(self) -> WorldSnapshot:
        """Copy the painted pages."""
        self.flush()
        wait_for_gl(self.ctx)
        pages = {number: self.atlas[number].read() for number in self.atlas}
        return WorldSnapshot(self.channels, self.seed, self.revision, pages)

    def restore(self, world: WorldSnapshot) -> None:
        """Restore a snapshot. ValueError if channels or pages don't fit; engine.storage.world checks files before."""
        if world.channels != self.channels or any(not 0 <= n < self.charts.pages for n in world.pages):
            raise ValueError(
                f"a world of {world.channels} channels and pages {sorted(world.pages)} doesn't fit this volume"
            )
        self.erase()
        for number, page in world.pages.items():
            self.atlas.allocate(number).write(**page)
        self.seed, self.revision = world.seed, world.revision

    def erase(self) -> None:
        """Remove all paint."""
        self.flush()
        self.atlas.release()
        self.revision += 1

    def release(self) -> None:
        """Free the GPU memory and cancel the running task; the volume can't be used afterwards."""
        if self._task is not None:
            self._task.cancel()
        self.atlas.release()
        self._targets.release()
        self._visibility.release()


def _check_size(size: tuple[int, int]) -> None:
    if any(n < CELL or n % CELL for n in size):
        raise InputError("size", "", f"is {size[0]}x{size[1]}; width and height must be multiples of {CELL} pixels")

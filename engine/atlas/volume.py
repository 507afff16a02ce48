"""The latent volume: the atlas plus its map from surface to texel. The persistent thing of the program; lives on the GL thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

import moderngl
import numpy as np

from base.errors import InputError
from base.grid import CELL
from engine.atlas.gather import GatherPass
from engine.atlas.pages import Atlas
from engine.atlas.scatter import ScatterPass
from engine.atlas.views import GatheredView, PaintedView
from engine.atlas.visibility import TexelMasks, VisibilityPass
from engine.atlas.write_mask import WriteMaskPass
from engine.geometry.charts import Charts
from engine.geometry.mesh import ChartMesh
from engine.gl.context import wait_for_gl
from engine.gl.targets import RenderTargets
from engine.gl.time_sliced import Slices, TimeSlicedTask
from scenes.camera import Camera

T = TypeVar("T")


@dataclass(frozen=True)
class WorldSnapshot:
    """A copy of everything that was painted. pages: number → latents [C',P,P], state [P,P,4], colour [8P,8P,4] (engine.atlas.page)."""

    channels: int
    seed: int
    revision: int
    pages: dict[int, dict[str, np.ndarray]] = field(default_factory=dict)


class LatentVolume:
    """channels: of the latents; seed: of the surface's noise. `revision` grows with every painting that changed something.

    `gathering`, `taking` and `scattering` begin what `gather`, `takes` and `scatter` do at once: to be done in pieces, a few
    milliseconds of each frame. A volume does one thing at a time: whatever is begun, asked or changed next finishes what is under
    way (`settle`), so that nobody finds it half-painted. `busy`: something is.
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
        self._task: TimeSlicedTask[Any] | None = None

    @property
    def busy(self) -> bool:
        return self._task is not None and not self._task.done

    def flush(self) -> None:
        """Finish what is under way. Who reads or changes pages by himself does this first."""
        if self._task is not None and not self._task.done:
            self._task.run_to_end()

    def _start_task(self, pieces: Slices[T]) -> TimeSlicedTask[T]:
        self.flush()
        self._task = work = TimeSlicedTask(self.ctx, pieces)
        return work

    def gather(self, camera: Camera, size: tuple[int, int], colours: bool = True) -> GatheredView:
        """What the camera sees of the volume. size: (width, height) pixels, multiples of CELL, else InputError.

        colours: False leaves them out, for a memory of latents alone.
        """
        return self.gather_task(camera, size, colours).run_to_end()

    def gather_task(self, camera: Camera, size: tuple[int, int], colours: bool = True) -> TimeSlicedTask[GatheredView]:
        """`gather`, in pieces."""
        _check_size(size)
        self.flush()  # whose revision it shows
        return self._start_task(self._gather.gather_view(camera, size, self.seed, self.revision, colours))

    def find_visible_texels(self, camera: Camera, size: tuple[int, int], mask: np.ndarray | None = None) -> TexelMasks:
        """The texels that a view of any size shows where mask [H,W] is above 0 (None: anywhere), whatever is painted there."""
        return TimeSlicedTask(self.ctx, self.find_visible_texels_slices(camera, size, mask)).run_to_end()

    def find_visible_texels_slices(
        self, camera: Camera, size: tuple[int, int], mask: np.ndarray | None = None
    ) -> Slices[TexelMasks]:
        """`seen`, in pieces. It asks nothing of what is painted, and so may go on beside all else."""
        return self._visibility.find_texels(camera, size, mask)

    def draw_charts_slices(self, camera: Camera, size: tuple[int, int]) -> Slices[np.ndarray]:
        """The chart that each pixel of a view of any size shows, int [H,W], in pieces; for engine.atlas.visibility.texels."""
        return self._visibility.draw_charts(camera, size)

    def write_mask(
        self, gathered: GatheredView, steps: float, kept: np.ndarray | None = None, dreamed: np.ndarray | None = None
    ) -> np.ndarray:
        """bool [H,W]: the pixels of an up-to-date look whose texels a painting of so many steps would change.

        kept, dreamed: of the painting (engine.atlas.views.Painting).
        """
        return self.write_mask_task(gathered, steps, kept, dreamed).run_to_end()

    def write_mask_task(
        self, gathered: GatheredView, steps: float, kept: np.ndarray | None = None, dreamed: np.ndarray | None = None
    ) -> TimeSlicedTask[np.ndarray]:
        """`takes`, in pieces."""

        def pieces() -> Slices[np.ndarray]:
            view = yield from self._gather.draw_depths(gathered.camera, gathered.size)
            return (yield from self._write_mask.draw_mask(gathered, view, steps, kept, dreamed))

        return self._start_task(pieces())

    def scatter(
        self, gathered: GatheredView, painted: PaintedView, colours: bool = True, only: TexelMasks | None = None
    ) -> int:
        """Paint a dreamed view into the volume; the number of texels that took it (0: the volume is as it was, bit for bit).

        gathered: the gathered look that the painting was dreamed from; painting: same camera and size. colours: False paints
        latents only, and leaves the colours that lie there. only: these texels take it whatever they have, but for those that
        the user holds; all others stay as they are.
        """
        return self.scatter_task(gathered, painted, colours, only).run_to_end()

    def scatter_task(
        self, gathered: GatheredView, painted: PaintedView, colours: bool = True, only: TexelMasks | None = None
    ) -> TimeSlicedTask[int]:
        """`scatter`, in pieces; the revision changes with the last one."""
        width, height = painted.size
        shapes = (self.channels, height // CELL, width // CELL), (height, width)
        if painted.latents.shape != shapes[0] or painted.colours.shape[:2] != shapes[1]:
            raise ValueError(
                f"a painting of {painting.size} has shapes {shapes}, not {painting.latents.shape}, {painting.colours.shape}"
            )
        if (gathered.camera, gathered.size) != (painted.camera, painted.size):
            raise ValueError("the painting was not dreamed from this gathered: camera or size differ")
        if not np.isfinite(painted.latents).all():
            raise ValueError("the painting has latents that are not finite")

        def pieces() -> Slices[int]:
            view = yield from self._gather.draw_depths(painted.camera, painted.size)
            taken = yield from self._scatter.paint(gathered, painted, view, self.revision + 1, colours, only)
            self.revision += taken > 0
            return taken

        return self._start_task(pieces())

    def snapshot(self) -> WorldSnapshot:
        """A copy of the painted pages."""
        self.flush()
        wait_for_gl(self.ctx)
        pages = {number: self.atlas[number].read() for number in self.atlas}
        return WorldSnapshot(self.channels, self.seed, self.revision, pages)

    def restore(self, world: WorldSnapshot) -> None:
        """Make the volume what the snapshot was. ValueError when channels or pages don't fit (engine.storage.world checks files first)."""
        if world.channels != self.channels or any(not 0 <= n < self.charts.pages for n in world.pages):
            raise ValueError(
                f"a world of {world.channels} channels and pages {sorted(world.pages)} doesn't fit this volume"
            )
        self.erase()
        for number, page in world.pages.items():
            self.atlas.allocate(number).write(**page)
        self.seed, self.revision = world.seed, world.revision

    def erase(self) -> None:
        """Forget everything painted."""
        self.flush()
        self.atlas.release()
        self.revision += 1

    def release(self) -> None:
        """Give the GPU memory back; the volume can't be used afterwards, and what is under way is abandoned."""
        if self._task is not None:
            self._task.cancel()
        self.atlas.release()
        self._targets.release()
        self._visibility.release()


def _check_size(size: tuple[int, int]) -> None:
    if any(n < CELL or n % CELL for n in size):
        raise InputError("size", "", f"is {size[0]}x{size[1]}; width and height must be multiples of {CELL} pixels")

"""Worlds and views as immutable values. ComfyUI caches the results of nodes, so painting returns a new world."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import moderngl
import numpy as np

from base.errors import InputError
from diffusion.canvas import GBuffer
from engine.atlas.policy import change_map
from engine.atlas.views import GatheredView, PaintedView
from engine.atlas.volume import LatentVolume, WorldSnapshot
from engine.geometry.charts import Charts, build_charts
from engine.gl.context import create_headless_context
from engine.storage.journal import Journal
from engine.storage.world import TileKey, WorldHeader, WorldIndex, open_world, read_world
from engine.storage.world_io import WorldReader, WorldWriter
from scenes.camera import Camera
from scenes.extrude import extrude_scene
from scenes.prompt_masks import PromptMask, find_dreamed_materials, make_prompt_masks
from scenes.scene import Scene

T = TypeVar("T")
SPACE = "ComfyUI"  # latent space noted in the file of a new world: ComfyUI's LATENT, whatever the checkpoint


@dataclass(frozen=True, eq=False)
class World:
    """All paint of a scene. space: identifies the latents, as in world files."""

    scene: Scene
    charts: Charts
    paint: WorldSnapshot
    space: str = SPACE


@dataclass(frozen=True, eq=False)
class View:
    """A camera's view of a world, with the paint stored there."""

    world: World
    gathered: GatheredView

    @cached_property
    def prompts(self) -> tuple[PromptMask, ...]:
        """The visible prompts, with masks [h,w] of latent pixels."""
        return make_prompt_masks(self.gathered.material, self.world.scene)

    @property
    def gbuffer(self) -> GBuffer:
        """The surfaces, for the pictures that ControlNets see."""
        seen = self.gathered
        return GBuffer(seen.camera, seen.side, seen.depth, seen.pixel_side, seen.pixel_depth, mesh=seen.pixel_mesh)


class Surfaces:
    """The thread that owns OpenGL. It keeps the volume of the last world that was used."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="rayverie-gl")
        self._ctx: moderngl.Context | None = None
        self._volume: LatentVolume | None = None
        self._paint: WorldSnapshot | None = None  # the paint in the volume

    def ask(self, world: World, act: Callable[[LatentVolume], T]) -> T:
        """Call a function with the world's volume and return its result. Its paint is lost unless it returns a snapshot."""

        def there() -> T:
            volume = self._volume_of(world)
            revision = volume.revision
            try:
                return act(volume)
            finally:
                if volume.revision != revision:
                    self._paint = None

        return self._thread.submit(there).result()

    def paint(self, world: World, act: Callable[[LatentVolume], T]) -> tuple[World, T]:
        """Call a function that paints the world's volume; return the new world and the function's result."""

        def there() -> tuple[World, T]:
            volume = self._volume_of(world)
            self._paint = None
            answer = act(volume)
            self._paint = volume.snapshot()
            return replace(world, paint=self._paint), answer

        return self._thread.submit(there).result()

    def _volume_of(self, world: World) -> LatentVolume:
        if self._ctx is None:
            self._ctx = create_headless_context()
        channels = world.paint.channels
        if self._volume is None or self._volume.charts is not world.charts or self._volume.channels != channels:
            if self._volume is not None:
                self._volume.release()
            self._volume, self._paint = LatentVolume(self._ctx, world.charts, channels, world.paint.seed), None
        if self._paint is not world.paint:
            self._volume.restore(world.paint)
            self._paint = world.paint
        return self._volume


SURFACES = Surfaces()


def new_world(scene: Scene, channels: int, seed: int) -> World:
    """Create a world without paint. channels: of the latents; seed: of the surfaces' noise."""
    return World(scene, build_charts(extrude_scene(scene), scene), WorldSnapshot(channels, seed, 0))


def load_world(scene: Scene, path: Path) -> World:
    """Load a world file. Raises InputError if it is damaged or of another scene."""
    header = read_world(path).header
    empty = replace(new_world(scene, header.channels, header.seed), space=header.model)
    fits = {"scene": scene, "charts": empty.charts, "model": header.model, "channels": header.channels}
    stored = open_world(path, **fits)
    world, _ = SURFACES.paint(empty, lambda volume: WorldReader(volume, stored).read_all())
    return world


def save_world(world: World, path: Path) -> None:
    """Write a world to a file atomically. Raises InputError."""

    def describe() -> Callable[[Mapping[TileKey, str]], WorldIndex]:
        paint = world.paint
        header = WorldHeader.of(world.scene, world.charts, world.space, paint.channels, paint.seed, paint.revision)
        return lambda tiles: WorldIndex(header, tiles)

    def write(volume: LatentVolume) -> None:
        with tempfile.TemporaryDirectory() as folder:
            writer = WorldWriter(Journal(folder))
            try:
                writer.write_all(volume, describe)
                writer.pack_file(path).result()
            finally:
                writer.close()

    SURFACES.ask(world, write)


def look(world: World, camera: Camera, size: tuple[int, int]) -> View:
    """Gather a camera's view. size: (width, height) in pixels, multiples of 8."""
    return View(world, SURFACES.ask(world, lambda volume: volume.gather(camera, size)))


def lay(world: World, view: View, latents: np.ndarray, colours: np.ndarray, steps: float) -> tuple[World, int]:
    """Lay a painted view onto a world; return the new world and the number of written texels.

    latents: float32 [C,h,w]; colours: uint8 [H,W,3]

    Raises InputError for a view of another scene, for latents or colours of another size, and for a world with other latents.
    """
    seen, origin = view.gathered, view.world
    width, height = seen.size
    if world.space != SPACE:
        problem = f"holds latents of {world.space!r}, which ComfyUI's models don't know; paint a new world"
        raise InputError("world", "", problem)
    if origin.charts.fingerprint != world.charts.fingerprint or origin.scene.hash != world.scene.hash:
        raise InputError("view", "", f"is of the scene {origin.scene.name!r}; the world is of {world.scene.name!r}")
    if latents.shape != (world.paint.channels, height // 8, width // 8):
        needed = f"{world.paint.channels} channels of {height // 8}×{width // 8}"
        raise InputError(
            "latent",
            "",
            f"has {len(latents)} channels of {latents.shape[1]}×{latents.shape[2]}; the view needs {needed}",
        )
    if colours.shape[:2] != (height, width):
        raise InputError("image", "", f"is {colours.shape[1]}×{colours.shape[0]} pixels; the view has {width}×{height}")
    if not np.isfinite(latents).all():
        raise InputError("latent", "", "holds numbers that are not finite")
    painted = PaintedView(
        seen.camera,
        seen.size,
        latents,
        colours,
        steps,
        kept_mask=change_map(seen, steps) == 0,
        shown_materials=find_dreamed_materials(seen.material, world.scene),
    )
    return SURFACES.paint(world, lambda volume: volume.scatter(seen, painted))

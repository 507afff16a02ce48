"""An open scene: its blocks, charts, latent volume, renderer and painter; and planning it in the background."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import moderngl

from app.loop.ground import BlockGround
from app.loop.messages import ModelInfo, Worker
from app.loop.painter import PIECE, Painter
from app.session import Session
from engine.atlas.volume import LatentVolume
from engine.geometry.charts import Charts, build_charts
from engine.render.daylight import BakedDaylight
from engine.render.renderer import Renderer
from scenes.camera import Camera
from scenes.edit import match_materials
from scenes.extrude import Blocks, extrude_scene
from scenes.obstacles import Obstacles, find_obstacles
from scenes.scene import Scene

T = TypeVar("T")
CHANNELS = 4  # of most latent diffusion models; `fit` changes it if the model has another number


@dataclass(frozen=True)
class Plan:
    """A scene's blocks, charts, light and meshes' obstacles, computed on any thread before GL needs them."""

    scene: Scene
    blocks: Blocks
    charts: Charts
    light: BakedDaylight
    obstacles: tuple[Obstacles, ...] = ()

    @property
    def bytes(self) -> int:
        """Main memory of all parts."""
        return (
            self.blocks.solid.nbytes
            + self.charts.bytes
            + self.light.cells.nbytes
            + sum(o.solid.nbytes for o in self.obstacles)
        )


def plan(scene: Scene, wanted: Callable[[], bool] = lambda: True) -> Plan:
    """Compute the plan of a scene. wanted: called between the parts of the work; raises CancelledError once it returns False."""

    def still(part: T) -> T:
        if not wanted():
            raise CancelledError
        return part

    blocks = still(extrude_scene(still(scene)))
    charts = still(build_charts(blocks, scene))
    _ = (
        still(charts.vertices),
        charts.bounds,
        charts.runs,
    )  # kept with the charts: the frame's thread must not make them
    light = BakedDaylight.of(blocks, still(scene))
    return Plan(scene, blocks, charts, light, find_obstacles(still(scene)))


class Planner:
    """Plans scenes on a thread, as large maps take seconds; one after the other, as they also take gigabytes."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="planner")
        self._wanted: object = None

    def plan(self, scene: Scene) -> Future[Plan]:
        """Plan a scene. An earlier request is abandoned."""
        self._wanted = wanted = object()
        return self._executor.submit(plan, scene, lambda: self._wanted is wanted)

    def close(self) -> None:
        self._wanted = None
        self._executor.shutdown(wait=True, cancel_futures=True)


class OpenScene:
    """Owns the GL side of one scene. All methods on the GL thread."""

    def __init__(self, ctx: moderngl.Context, plan: Plan, session: Session, worker: Worker) -> None:
        self.ctx, self.plan, self.worker = ctx, plan, worker
        self.scene, self.ground = plan.scene, BlockGround(plan.blocks, plan.obstacles)
        self._set_up(session, CHANNELS)

    def fit(self, session: Session, model: ModelInfo) -> None:
        """Give the volume the model's number of channels. Paint with another number is lost."""
        if model.channels != self.volume.channels:
            self.renew(session, model)
        self.painter.client.model = model

    def renew(self, session: Session, model: ModelInfo) -> None:
        """Begin with bare surfaces, for a model of other latents. All paint is lost."""
        self.painter.drop()
        self.volume.release()
        self.renderer.release()
        self._set_up(session, model.channels)

    def start(self, fov: float) -> Camera:
        """The first camera: that of the scene's tour, else of its walk, else above the edge of the map."""
        paths = self.scene.paths
        path = paths.get("tour") or paths.get("walk") or next(iter(paths.values()), None)
        if path is not None:
            return path.keyframes[0].camera.with_changes(fov=fov)
        x, y, z = self.plan.blocks.size
        return Camera.look_at((x / 2, y + 2.0, z + 2.0), (x / 2, y / 2, z / 2), fov)

    def reword(self, scene: Scene) -> None:
        """Apply other prompts, display colours and paths to the same blocks. The next dream uses them."""
        client, before = self.painter.client, self.scene.materials
        matched = zip(before, match_materials(self.scene, scene).tolist(), strict=True)
        after = {m.name: scene.materials[i].name for m, i in matched if i >= 0}
        client.prompts = client.prompts.rename({old: new for old, new in after.items() if old != new})
        self.scene = client.scene = scene
        self.renderer.update_display_colours(scene)

    def rebuild(self, plan: Plan, volume: LatentVolume, renderer: Renderer) -> None:
        """Replace the blocks, and the volume and renderer made for them. The running dream is abandoned."""
        self.painter.cancel()
        self.volume.release()
        self.renderer.release()
        self.plan, self.ground = plan, BlockGround(plan.blocks, plan.obstacles)
        self.volume, self.renderer = volume, renderer
        self.painter.client.volume = volume
        self.reword(plan.scene)
        self.painter.reset_failures()

    def release(self) -> None:
        self.volume.release()

    def _set_up(self, session: Session, channels: int) -> None:
        plan = self.plan
        self.volume = LatentVolume(self.ctx, plan.charts, channels, session.dream.seed)
        self.renderer = Renderer(self.ctx, plan.charts, self.scene, self.volume, plan.blocks, plan.light)
        self.painter = Painter(self.volume, self.worker, self.scene, session, PIECE)

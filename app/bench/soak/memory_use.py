"""Samples of the process's memory: the parts that may grow up to a limit, and the rest, which may not grow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psutil

from app.explorer.explorer import Explorer
from engine.gl.context import renderer_name
from scenes.scene import Scene

SOFTWARE = "llvmpipe", "softpipe"  # renderers whose textures are in the program's own memory


WARM_UP = 0.25  # share of the samples that are ignored
WINDOW = 0.2  # share of the other samples, at either end, that a figure is taken from
PARTS = "resident", "volume", "timeline", "undo", "gone", "scene", "rest"


@dataclass(frozen=True)
class MemoryUse:
    """Bytes at a moment. resident: of the process; volume: painted pages, where GL is software, including those of a volume
    being built; timeline: pictures of dreams; undo: paint covered by strokes; gone: paint whose surfaces are gone;
    scene: blocks, charts and light, and GL's copies where GL is software.

    doing: what takes memory temporarily, in words; building: whether that is a scene being built."""

    seconds: float
    resident: int
    volume: int
    timeline: int
    undo: int
    gone: int = 0
    scene: int = 0
    doing: str = ""
    building: bool = False

    @property
    def rest(self) -> int:
        return self.resident - self.volume - self.timeline - self.undo - self.gone - self.scene


def measure_memory(explorer: Explorer, seconds: float) -> MemoryUse:
    x, open_scene = explorer, explorer.state.open_scene
    pages = x.services.rebuild.bytes + (open_scene.volume.atlas.bytes if open_scene is not None else 0)
    software = renderer_name(x.ctx).startswith(SOFTWARE)
    building = x.state.scene if open_scene is None else x.services.rebuild.wanted if x.services.rebuild.busy else None
    running = open_scene.painter.client.running if open_scene is not None else None
    dreaming = f"dreaming {'×'.join(map(str, running.gathered.size))} pixels" if running is not None else ""
    return MemoryUse(
        round(seconds, 2),
        psutil.Process().memory_info().rss,
        pages if software else 0,
        x.state.timeline.bytes,
        x.services.strokes.bytes,
        x.services.rebuild.stash.bytes,
        open_scene.plan.bytes * (1 + software) if open_scene is not None else 0,
        f"building {_size(building)}" if building is not None else dreaming,
        building is not None,
    )


def summarize_growth(memory_samples: list[MemoryUse]) -> dict[str, Any]:
    """MB of each part at the end, its growth since the warm-up, and the peak. memory_samples: in order of time, at equal intervals.

    Compares the minimum of an early window with that of a late one, without samples taken while a scene was being built.
    Temporary memory and holes in the C library's heap come and go; the minimum grows only if something leaks.
    """
    calm = [a for a in memory_samples[round(WARM_UP * len(memory_samples)) :] if not a.building]
    width = max(1, round(WINDOW * len(calm)))
    figures: dict[str, Any] = {}
    for part in PARTS if calm else ():
        before, after = (min(getattr(a, part) for a in some) / 1e6 for some in (calm[:width], calm[-width:]))
        figures |= {f"{part}_mb": round(after, 1), f"{part}_grown_mb": round(after - before, 1)}
    peak = max(memory_samples, key=lambda a: a.resident)
    return figures | {
        "resident_peak_mb": round(peak.resident / 1e6, 1),
        "soak_peak": {"seconds": peak.seconds, "doing": peak.doing}
        | {f"{part}_mb": round(getattr(peak, part) / 1e6, 1) for part in PARTS},
    }


def _size(scene: Scene) -> str:
    depth, width = scene.map.shape
    highest = max(material.height for material in scene.materials)
    return f"{scene.name}: {width} × {depth} blocks, up to {highest:g} high, {scene.voxels_per_block} voxels a block"

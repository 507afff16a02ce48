"""Samples of the process's memory: the parts that may grow up to a limit, and the rest, which must not grow.

A running dream uses hundreds of megabytes for a while. Growth is therefore measured between *calm* samples, when no dream runs and
free memory has been returned to the system."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from typing import Any

import psutil

from app.explorer.explorer import Explorer
from app.loop.heap import trim_heap
from engine.gl.context import renderer_name
from scenes.scene import Scene

SOFTWARE = "llvmpipe", "softpipe"  # renderers whose textures are in the program's own memory


CALMING = 1.0  # seconds in which a cancelled worker ends its current call
WARM_UP = 0.25  # share of the calm samples that are ignored
WINDOW = 0.2  # share of the others, at either end, that figures are computed from
PARTS = "resident", "volume", "timeline", "undo", "gone", "scene", "rest"


@dataclass(frozen=True)
class MemoryUse:
    """Bytes at a moment. resident: of the process; volume: painted pages, where GL is software, including those of a volume
    being built; timeline: pictures of dreams; undo: paint covered by strokes; gone: paint of removed surfaces;
    scene: blocks, charts and light, and GL's copies where GL is software.

    doing: what uses memory temporarily, in words; building: whether a scene is being built; calm: see above."""

    seconds: float
    resident: int
    volume: int
    timeline: int
    undo: int
    gone: int = 0
    scene: int = 0
    doing: str = ""
    building: bool = False
    calm: bool = False

    @property
    def rest(self) -> int:
        return self.resident - self.volume - self.timeline - self.undo - self.gone - self.scene


def measure_memory(explorer: Explorer, seconds: float, calm: bool = False) -> MemoryUse:
    """Measure now.

    calm: first cancel the running dream, collect garbage and trim the heap; takes CALMING.
    """
    if calm:
        if explorer.state.open_scene is not None:
            explorer.state.open_scene.painter.cancel()
            time.sleep(CALMING)
        gc.collect()
        trim_heap()
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
        calm,
    )


def summarize_growth(memory_samples: list[MemoryUse]) -> dict[str, Any]:
    """MB of each part at the end, its growth since the warm-up, and the peak. memory_samples: in order of time.

    Compares the minimum of an early window of the calm samples with that of a late one, without those taken while a scene was
    being built. Holes in the C library's heap come and go; the minimum grows only if something leaks.
    """
    calm = [a for a in memory_samples if a.calm]
    calm = [a for a in calm[round(WARM_UP * len(calm)) :] if not a.building]
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

"""Where the memory is: what grows by right, up to its limit, and the rest, which may not grow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psutil

from app.explorer.explorer import Explorer
from engine.gl.context import renderer_name
from scenes.scene import Scene

SOFTWARE = "llvmpipe", "softpipe"  # renderers whose textures are in the program's own memory


WARM = 0.25  # share of the soak after which memory is compared
WINDOW = 0.2  # share of what is compared, at either end of it, that a figure is taken from
PARTS = "resident", "volume", "timeline", "undo", "gone", "scene", "rest"


@dataclass(frozen=True)
class Account:
    """Bytes at a moment. resident: of the process; volume: the painted pages, also of a volume that is made ready
    in this one's place, where GL is software; timeline: pictures of dreams; undo: what strokes have covered;
    gone: paint whose surfaces are gone; scene: blocks, charts and light, and GL's copies where it is software.

    doing: what takes memory for a moment, in words; building: whether that is a scene being made ready."""

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


def account(explorer: Explorer, seconds: float) -> Account:
    x, open_scene = explorer, explorer.state.open_scene
    pages = x.services.rebuild.bytes + (open_scene.volume.atlas.bytes if open_scene is not None else 0)
    software = renderer_name(x.ctx).startswith(SOFTWARE)
    building = x.state.scene if open_scene is None else x.services.rebuild.wanted if x.services.rebuild.busy else None
    running = open_scene.painter.client.running if open_scene is not None else None
    dreaming = f"dreaming {'×'.join(map(str, running.gathered.size))} pixels" if running is not None else ""
    return Account(
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


def growth(accounts: list[Account]) -> dict[str, Any]:
    """MB of each part at the end, how much that is more than after the warm-up, and the peak. accounts: in the order of time, evenly.

    The least is compared with the least, between moments at which no scene was being built: the C library's holes and what is made
    for a moment come and go; what the process can't do without grows only when something leaks.
    """
    calm = [a for a in accounts[round(WARM * len(accounts)) :] if not a.building]
    width = max(1, round(WINDOW * len(calm)))
    figures: dict[str, Any] = {}
    for part in PARTS if calm else ():
        before, after = (min(getattr(a, part) for a in some) / 1e6 for some in (calm[:width], calm[-width:]))
        figures |= {f"{part}_mb": round(after, 1), f"{part}_grown_mb": round(after - before, 1)}
    peak = max(accounts, key=lambda a: a.resident)
    return figures | {
        "resident_peak_mb": round(peak.resident / 1e6, 1),
        "soak_peak": {"seconds": peak.seconds, "doing": peak.doing}
        | {f"{part}_mb": round(getattr(peak, part) / 1e6, 1) for part in PARTS},
    }


def _size(scene: Scene) -> str:
    depth, width = scene.map.shape
    highest = max(material.height for material in scene.materials)
    return f"{scene.name}: {width} × {depth} blocks, up to {highest:g} high, {scene.voxels_per_block} voxels a block"

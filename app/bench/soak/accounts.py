"""Where the memory is: what grows by right, up to its limit, and the rest, which may not grow."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import psutil

from app.explorer.explorer import Explorer
from engine.context import renderer_name

SOFTWARE = "llvmpipe", "softpipe"  # renderers whose textures are in the program's own memory


@dataclass(frozen=True)
class Account:
    """Bytes at a moment. resident: of the process; volume: the painted pages, also of a volume that is made ready
    in this one's place, where GL is software; timeline: pictures of dreams;
    undo: what strokes have covered; gone: paint whose surfaces are gone."""

    seconds: float
    resident: int
    volume: int
    timeline: int
    undo: int
    gone: int = 0

    @property
    def rest(self) -> int:
        return self.resident - self.volume - self.timeline - self.undo - self.gone


def account(explorer: Explorer, seconds: float) -> Account:
    pages = explorer.remodel.bytes + (explorer.stage.volume.atlas.bytes if explorer.stage is not None else 0)
    software = renderer_name(explorer.ctx).startswith(SOFTWARE)
    return Account(
        round(seconds, 2),
        psutil.Process().memory_info().rss,
        pages if software else 0,
        explorer.timeline.bytes,
        explorer.retouch.bytes,
        explorer.remodel.shelf.bytes,
    )


WARM = 0.25  # share of the soak after which memory is compared
WINDOW = 0.1  # share of it that a figure is the median of: scenes of all sizes come and go


def growth(accounts: list[Account]) -> dict[str, Any]:
    """MB after the warm-up, at the end, and how much that is more, of each part. accounts: in the order of time, evenly."""
    rows = [asdict(a) | {"rest": a.rest} for a in accounts]
    n, figures = len(rows), {}
    width = max(1, round(WINDOW * n))
    warm = rows[round(WARM * n) :][:width]
    for part in ("resident", "volume", "timeline", "undo", "gone", "rest"):
        before, after = (float(np.median([row[part] for row in some])) / 1e6 for some in (warm, rows[-width:]))
        figures |= {f"{part}_mb": round(after, 1), f"{part}_grown_mb": round(after - before, 1)}
    return figures

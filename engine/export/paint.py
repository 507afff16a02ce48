"""What a world file holds, as plain arrays: the only part of the export that knows how worlds are stored."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from base.grid import CELL
from engine.geometry.charts import Charts
from engine.geometry.pack import PAGE
from engine.storage.world import open_world, read_world
from scenes.scene import Scene


@dataclass(frozen=True)
class Paint:
    """The colours of painted texels.

    rows: page number → int32 [PAGE,PAGE], the row of `colours` of each texel, −1 where it is not painted;
    colours: uint8 [n,CELL,CELL,3]; about: whose world it is, settings: what it was painted with when it was saved, as JSON values.
    """

    rows: Mapping[int, np.ndarray]
    colours: np.ndarray
    about: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)

    def texels(self, charts: Charts, chart: int) -> np.ndarray:
        """int32 [h,w]: the row of `colours` of each texel of a chart, −1 where it is not painted."""
        (w, h), x, y = charts.size[chart], charts.x[chart], charts.y[chart]
        rows = self.rows.get(int(charts.page[chart]))
        return np.full((h, w), -1, np.int32) if rows is None else rows[y : y + h, x : x + w]


def scene_of(path: Path) -> str:
    """The name of the scene that a world was painted in. Raises InputError when the file is no world."""
    return read_world(path).header.scene


def read_paint(
    path: Path, scene: Scene, charts: Charts, advance: Callable[[float], None] = lambda share: None
) -> Paint:
    """Read the colours of a world, whichever model painted it. advance: called with the share that is read, 0..1.

    Raises InputError when the file is damaged or belongs to other blocks.
    """
    stored = read_world(path)
    header = stored.header
    world = open_world(path, scene=scene, charts=charts, model=header.model, channels=header.channels)
    rows: dict[int, np.ndarray] = {}
    colours = [np.zeros((0, CELL, CELL, 3), np.uint8)]
    count = 0
    for number, ((page, _), texels) in enumerate(world.tiles(), 1):
        table = rows.setdefault(page, np.full((PAGE, PAGE), -1, np.int32))
        table.reshape(-1)[texels.index] = np.arange(count, count + len(texels.index), dtype=np.int32)
        colours.append(texels.colour)
        count += len(texels.index)
        advance(number / max(1, world.count))
    return Paint(rows, np.concatenate(colours), asdict(header), settings_of(stored.extras))


def settings_of(extras: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The settings of dreams and painting in what a world file holds beside its paint; {} in a file that has none."""
    settings = extras.get("settings")
    found = {}
    for part in ("dream", "paint"):
        values = settings.get(part) if isinstance(settings, Mapping) else None
        if isinstance(values, Mapping):
            found[part] = {name: value for name, value in values.items() if _is_plain(value)}
    return found


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(one, str) for one in value)
    return isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value))

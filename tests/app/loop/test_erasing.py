"""Erased paint comes back as it was, the last first."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock

from app.loop.erasing import Erasures, all_texels, erase, restore
from engine.atlas.volume import LatentVolume
from engine.geometry.charts import build_charts
from scenes.extrude import extrude_scene
from tests.engine.village import CAMERAS, CHANNELS, SIZE, dreamed, village_scene


def paint_of(volume: LatentVolume) -> dict:
    return {(n, kind): array.tobytes() for n, page in volume.snapshot().pages.items() for kind, array in page.items()}


def test_undo_brings_back_what_was_erased_whatever_was_painted_since(ctx) -> None:
    scene = village_scene()
    volume = LatentVolume(ctx, build_charts(extrude_scene(scene), scene), CHANNELS)
    painter, erasures = MagicMock(volume=volume), Erasures()
    views = [CAMERAS["street"], CAMERAS["wall"]]
    volume.scatter(volume.gather(views[0], SIZE), dreamed(views[0]))
    first = paint_of(volume)
    erasures.add(erase(painter, all_texels(volume)))
    assert not any(page["state"].any() for page in volume.snapshot().pages.values())
    erasures.add(erase(painter, all_texels(volume)))  # nothing is left to erase
    assert len(erasures) == 1
    revision = volume.revision
    restore(painter, erasures.pop())
    assert paint_of(volume) == first and volume.revision > revision and len(erasures) == 0
    erasures.add(erase(painter, all_texels(volume)))
    volume.scatter(volume.gather(views[0], SIZE), dreamed(views[0], seed=1))
    assert paint_of(volume) != first
    restore(painter, erasures.pop())
    assert paint_of(volume) == first
    volume.release()


def test_the_oldest_is_forgotten_first_and_the_last_never() -> None:
    def patch(size: int) -> Any:
        return MagicMock(bytes=size)

    erasures, items = Erasures(limit=10), [[patch(6)], [patch(3), patch(1)], [patch(5)], [patch(40)]]
    for item, left in zip(items, (1, 2, 2, 1), strict=True):
        erasures.add(item)
        assert len(erasures) == left
    assert erasures.pop() is items[-1]

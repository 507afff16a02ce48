"""docs/lessons.md is written from the table of stations, and explains every field of an exported lesson."""

from __future__ import annotations

import json
from pathlib import Path

from diffusion.lessons.markdown import PAGE, with_stations
from diffusion.lessons.stations import STATIONS


def test_the_page_holds_the_stations_as_they_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_stations(page) == page, "run python -m diffusion.lessons.markdown"
    assert all(station.question in page.replace("\n", " ") for station in STATIONS)


def test_the_page_explains_every_field(written: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")

    def names(value: object) -> set[str]:
        if isinstance(value, dict):
            return set(value).union(*map(names, value.values()))
        return set().union(*map(names, value)) if isinstance(value, list) else set()

    told = json.loads((written / "metadata.json").read_text("utf-8"))
    for lesson in told["lessons"]:
        lesson["settings"], lesson["answers"] = {}, {"noise": lesson["answers"]["noise"]}
    described = json.loads((written / "architecture.json").read_text("utf-8"))
    unknown = {name for name in names(told) | names(described) if f"`{name}`" not in page}
    assert unknown <= {"noisy", "prediction", "picture"}, unknown

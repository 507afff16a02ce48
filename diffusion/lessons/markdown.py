"""The stations of the tour in docs/lessons.md, written from their table.

python -m diffusion.lessons.markdown
"""

from __future__ import annotations

import textwrap
from pathlib import Path

from base.files import atomic_write
from base.marked_text import fill_marked
from diffusion.lessons.stations import DEPTHS, STATIONS, Station

PAGE = Path(__file__).parents[2] / "docs" / "lessons.md"
WIDTH = 120


def with_stations(page: str) -> str:
    """The page with the stations as they are now."""
    text = "\n\n".join(_station(number, station) for number, station in enumerate(STATIONS, 1))
    return fill_marked(page, "stations", f"\n{text}\n")


def _station(number: int, station: Station) -> str:
    depths = (f"- *{name}.* {text}" for name, text in zip(DEPTHS, station.depths, strict=True))
    parts = [
        f"### {number}. {station.title}",
        "\n".join(textwrap.fill(line, WIDTH, subsequent_indent="  ", break_long_words=False) for line in depths),
        *([f"![{station.title}](images/{station.picture})"] if station.picture else []),
        textwrap.fill(f"In the window: {station.look[0]}", WIDTH),
        textwrap.fill(f"**{station.question}** {' · '.join(station.choices)}", WIDTH),
    ]
    return "\n\n".join(parts)


def main() -> None:
    page = with_stations(PAGE.read_text(encoding="utf-8"))
    with atomic_write(PAGE) as temporary:
        temporary.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()

"""Prose that is read in a terminal or a diff: no line over 120 characters, but for tables, code, pictures and addresses."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from app.commands import COMMANDS, DEFAULT

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*.md")])
MOST = 120


def prose(text: str) -> list[str]:
    """The lines of a page that can be broken."""
    lines, code = [], False
    for line in text.splitlines():
        code ^= line.lstrip().startswith("```")
        if not code and not line.lstrip().startswith(("|", "```", "!", "<", "#")) and "](http" not in line:
            lines.append(line)
    return lines


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_lines_are_short_enough(page: Path) -> None:
    assert [line for line in prose(page.read_text(encoding="utf-8")) if len(line) > MOST] == []


def test_tables_and_code_are_no_prose() -> None:
    assert prose("a\n| b |\n```\nc\n```\n![d](e)\nf") == ["a", "f"]


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_files_that_newcomers_are_sent_to_are_there(page: str) -> None:
    named = set(
        re.findall(
            r"`((?:app|base|diffusion|engine|integrations|scenes|shaders|tests)/[\w./]+)`", (ROOT / page).read_text()
        )
    )
    assert len(named) > 5
    assert [name for name in named if "NAME" not in name and not (ROOT / name).exists()] == []


def test_words_that_newcomers_look_for_are_explained() -> None:
    """Where a guidance goes, where paint is written, where Ctrl+S is handled, what a texel is; and the names given are real."""
    page = (ROOT / "docs/architecture.md").read_text()
    for word, file, name in (
        ("a guidance", "diffusion/denoisers/guidance.py", "GUIDANCE"),
        ("where paint is written", "engine/atlas/scatter.py", "def paint("),
        ("Ctrl+S", "app/state/keymap.py", "ACTIONS"),
        ("| texel |", "engine/geometry/charts.py", "texel"),
    ):
        assert word in page and name in (ROOT / file).read_text()


def test_the_first_page_names_every_command_and_every_page() -> None:
    readme = (ROOT / "README.md").read_text()
    told = set(re.findall(r"^rayverie (\w+) ", readme, re.MULTILINE))
    assert COMMANDS.keys() - told == {DEFAULT}
    assert [page.name for page in sorted(ROOT.glob("docs/*.md")) if f"](docs/{page.name})" not in readme] == []


def test_the_changelog_tells_nothing_twice() -> None:
    changes = re.split(r"^(?=- )|\n\n", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    told = Counter(" ".join(change.split()) for change in changes if change.startswith("- "))
    assert [change for change, times in told.items() if times > 1] == []


def test_every_folder_of_sources_is_explained() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    folders = {
        file.parent
        for top in ("app", "diffusion", "engine", "integrations")
        for file in ROOT.glob(f"{top}/*/__init__.py")
    }
    assert [str(folder.relative_to(ROOT)) for folder in sorted(folders) if f"─ {folder.name}/ " not in page] == []

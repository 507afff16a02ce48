"""Style tags in prompts, `<style:PICTURE:0.8>`: which picture a material should look like. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from base.reading import is_file

# Possessive repeats (`++`) never give back what they took, so a pattern takes time in proportion to any text.
NUMBER = r"[+-]?+(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eE][+-]?+\d++)?+"
STYLE_TAG = re.compile(r"<style:(?P<style>[^<>]*+)>")
_WEIGHT = re.compile(rf"\s*+({NUMBER})\s*+")


def split_tag(style: str) -> tuple[str, str | None]:
    """(picture, weight as written or None) of what stands inside a style tag. A picture's name may hold colons."""
    name, colon, number = style.rpartition(":")
    found = _WEIGHT.fullmatch(number) if colon else None
    return (name.strip(), found[1]) if found else (style.strip(), None)


def with_absolute_styles(prompt: str, folder: Path) -> str:
    """The prompt with each picture that lies in `folder` by its full path; others stay as they are."""
    return _with_pictures(prompt, lambda name: str((folder / name).resolve()) if is_file(folder / name) else name)


def with_relative_styles(prompt: str, folder: Path) -> str:
    """The inverse: pictures inside `folder` by their path in it."""
    root = folder.resolve()

    def short(name: str) -> str:
        path = Path(name)
        return path.relative_to(root).as_posix() if path.is_absolute() and path.is_relative_to(root) else name

    return _with_pictures(prompt, short)


def _with_pictures(prompt: str, change: Callable[[str], str]) -> str:
    def renamed(found: re.Match[str]) -> str:
        picture, weight = split_tag(found["style"])
        return f"<style:{change(picture)}{'' if weight is None else f':{weight}'}>" if picture else found[0]

    return STYLE_TAG.sub(renamed, prompt)

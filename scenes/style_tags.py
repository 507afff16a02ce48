"""Style tags in prompts, `<style:PICTURE:0.8>`: which picture a material should look like. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
STYLE_TAG = re.compile(rf"<style:\s*(?P<picture>[^<>]*?)\s*(?::\s*(?P<weight>{NUMBER})\s*)?>")


def with_absolute_styles(prompt: str, folder: Path) -> str:
    """The prompt with each picture that lies in `folder` by its full path; others stay as they are."""
    return _with_pictures(prompt, lambda name: str((folder / name).resolve()) if (folder / name).is_file() else name)


def with_relative_styles(prompt: str, folder: Path) -> str:
    """The inverse: pictures inside `folder` by their path in it."""
    root = folder.resolve()

    def short(name: str) -> str:
        path = Path(name)
        return path.relative_to(root).as_posix() if path.is_absolute() and path.is_relative_to(root) else name

    return _with_pictures(prompt, short)


def _with_pictures(prompt: str, change: Callable[[str], str]) -> str:
    def renamed(found: re.Match[str]) -> str:
        weight = "" if found["weight"] is None else f":{found['weight']}"
        return f"<style:{change(found['picture'])}{weight}>" if found["picture"] else found[0]

    return STYLE_TAG.sub(renamed, prompt)

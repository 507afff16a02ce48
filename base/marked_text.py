"""Text that programs write into pages, between a comment with its name and one that says `end`."""

from __future__ import annotations

import re


def fill_marked(page: str, name: str, text: str) -> str:
    """The page with `text` as the lines between `<!-- name -->` and the next `<!-- end -->`. Raises ValueError without these."""
    marked = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    filled, count = marked.subn(lambda found: f"{found[1]}{text}\n{found[2]}", page, count=1)
    if not count:
        raise ValueError(f"has no place for {name}: <!-- {name} --> … <!-- end -->")
    return filled

"""Tables that programs write into pages."""

from __future__ import annotations

import pytest

from base.marked_text import fill_marked

PAGE = "a\n<!-- one -->\nold\n<!-- end -->\nb\n<!-- two -->\nkept\n<!-- end -->\n"


def test_the_text_between_the_marks_is_replaced_and_nothing_else() -> None:
    filled = fill_marked(PAGE, "one", r"| \1 |")
    assert filled == PAGE.replace("old", r"| \1 |")
    assert fill_marked(filled, "one", "old") == PAGE


@pytest.mark.parametrize("page", ["", "<!-- two -->\n", "<!-- two -->\nkept\n<!-- end -->\n"])
def test_a_page_without_a_place_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="has no place for one"):
        fill_marked(page, "one", "new")

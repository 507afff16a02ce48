"""Pictures fitted into a view: covering it, contained in it, blended at their soft edges, shown where they will lie."""

from __future__ import annotations

import numpy as np
import pytest

from app.actions.image_fit import centre, composite_over, contain, cover
from app.panels.placed import place_box


def test_a_picture_covers_or_is_contained_in_the_middle() -> None:
    picture = np.full((30, 60, 4), 200, np.uint8)
    picture[:, :10, 0] = 0
    assert (
        cover(picture, (40, 40)).shape == (40, 40, 4) and cover(picture, (40, 40))[..., 0].min() > 150
    )  # sides cut off
    whole = contain(picture, (40, 40))
    assert whole[..., 3].any(1).sum() == 20 and whole[..., 3].any(0).all() and (whole[20, 0, 0] < 50)
    assert centre(picture, (61, 31)).sum() == picture.sum()


def test_a_soft_edge_is_blended_with_paint_and_with_bare_surfaces() -> None:
    placed = np.zeros((1, 5, 4), np.uint8)
    placed[0, :, 3] = 255, 128, 64, 0, 128
    placed[..., 0] = 200
    under = np.zeros((1, 5, 4), np.uint8)
    under[0, :4] = 0, 100, 0, 255  # the last is bare
    bare = np.full((1, 5, 3), (0, 0, 80), np.uint8)
    colours, mask = composite_over(placed, under, bare)
    np.testing.assert_array_equal(mask[0], [True, True, True, False, True])
    expected = [[200, 0, 0], [100, 50, 0], [50, 75, 0], [0, 100, 0], [100, 0, 40]]
    np.testing.assert_allclose(colours[0], expected, atol=1)


@pytest.mark.parametrize(("size", "whole"), [((200, 120), min), ((60, 300), max)])
def test_a_picture_is_shown_where_it_will_be_laid(size: tuple[int, int], whole) -> None:
    """In the same place as image_fit puts it, up to a pixel."""
    box = (0.0, 0.0, 320.0, 240.0)
    picture = np.full((size[1], size[0], 4), 255, np.uint8)
    laid = (contain if whole is min else cover)(picture, (320, 240))[..., 3] > 127
    x, y, width, height = place_box(*size, box, whole)
    rows, columns = np.nonzero(laid)
    assert abs(columns.min() - max(x, 0)) <= 1 and abs(columns.max() + 1 - min(x + width, 320)) <= 1
    assert abs(rows.min() - max(y, 0)) <= 1 and abs(rows.max() + 1 - min(y + height, 240)) <= 1

"""The patchwork canvases of the materials measurement, and the share of a canvas that `cropped` pays for them."""

from __future__ import annotations

import numpy as np
import pytest

from app.bench.materials import patchwork, share_of_boxes


@pytest.mark.parametrize("count", [1, 4, 8, 16])
def test_patches_cover_the_canvas_once_and_equally(count: int) -> None:
    canvas = patchwork(count, 32, 8, seed=0)
    masks = np.stack([region.mask for region in canvas.regions])
    assert len({region.prompt for region in canvas.regions}) == count
    assert (masks.sum(0) == 1).all() and (masks.sum((1, 2)) == 32 * 32 / count).all()


def test_boxes_are_the_patches_and_their_margins() -> None:
    assert share_of_boxes(patchwork(1, 32, 8, 0), 4) == 1.0
    assert share_of_boxes(patchwork(4, 32, 8, 0), 4) == 4 * 20 * 20 / 32**2

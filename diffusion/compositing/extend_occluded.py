"""A canvas as if what is near were not there: what a surface looks like beside an outline is dreamed as if it went on behind it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from diffusion.canvas import Canvas


def unhidden(canvas: Canvas) -> Canvas:
    """The canvas with the surfaces that go on behind others (`Canvas.behind`) laid bare: their prompts, their depth, no memory."""
    if canvas.behind is None:
        return canvas
    index = canvas.behind.ravel()
    bare = (index != np.arange(index.size)).reshape(canvas.behind.shape)

    def there(plane: np.ndarray) -> np.ndarray:
        return plane.ravel()[index].reshape(plane.shape)

    return replace(
        canvas,
        regions=tuple(replace(region, mask=there(region.mask)) for region in canvas.regions),
        change=np.where(bare, np.float32(1), canvas.change),
        known=(canvas.change < 1 if canvas.known is None else canvas.known) & ~bare,
        depth=None if canvas.depth is None else there(canvas.depth),
        behind=None,
    )

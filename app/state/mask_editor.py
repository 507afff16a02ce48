"""The state of the mask editor: a picture, the mask over it with undo and redo, and the tool in the hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.files.picture import Source
from app.state.brush import Point
from app.state.history import History
from app.state.mask_shapes import FULL, draw_lasso, draw_rectangle, draw_stroke

LARGEST = 1024  # pixels of a mask's longer side; it is later resized to the picture
SHOWN = 512  # pixels of the longer side of the coloured overlay
TINT = (255, 0, 220)  # unlike any material
OPACITY = 165  # of the tint, out of 255
LEAST, MOST = 1.0, 300.0  # radius of the brush, in pixels of the mask

# tool → what it does
TOOLS: Mapping[str, str] = {
    "brush": "Paint the area to repaint. The right mouse button removes.",
    "eraser": "Remove from the mask.",
    "rectangle": "Drag from corner to corner. The right mouse button removes.",
    "lasso": "Draw around the area to repaint. The right mouse button removes.",
}


@dataclass(frozen=True, eq=False)
class Mask:
    """values: uint8 [H,W]. Two masks are equal only if they are the same object."""

    values: np.ndarray


class MaskEditor:
    """An open mask editor.

    source: the picture, at most LARGEST pixels a side; path: its file
    tool: a key of TOOLS; radius: pixels of the mask; softness: 0..1
    way: points of the line that is being drawn, in pixels of the mask; () between two
    used: the file that the mask was written to or came from, None before
    """

    def __init__(self, path: Path, source: Source, mask: np.ndarray | None = None) -> None:
        """mask: uint8 of the picture's size, to go on with."""
        self.path, self.source = path, source
        start = np.zeros(source.picture.shape[:2], np.uint8) if mask is None else mask
        self.history: History[Mask] = History(Mask(start), holds=lambda mask: (mask.values,))
        self.tool, self.radius, self.softness, self.feather = "brush", max(4.0, max(start.shape) / 24), 0.3, 8.0
        self.way: tuple[Point, ...] = ()
        self.used: Path | None = None
        self._removes = False
        self._live: np.ndarray | None = None  # with the stroke that is being drawn
        self._looked: tuple[np.ndarray, np.ndarray, bool] | None = None  # a mask, its tint, and whether it is empty

    @property
    def mask(self) -> np.ndarray:
        """uint8 [H,W], with what is being drawn."""
        return self.history.present.values if self._live is None else self._live

    @property
    def empty(self) -> bool:
        return self._look()[1]

    @property
    def drawing(self) -> bool:
        return bool(self.way)

    def press(self, point: Point, remove: bool = False) -> None:
        """Handle a press of the button."""
        self.way, self._removes = (point,), remove or self.tool == "eraser"
        self._draw((point,))

    def move(self, point: Point) -> None:
        """Handle movement with the button down."""
        if self.way and point != self.way[-1]:
            self.way = (*self.way, point) if self.tool != "rectangle" else (self.way[0], point)
            self._draw((*self.way[-2:],))

    def release(self) -> None:
        """Handle the release of the button: the drawing becomes one step of undo."""
        if not self.way:
            return
        if self.tool == "rectangle":
            self._live = draw_rectangle(self.mask, self.way[0], self.way[-1], self._removes)
        elif self.tool == "lasso":
            self._live = draw_lasso(self.mask, self.way, self._removes)
        self.change(lambda mask: mask if self._live is None else self._live)
        self.way, self._live = (), None

    def change(self, edit: Callable[[np.ndarray], np.ndarray]) -> None:
        """Change the mask by a function of app.state.mask_shapes. A change without effect is no step."""
        before = self.history.present.values
        after = edit(before)
        if after is not before and (after != before).any():
            self.history = self.history.to(Mask(after))

    def undo(self) -> None:
        self.history = self.history.undo()

    def redo(self) -> None:
        self.history = self.history.redo()

    def resize(self, factor: float) -> None:
        """Make the brush larger or smaller."""
        self.radius = min(max(self.radius * factor, LEAST), MOST)

    @property
    def tint(self) -> np.ndarray:
        """Return the mask as a coloured overlay, uint8 [h,w,4]; the same array while the mask is the same."""
        return self._look()[0]

    def _look(self) -> tuple[np.ndarray, bool]:
        """(tint, empty) of the mask, found once for each."""
        if self._looked is None or self._looked[0] is not self.mask:
            step = max(1, round(max(self.mask.shape) / SHOWN))
            small = self.mask[::step, ::step]
            tint = np.empty((*small.shape, 4), np.uint8)
            tint[..., :3] = TINT
            tint[..., 3] = small.astype(np.uint16) * OPACITY // FULL
            self._looked = self.mask, tint, not self.mask.any()
        return self._looked[1:]

    def _draw(self, points: tuple[Point, ...]) -> None:
        if self.tool in ("brush", "eraser"):
            self._live = draw_stroke(self.mask, points, self.radius, self.softness, self._removes)

"""Places rectangles in a larger one without overlap, each as high up as it goes."""

from __future__ import annotations


class Skyline:
    """The free part of a rectangle of `width` × `height`, below what was placed (bottom-left packing, upside down)."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._steps = [(0, 0)]  # x where a step begins, y of the first free row there; x rises

    def place(self, width: int, height: int) -> tuple[int, int] | None:
        """Return x and y of a rectangle with its area reserved, the uppermost free place and of these the leftmost; None without room."""
        lefts = [x for x, _ in self._steps if x + width <= self.width]
        y, x = min(((self._top(number, x + width), x) for number, x in enumerate(lefts)), default=(self.height, 0))
        if y + height > self.height:
            return None
        self._raise(x, x + width, y + height)
        return x, y

    def _top(self, number: int, right: int) -> int:
        """The first row that is free from where a step begins up to `right`."""
        return max(y for x, y in self._steps[number:] if x < right)

    def _raise(self, left: int, right: int, y: int) -> None:
        """Set the first free row from `left` up to `right`."""
        behind = [step for step in self._steps if step[0] <= right][-1][1]
        kept = [step for step in self._steps if step[0] < left or step[0] > right]
        after = [(right, behind)] if right < self.width else []
        self._steps = sorted([*kept, (left, y), *after])

"""The state of the tool that places, removes and raises blocks in the view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scenes.scene import Scene

NOT_ON_MAP = -1  # the map value of the sky
TOOLS: Mapping[str, str] = {
    "place": "Place: click to place a block of the selected material, drag to place a row. Shift removes.",
    "remove": "Remove: click or drag to remove blocks. Shift places.",
    "raise": "Raise: drag a block up or down. Shift raises all blocks of its material.",
}
OPPOSITE = {"place": "remove", "remove": "place", "raise": "raise"}


@dataclass(frozen=True)
class Press:
    """A press of the left button. tool: of TOOLS; scene: as it was before; point: pressed place (x, y, z) in blocks; x, z: the block;
    whole: whether it applies to all blocks of the material."""

    tool: str
    scene: Scene
    point: tuple[float, float, float]
    x: int
    z: int
    whole: bool


@dataclass
class Builder:
    """tool: a key of TOOLS, or "" without one in the hand; last: the tool chosen last; value: the material chosen in the Scene
    panel, a map value or NOT_ON_MAP; press: what this press of the button began."""

    tool: str = ""
    last: str = "place"
    value: int = 1
    press: Press | None = None

    def choose(self, tool: str) -> None:
        """Select a tool of TOOLS, or none ("")."""
        self.tool, self.last, self.press = tool, tool or self.last, None

    def choose_by_shift(self, shift: bool) -> str:
        """Return the selected tool, or with Shift its opposite."""
        return OPPOSITE[self.tool] if shift and self.tool else self.tool

"""Data of everything over the scene: toasts, the open question, and open dialogs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


@dataclass(frozen=True)
class Question:
    """A question with its answers: (button label, what it does). A further button, which the dialog adds, does nothing."""

    title: str
    words: str
    answers: tuple[tuple[str, Callable[[], None]], ...]


@dataclass(frozen=True, eq=False)
class FileDialog:
    """A dialog about files. kind: "new", "open", "save_as", "export_world", "picture", "path", "input", "mask", "control",
    "settings", "bank", "models" or "run"; folder: shown first; name: proposed."""

    kind: str
    folder: Path
    name: str = ""


class Toast(NamedTuple):
    """A message over the scene. level: "info", "warning" or "error"; until: when it disappears, on the explorer's clock."""

    text: str
    level: str
    until: float


@dataclass
class Overlays:
    """What is open. start: the start page, which lies below dialogs; help: the list of keys; palette: the command palette;
    first_help: the line of help of the first start, which is drawn while nothing covers the scene; tour: the Lessons panel;
    now: seconds on the explorer's clock in this frame."""

    start: bool = False
    help: bool = False
    palette: bool = False
    question: Question | None = None
    file_dialog: FileDialog | None = None
    first_help: bool = False
    tour: bool = False
    now: float = 0.0
    toasts: list[Toast] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether a dialog or the start page is open, which takes the keys."""
        return self.start or self.dialog

    @property
    def dialog(self) -> bool:
        """Whether a dialog is open, over the start page if that is open, too."""
        return self.help or self.palette or self.question is not None or self.file_dialog is not None

    def close(self) -> None:
        """Close all dialogs; without one, the start page."""
        self.start &= self.dialog
        self.close_dialogs()

    def close_dialogs(self) -> None:
        self.help = self.palette = False
        self.question = self.file_dialog = None

    def toast(self, text: str, level: str = "info", seconds: float = 4.0, instead_of: str = "") -> None:
        """Show a message for some seconds. instead_of: start of messages that it replaces; "" replaces none."""
        if instead_of:
            self.toasts = [toast for toast in self.toasts if not toast.text.startswith(instead_of)]
        self.toasts.append(Toast(text, level, self.now + seconds))

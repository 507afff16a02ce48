"""The progress bar of the commands. It disappears if a command ends with an error about its input."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from base.errors import InputError


class CommandProgress(Progress):
    """Rich's progress bar, which is removed if the block raises InputError."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.live.transient = isinstance(error, InputError)
        if self.live.transient and not self.console.is_interactive:
            self.live.stop()  # Progress.stop adds an empty line
        else:
            super().__exit__(kind, error, trace)


def progress(console: Console) -> Progress:
    """Create a progress bar: description, progress, elapsed and remaining time, and a word."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("remaining"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[words]}", markup=False),
    )
    return CommandProgress(*columns, console=console)


def bytes_progress(console: Console) -> Progress:
    """Create a progress bar for bytes: description, amount, speed and remaining time."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    return CommandProgress(*columns, console=console)

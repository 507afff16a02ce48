"""The progress bar of the commands; where they end in a sentence about the input, no bar at 0 % stands before it."""

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
    """Rich's bar, which leaves nothing behind when the input turns out to be wrong."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.live.transient = isinstance(error, InputError)
        if self.live.transient and not self.console.is_interactive:
            self.live.stop()  # Progress.stop adds an empty line
        else:
            super().__exit__(kind, error, trace)


def progress(console: Console) -> Progress:
    """The program's progress bar: what, how far, how long, how much longer, and a word."""
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
    """The same for bytes: what, how much of it, how fast, how much longer."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    return CommandProgress(*columns, console=console)

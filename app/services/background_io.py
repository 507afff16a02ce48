"""Reads and writes files on a background thread; callbacks run on the main thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class BackgroundIO:
    """Runs one task at a time. `submit` returns at once; call `poll` once a frame, which raises what a task raised."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="files")
        self._tasks: list[tuple[Future[Any], Callable[[Any], None]]] = []

    def submit(self, work: Callable[[], Any], then: Callable[[Any], None] = lambda _: None) -> None:
        """Run `work` in the background, and call `then` with its result in a later frame."""
        self._tasks.append((self._thread.submit(work), then))

    @property
    def busy(self) -> bool:
        return bool(self._tasks)

    def poll(self) -> None:
        """Run the callbacks of finished tasks."""
        while self._tasks and self._tasks[0][0].done():
            future, then = self._tasks.pop(0)
            then(future.result())

    def close(self) -> None:
        """Wait for running tasks."""
        self._thread.shutdown(wait=True)

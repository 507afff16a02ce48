"""A thread with exclusive access to a resource: the model, or a GL context."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")
URGENT, USUAL, LAST = range(3)


class Lane:
    """One thread that runs functions in order, urgent ones first."""

    def __init__(self, name: str) -> None:
        self._tasks: queue.PriorityQueue[tuple[int, int, Future | None, Callable[[], Any]]] = queue.PriorityQueue()
        self._count = itertools.count()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, function: Callable[[], T], *, urgent: bool = False) -> Future[T]:
        """Queue a function. Returns a future of its result."""
        future: Future[T] = Future()
        self._tasks.put((URGENT if urgent else USUAL, next(self._count), future, function))
        return future

    def call(self, function: Callable[[], T]) -> T:
        """Run a function before all waiting ones and return its result. Must not be called on the lane's own thread."""
        return self.submit(function, urgent=True).result()

    def close(self, seconds: float = 30.0) -> None:
        """Finish all submitted functions, then end the thread."""
        self._tasks.put((LAST, next(self._count), None, lambda: None))
        self._thread.join(seconds)

    def _run(self) -> None:
        while True:
            _, _, future, function = self._tasks.get()
            if future is None:
                return
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(function())
            except BaseException as error:
                future.set_exception(error)

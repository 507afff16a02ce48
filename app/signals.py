"""Signals that stop the program, kept until a moment at which it can stop: between frames, or between a dream's steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # no SIGHUP on Windows


class DeferredSignals:
    """A context in which SIGINT, SIGTERM and SIGHUP are collected in `received` instead of raising an exception.

    An exception raised inside a C callback or by the garbage collector is lost, and one raised inside a codec may leave its
    file open. Call `check` wherever the program may stop. A second Ctrl-C raises KeyboardInterrupt at once; a second SIGTERM
    or SIGHUP does not, because a terminal that closes often sends two. Does nothing outside of the main thread.
    """

    def __init__(self) -> None:
        self.received: list[int] = []
        self._before: dict[int, Any] = {}

    def check(self) -> bool:
        """Raise KeyboardInterrupt if a signal came. Else returns False, so that it serves as a dream's `cancelled`."""
        if self.received:
            raise KeyboardInterrupt
        return False

    def check_each(self, items: Iterable[T]) -> Iterator[T]:
        """The items one by one, with a `check` before each."""
        for item in items:
            self.check()
            yield item

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            found = (getattr(signal, name, None) for name in NAMES)
            numbers = [n for n in found if n is not None and signal.getsignal(n) != signal.SIG_IGN]  # as nohup sets
            self._before = {number: signal.signal(number, self._receive) for number in numbers}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number: int, _: object) -> None:
        impatient = number == signal.SIGINT and signal.SIGINT in self.received
        self.received.append(number)
        if impatient:
            raise KeyboardInterrupt

"""Runs work on a daemon thread, which doesn't keep the program from ending, as the threads of an executor do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def run_as_daemon(work: Callable[[], T], name: str) -> Future[T]:
    """Run work that may never end, such as asking a disk that doesn't answer. name: of the thread."""
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(work())
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return answer

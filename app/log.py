"""The latest messages, with time and level, for the log panel and the terminal."""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import dataclass

LIMIT = 500  # entries kept
LEVELS = {"dream": logging.DEBUG, "warning": logging.WARNING, "error": logging.ERROR}  # else INFO


@dataclass(frozen=True)
class Entry:
    """when: seconds since the epoch; level: "info", "dream", "warning" or "error"; details: a traceback, a dream's parts, or "";
    count: how often in a row."""

    when: float
    level: str
    text: str
    details: str = ""
    count: int = 1

    @property
    def failed(self) -> bool:
        """Whether it reports a failure of the program, with its traceback."""
        return bool(self.details) and self.level != "dream"


class Log:
    """A bounded list of entries. The same sentence twice in a row is one entry with a count: a broken frame repeats itself."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.entries: deque[Entry] = deque(maxlen=limit)
        self._logger = logging.getLogger("rayverie")

    def add(self, text: str, level: str = "info", details: str = "") -> None:
        last = self.entries[-1] if self.entries else None
        if last is not None and (last.text, last.level) == (text, level):
            self.entries[-1] = Entry(time.time(), level, text, details, last.count + 1)
            return
        self.entries.append(Entry(time.time(), level, text, details))
        self._logger.log(LEVELS.get(level, logging.INFO), "%s%s", text, f"\n{details}" if details else "")

"""What is copied from the log."""

from __future__ import annotations

import time

from app.log import Log
from app.panels.log import format_entry


def test_an_entry_is_copied_with_its_time_and_details() -> None:
    log = Log()
    log.add("Dreaming this view: 1.20 s", "dream", "steps: 800 ms\ndecoding: 400 ms")
    log.add("It is open")
    dream, plain = log.entries
    clock = time.strftime("%H:%M:%S", time.localtime(dream.when))
    assert format_entry(dream) == f"{clock}  Dreaming this view: 1.20 s\nsteps: 800 ms\ndecoding: 400 ms"
    assert not dream.failed and not plain.failed
    log.add("A part failed", "error", "Traceback")
    assert log.entries[-1].failed
    assert format_entry(plain).endswith("  It is open") and "\n" not in format_entry(plain)

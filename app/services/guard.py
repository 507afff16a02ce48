"""Calls a part of the program and reports its errors, so that other parts go on."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from app.loop.garbage import clear_traceback
from app.state.app_state import AppState
from base.errors import InputError


def run_guarded(state: AppState, what: str, part: Callable[[], None]) -> None:
    """Call `part` and count its time under the name `what`. An error is shown to the user and logged, not raised."""
    try:
        with state.profiler.part(what):
            part()
    except Exception as error:
        if isinstance(error, InputError):
            state.notify(str(error), "error")
        else:
            state.notify(f"{what} failed: {error or type(error).__name__}", "error", traceback.format_exc())
        clear_traceback(error)

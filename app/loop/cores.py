"""Divides the processor cores between software GL and the model."""

from __future__ import annotations

import os
from collections.abc import MutableMapping

SOFTWARE_GL = "LP_NUM_THREADS"  # Mesa's llvmpipe reads it when the first GL context is made; other drivers ignore it


def has_room_for_two_dreams() -> bool:
    """Whether a second dream may run beside the first one: while nothing moves, frames leave its core idle."""
    return (os.cpu_count() or 1) > 1


def leave_a_core_to_the_model(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let software GL use all cores but one, unless the user has set a number. Call before creating a GL context.

    On two cores, a frame then takes twice as long (20 ms instead of 10), but the model runs at 95 % of its speed instead of 50 %.
    """
    environment.setdefault(SOFTWARE_GL, str(max(1, (os.cpu_count() or 2) - 1)))

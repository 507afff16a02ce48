"""Why a command would do nothing now, for the menus and the palette."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.actions.context import ActionContext

# name of an action → the reason, and whether it holds
IDLE: Mapping[str, tuple[str, Callable[[ActionContext], bool]]] = {
    "stop": ("The camera is not moving by itself.", lambda context: not context.state.travel.under_way),
    "stop_export": ("No export is running.", lambda context: not context.services.export.busy),
}


def why_not(context: ActionContext, name: str) -> str:
    """Return why an action would do nothing now, or ""."""
    reason, holds = IDLE.get(name, ("", None))
    return reason if holds is not None and holds(context) else ""

"""`ActionContext`: what actions get to work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from app.loop.messages import Worker
from app.services.services import Services
from app.state.app_state import AppState
from app.state.platform import Platform


class PanelControl(Protocol):
    """What actions may ask of the panels. shown: whether the panels are drawn at all."""

    shown: bool

    @property
    def popup_open(self) -> bool: ...
    def close_popups(self) -> None: ...
    def bring_to_front(self, *titles: str) -> None: ...
    def reset_layout(self) -> None: ...


@dataclass(frozen=True)
class ActionContext:
    """state: what actions read and change; services: what does the slow work; platform: the window; panels: their layout;
    worker: dreams, and answers questions about the network."""

    state: AppState
    services: Services
    platform: Platform
    panels: PanelControl
    worker: Worker

    def release_mouse(self) -> None:
        """Give the pointer back, which turned the camera."""
        self.state.looking = ""
        self.platform.grab_mouse(False)

    def open_dialog(self) -> None:
        """Make room for a dialog: give the pointer back and close the dialogs that are open."""
        self.release_mouse()
        self.state.overlays.close_dialogs()

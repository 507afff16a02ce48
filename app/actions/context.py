"""`ActionContext`: everything that actions may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from app.loop.messages import Worker
from app.services.services import Services
from app.state.app_state import AppState
from app.state.platform import Platform


class PanelControl(Protocol):
    """The part of the panels that actions control. shown: whether the panels are drawn."""

    shown: bool

    @property
    def popup_open(self) -> bool: ...
    def close_popups(self) -> None: ...
    def bring_to_front(self, *titles: str) -> None: ...
    def reset_layout(self) -> None: ...


@dataclass(frozen=True)
class ActionContext:
    """state: read and changed by actions; services: for slow work; platform: the window; panels: their layout; worker: the model."""

    state: AppState
    services: Services
    platform: Platform
    panels: PanelControl
    worker: Worker

    @property
    def changes_surfaces(self) -> bool:
        """Whether anything but a dream is changing the surfaces or their paint."""
        services = self.services
        return services.rebuild.busy or services.strokes.busy or self.state.brush.painting or services.worlds.loading

    def release_mouse(self) -> None:
        """Release the pointer from turning the camera."""
        self.state.looking = ""
        self.platform.grab_mouse(False)

    def open_dialog(self) -> None:
        """Prepare for a dialog: release the pointer and close open dialogs."""
        self.release_mouse()
        self.state.overlays.close_dialogs()

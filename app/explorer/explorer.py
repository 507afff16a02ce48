"""Creates the parts of the program in the window and closes them. Independent of the window library."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import moderngl

from app.actions.context import ActionContext
from app.actions.open_scene import show_scene
from app.actions.registry import run_action
from app.actions.travel import stop_travel
from app.explorer.frame import Frame
from app.explorer.input import Controls
from app.explorer.status import status_text
from app.files import keymap, recent
from app.files.preferences import remember
from app.gui.pictures import Pictures
from app.loop.messages import Worker
from app.panels.shell import Clipboard, Shell
from app.services.guard import run_guarded
from app.services.services import Services
from app.session import Session
from app.state.app_state import AppState
from app.state.platform import Folders, Platform
from scenes.scene import Scene

OPENING = 10.0  # seconds after which the program stops waiting for the first paint


class Explorer:
    """Creates and closes the state, the services, the panels and the frame. All on the GL thread.

    Call `frame` once a frame; `controls` takes the events in between.
    """

    def __init__(
        self,
        ctx: moderngl.Context,
        platform: Platform,
        session: Session,
        scene: Scene,
        worker: Worker,
        *,
        folders: Folders | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        folders = folders or Folders()
        self.ctx, self.platform, self.worker = ctx, platform, worker
        self.state = AppState(session, scene, folders, clock, recent=recent.load(folders.config))
        self.services = Services.create(ctx, self.state)
        clipboard = Clipboard(platform.read_clipboard, platform.write_clipboard)
        self.shell = Shell(ctx, folders.config / "layout.ini", clipboard)
        self.context = ActionContext(self.state, self.services, platform, self.shell, worker)
        self.controls = Controls(self.context, self.do)
        self.pictures = Pictures(ctx)
        self._frame = Frame(ctx, self.context, self.controls, self.shell, self.pictures, self.do)
        self.state.overlays.first_help = not self.shell.known
        self._began = clock()
        run_guarded(self.state, "Reading the keys", self._read_keys)
        show_scene(self.context, scene)

    def frame(self, refresh: bool = True) -> None:
        """Draw one frame into the platform's target. refresh: also if the target shows the same already."""
        self._frame.draw(refresh)

    def do(self, action: str, *details: Any) -> None:
        """Run an action by its name. details: what it takes beside the context."""
        run_action(self.context, action, *details)

    @property
    def opening(self) -> bool:
        """Whether the first paint is still to come and the user doesn't move."""
        scene, seconds = self.state.open_scene, self.state.clock() - self._began
        return seconds < OPENING and not self.controls.walked and (scene is None or scene.painter.opening)

    @property
    def changed(self) -> bool:
        """Whether the last frame drew anything into the target."""
        return self._frame.changed

    @property
    def waiting(self) -> bool:
        """Whether frames have nothing to do but wait: for a dream, or for the user, as nothing in the window changes."""
        if self.state.open_scene is None or self.state.travel.film is not None:
            return False
        client, viewport = self.state.open_scene.painter.client, self.services.viewport
        dreaming = client.running is not None
        return not client.tasks and (dreaming or not (self.changed or viewport.working))

    @property
    def status(self) -> str:
        """The status text."""
        return status_text(self.state, self.services)

    def close(self) -> None:
        """Release everything after a clean end. Closes the worker, and writes the world file if the session names one."""
        try:
            stop_travel(self.context)
            self.services.pictures.keep()
            worlds = self.services.worlds
            self.services.autosave.close(worlds.file if self.state.session.world else None)
        finally:
            self._release()
        self.services.recovery.forget()

    def _read_keys(self) -> None:
        self.state.keys.rebind(keymap.load(self.state.folders.config))

    def _release(self) -> None:
        self.worker.close()
        self.services.close()
        view = replace(self.state.session.view, size=self.platform.size)
        remember(self.state.folders.config, view)
        self._frame.close()
        self.shell.release()
        self.pictures.release()
        if self.state.open_scene:
            self.state.open_scene.release()

"""The explorer without a window: draws a picture for each browser and paints the views of those at rest."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
import viser

from app.commands import Web
from app.loop.erasing import Erasures, erase, restore, view_texels
from app.loop.headless_session import HeadlessSession, PaintSaver
from app.loop.messages import DreamFailed, Message, Preview, PreviewOptions
from app.loop.paint_survey import Survey, survey
from app.loop.painted_prompts import find_outdated_masks
from app.loop.painter import LOOK_AROUND, RESTING
from app.web.form import change_setting
from app.web.panels import SharedPanel, ViewPanel
from app.web.turns import Turns
from app.web.visitor import Visitor, wxyz_of
from base.errors import InputError
from diffusion.models.prompt_syntax import parse_prompt
from scenes.camera import Camera
from scenes.scene import Scene

PERIOD = 1 / 20  # seconds between pictures for a browser
STILL = 0.2  # seconds after which a still camera gets full resolution; before, half of it
COARSE = 60  # maximum JPEG quality while moving
UPDATE = 0.25  # seconds between updates of the panels' texts
AHEAD = 3.0  # blocks from a camera to the point that the mouse orbits


class WebExplorer:
    """Owns the browsers of a viser server. Call `frame` in a loop, on the GL thread; everything else may be called in any."""

    def __init__(
        self,
        server: viser.ViserServer,
        headless: HeadlessSession,
        keeper: PaintSaver,
        command: Web,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server, self._headless, self._keeper = server, headless, keeper
        self._command, self._clock = command, clock
        self._visitors: dict[int, tuple[Visitor, viser.ClientHandle, ViewPanel]] = {}
        self._wishes: SimpleQueue[tuple[Callable[[], None], viser.ClientHandle | None]] = SimpleQueue()
        self._turns, self._survey, self._erasures = Turns(), None, Erasures()
        self._saving: Future[None] | None = None
        self._looked_at = self._updated_at = -1e9
        self._words = 0  # how often the scene was reworded
        start = start_of(headless.scene, command.fov)
        server.scene.set_up_direction("+y")
        first = server.initial_camera
        first.position, first.look_at = np.array(start.position), target_of(start)
        first.fov, first.near, first.far = float(np.radians(start.fov)), start.near, start.far
        about = f"**{headless.scene.name}**, painted by {headless.model.id}. World file: `{headless.session.world}`"
        self._panel = SharedPanel(server.gui, self, headless.session, headless.scene, about)
        self._panel.show(headless.session, self._model)
        self._watch()

    def frame(self) -> bool:
        """Run one turn of the loop. Returns whether there was anything to do."""
        now = self._clock()
        wished = self._do_wishes()
        self._welcome(now)
        still = all(visitor.rests(now, STILL) for visitor, *_ in self._visitors.values())
        for message in self._painter.collect(RESTING if still else 1.0):
            self._take(message)
        self._paint(now)
        drawn = [self._draw(*visitor[:2], now) for visitor in self._visitors.values()]
        self._keeper.save_slice()
        if now - self._updated_at >= UPDATE:
            self._updated_at = now
            self._update_texts()
        return wished or any(drawn) or bool(self._painter.client.tasks)

    # requests of the panels

    def change(self, client: viser.ClientHandle | None, part: str, field: str, value: Any) -> None:
        def act() -> None:
            painter = self._painter
            try:
                painter.session = self._headless.session = change_setting(painter.session, part, field, value)
            finally:
                self._panel.show(painter.session, self._model)
            self._watch()

        self._wish(act, client)

    def reword(self, client: viser.ClientHandle | None, reword: Callable[[Scene], Scene]) -> None:
        def act() -> None:
            scene = reword(self._headless.scene)
            refuse_pictures(scene)
            self._headless.scene = self._painter.client.scene = scene
            self._words += 1
            self._say("New prompts", "They affect only new paint.", client)

        self._wish(act, client)

    def repaint_view(self, number: int) -> None:
        def act() -> None:
            if number in self._visitors and (camera := self._visitors[number][0].camera) is not None:
                self._erase(view_texels(self._painter, camera, self._visitors[number][0].size))

        self._wish(act)

    def repaint_outdated(self) -> None:
        painter = self._painter
        self._wish(lambda: self._erase(find_outdated_masks(painter.volume, painter.client.prompts, painter.scene)))

    def undo(self, client: viser.ClientHandle | None) -> None:
        def act() -> None:
            if not len(self._erasures):
                raise InputError("undo", "", "has nothing to bring back; nothing was erased, or all of it is back")
            restore(self._painter, self._erasures.pop())
            self._look_again()

        self._wish(act, client)

    def save(self) -> None:
        def act() -> None:
            if self._saving is None and (saving := self._keeper.save()) is not None:
                self._saving = saving
                saving.add_done_callback(lambda saved: self._wish(lambda: end(saved)))

        def end(saved: Future[None]) -> None:
            self._saving = None
            saved.result()
            self._say("Saved", f"What is painted is in {self._headless.session.world}.")

        self._wish(act)

    def look(self, number: int, **what: Any) -> None:
        def act() -> None:
            for name, value in what.items():
                setattr(self._visitors[number][0], name, value)

        self._wish(lambda: act() if number in self._visitors else None)

    def go(self, number: int, place: str) -> None:
        def act() -> None:
            path = self._headless.scene.paths.get(place)
            if path is None or number not in self._visitors:
                return
            camera, client = path.keyframes[0].camera, self._visitors[number][1]
            with client.atomic():
                client.camera.position, client.camera.wxyz = np.array(camera.position), np.array(wxyz_of(camera))
                client.camera.look_at = target_of(camera)

        self._wish(act)

    # parts of a frame

    @property
    def _painter(self) -> Any:
        return self._headless.painter

    @property
    def _model(self) -> Any:
        return self._painter.client.model

    def _wish(self, act: Callable[[], None], client: viser.ClientHandle | None = None) -> None:
        self._wishes.put((act, client))

    def _do_wishes(self) -> bool:
        done = False
        while True:
            try:
                act, client = self._wishes.get_nowait()
            except Empty:
                return done
            done = True
            try:
                act()
            except InputError as error:
                self._say("That can't be done", str(error), client, "red")

    def _welcome(self, now: float) -> None:
        """Update the list of browsers and their cameras."""
        clients = self._server.get_clients()
        for number in self._visitors.keys() - clients.keys():
            del self._visitors[number]
        for number in clients.keys() - self._visitors.keys():
            visitor = Visitor("painted", self._command.daylight)
            places = sorted(self._headless.scene.paths)
            panel = ViewPanel(clients[number], self, places, visitor.mode, visitor.daylight)
            self._visitors[number] = visitor, clients[number], panel
        for visitor, client, _ in self._visitors.values():
            visitor.look(client.camera, self._command.size, now)

    def _take(self, message: Message) -> None:
        if isinstance(message, Preview):
            self._panel.preview(message.image)
        elif isinstance(message, DreamFailed):
            self._say("A dream failed", message.problem, color="red")
        if not self._painter.client.running:
            self._panel.preview(None)

    def _paint(self, now: float) -> None:
        """Request the next dream: of a view at rest that lacks paint, else of a moving one."""
        painter, live = self._painter, self._painter.session.live
        owner = self._visitors.get(self._turns.current, (None,))[0]
        if owner is not None and owner.camera is not None:
            painter.leave(owner.camera)
            owner.coverage = painter.coverage
        if painter.client.busy or not live.auto:
            return
        seen = {number: visitor for number, (visitor, *_) in self._visitors.items() if visitor.camera is not None}
        waiting = {n for n, v in seen.items() if v.rests(now, live.rest) and v.finished != self._look_of(v)}
        resting = bool(waiting)
        if not resting and live.moving and now - self._looked_at >= LOOK_AROUND:
            waiting = {n for n, v in seen.items() if not v.rests(now, live.rest)}
        number = self._turns.choose(waiting, painter.client.dreams)
        if number is None:
            return
        visitor = seen[number]
        opening = painter.opening
        if painter.consider(visitor.camera, visitor.size, resting and not opening):
            self._looked_at = now
        elif resting and not opening:
            visitor.finished = self._look_of(visitor)

    def _look_of(self, visitor: Visitor) -> object:
        """Everything that determines whether a view lacks paint."""
        painter = self._painter
        return visitor.camera, visitor.size, painter.volume.revision, painter.session, self._words

    def _draw(self, visitor: Visitor, client: viser.ClientHandle, now: float) -> bool:
        """Send a picture if the view changed. Returns whether it did."""
        if visitor.camera is None or now - visitor.sent_at < PERIOD:
            return False
        moves = not visitor.rests(now, STILL)
        look = visitor.camera, visitor.size, self._painter.volume.revision, visitor.mode, visitor.daylight, moves
        if visitor.shown == look:
            return False
        visitor.shown, visitor.sent_at = look, now
        width, height = visitor.size
        size = (width // 2, height // 2) if moves else (width, height)
        self._headless.renderer.full_steps = float(self._painter.session.dream.steps)
        picture = self._headless.draw(visitor.camera, size, visitor.mode, visitor.daylight, smooth=not moves)[..., :3]
        quality = min(COARSE, self._command.jpeg) if moves else self._command.jpeg
        client.scene.set_background_image(np.ascontiguousarray(picture), format="jpeg", jpeg_quality=quality)
        return True

    def _update_texts(self) -> None:
        """Update the progress of the world and of each view in the panels."""
        painter, volume = self._painter, self._painter.volume
        if not volume.busy and (self._survey is None or self._survey.revision != volume.revision):
            self._survey = survey(volume, self._survey)
        share = self._survey.share if isinstance(self._survey, Survey) else 0.0
        here = len(self._visitors)
        self._panel.describe(
            f"{share:.1%} of all surfaces are painted, by {painter.client.dreams} dreams. "
            f"{here} {'browser is' if here == 1 else 'browsers are'} here.",
            share,
        )
        for number, (visitor, _, panel) in self._visitors.items():
            panel.describe(self._words_for(number, visitor))

    def _words_for(self, number: int, visitor: Visitor) -> str:
        painter = self._painter
        if visitor.camera is not None and visitor.finished == self._look_of(visitor):
            return "This view is finished."
        text = painter.status_text
        if painter.client.running and number != self._turns.current:
            text = f"waiting; for another browser: {text}"
        return f"{visitor.coverage:.0%} of this view is painted. {text[:1].upper()}{text[1:]}."

    def _erase(self, masks: Any) -> None:
        self._erasures.add(erase(self._painter, masks))
        self._look_again()

    def _look_again(self) -> None:
        for visitor, *_ in self._visitors.values():
            visitor.finished = None

    def _watch(self) -> None:
        self._painter.client.worker.watch(PreviewOptions(decoded=self._painter.session.live.preview == "decoded"))

    def _say(self, title: str, body: str, client: viser.ClientHandle | None = None, color: Any = None) -> None:
        for one in [client] if client is not None else [client for _, client, _ in self._visitors.values()]:
            one.add_notification(title, body, auto_close_seconds=6.0, color=color)


def start_of(scene: Scene, fov: float) -> Camera:
    """Return the first camera of a browser: the start of the tour, or of another path."""
    paths = scene.paths
    path = paths.get("tour") or paths.get("walk") or next(iter(paths.values()))
    return path.keyframes[0].camera.with_changes(fov=fov)


def target_of(camera: Camera) -> np.ndarray:
    """Return the point [3] that the mouse orbits."""
    return np.array(camera.position) + AHEAD * camera.axes[2]


def refuse_pictures(scene: Scene) -> None:
    """Raise InputError for a prompt that names a picture: browsers may not read files of this machine."""
    for prompt in scene.prompts:
        if parse_prompt(prompt).styles:
            raise InputError("the prompt", "", f"{prompt!r} names a picture of this machine, which browsers may not")

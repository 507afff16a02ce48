"""A world that browsers walk in, served in this process on a thread of its own, with a model that answers at once."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from app.commands import Web
from app.loop.headless_session import HeadlessSession, open_headless_session
from app.loop.worker import ThreadWorker
from app.server.guard import Rules
from app.server.listener import bind
from app.session import LiveSettings, SceneChoice, Session
from app.web.command import walk
from diffusion.settings import DreamSettings

pytest.importorskip("viser")
TOKEN = "a-token-of-the-tests"


def paint_green(dream):
    """A dream that answers at once with green, the more blue the further right in its canvas."""

    def paint(*canvas, **hooks):
        dreamed = dream(*canvas, **hooks)
        image = np.zeros_like(dreamed.image)
        image[..., 1] = 200
        image[..., 2] = np.linspace(0, 160, image.shape[1])
        return replace(dreamed, image=image)

    return paint


class Stop(Exception):
    """The test is over."""


@dataclass
class Served:
    """port: where the world is served; headless: the session behind it; world: its file."""

    port: int
    headless: HeadlessSession
    world: Path

    def ask(self, path: str = "/", **headers: str) -> tuple[int, dict[str, str], str]:
        """(status, headers, text) of a request. headers: with _ for -."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
        finally:
            connection.close()


def serve_world(scene: Path, folder: Path, model, dream, token: str = "") -> Iterator[Served]:
    """The tiny scene, served while the fixture is used."""
    world, stop, ready = folder / "tiny.world", threading.Event(), threading.Event()
    session = Session(SceneChoice(str(scene)), dream=DreamSettings(steps=2), live=LiveSettings(rest=0.1), world=world)
    found: list[HeadlessSession] = []
    model.device = SimpleNamespace(type="cpu")
    model.text = SimpleNamespace(clips=(), readings=lambda prompts: [], unread_syntax=lambda prompts: [])

    def check() -> None:
        ready.set()
        if stop.is_set():
            raise Stop

    def run() -> None:
        def hire(model):
            return ThreadWorker(lambda: model, paint_green(dream), threads=None, nice=0)

        command = Web(size=(640, 360), visitors=3)
        with open_headless_session(session, model=model, hire=hire) as headless, headless.saving_to(world) as keeper:
            found.append(headless)
            with suppress(Stop):
                walk(headless, keeper, command, Rules(token=token), listener, check)

    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        assert ready.wait(30), "the thread has ended with an error, or is slow"
        yield Served(port, found[0], world)
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


@pytest.fixture
def served(tiny_scene, tmp_path, fake_model, fake_dream, monkeypatch) -> Iterator[Served]:
    monkeypatch.setattr("app.loop.headless_session.data_folder", lambda: tmp_path / "data")
    yield from serve_world(tiny_scene, tmp_path, fake_model, fake_dream)


@pytest.fixture
def guarded(tiny_scene, tmp_path, fake_model, fake_dream, monkeypatch) -> Iterator[Served]:
    """The same, which needs a token."""
    monkeypatch.setattr("app.loop.headless_session.data_folder", lambda: tmp_path / "data")
    yield from serve_world(tiny_scene, tmp_path, fake_model, fake_dream, TOKEN)

"""`rayverie web`: serves a world to browsers until it is stopped."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from socket import socket
from typing import Any
from warnings import catch_warnings, filterwarnings

from app.commands import Web
from app.extras import refuse_without
from app.inputs import inputs_of
from app.loop.cores import has_room_for_two_dreams, leave_a_core_to_the_model
from app.loop.headless_session import HeadlessSession, PaintSaver, open_headless_session
from app.loop.heap import HeapTrimmer, share_one_heap
from app.loop.worker import ThreadWorker
from app.server.guard import Rules
from app.server.listener import bind, token_for, url_of
from app.services.world_files import home_of
from app.session import Session, open_scene
from app.signals import DeferredSignals
from app.user_folders import data_folder
from base.errors import escape_controls
from base.outputs import Output, refuse_outputs

NEEDED = ("viser", "websockets", "msgspec")
FRAME = 1 / 60  # seconds to sleep if there is nothing to do
SHORT = 0.001  # seconds left to other threads otherwise


def run(command: Web) -> int:
    refuse_without(NEEDED, "rayverie web", "web")
    token, scene = token_for(command.host, command.token), open_scene(command.scene)
    if command.world is not None:
        refuse_outputs([Output("--world", command.world)], inputs_of(command))
    session = Session(
        command.scene, without_pictures(command).model, command.dream, command.paint, command.live, world=command.world
    )
    world = home_of(session, scene.name, data_folder())
    session = replace(session, world=world)
    world.parent.mkdir(parents=True, exist_ok=True)
    for note in scene.notes:
        say(note)
    leave_a_core_to_the_model()
    share_one_heap()
    signals = DeferredSignals()
    with (
        bind(command.host, command.port) as listener,
        open_headless_session(
            session, scene, hire=lambda model: ThreadWorker(lambda: model, helped=has_room_for_two_dreams())
        ) as headless,
        signals,
        headless.saving_to(world) as keeper,
    ):
        walk(
            headless,
            keeper,
            command,
            Rules(frozenset(name.lower() for name in command.allow_host), token),
            listener,
            signals.check,
        )
    return 0


def walk(
    headless: HeadlessSession,
    keeper: PaintSaver,
    command: Web,
    rules: Rules,
    listener: socket,
    check: Callable[[], object],
) -> None:
    """Serve browsers at `listener` until `check` raises."""
    from app.web.explorer import WebExplorer

    with open_server(rules, command.visitors, listener) as server:
        explorer, heap = WebExplorer(server, headless, keeper, command), HeapTrimmer()
        say(f"Walk at {url_of(command.host, listener, rules.token)} (stop it with Ctrl-C).")
        try:
            while True:
                check()
                began = time.monotonic()
                busy = explorer.frame()
                heap.update(began)
                time.sleep(SHORT if busy else max(FRAME - (time.monotonic() - began), SHORT))
        finally:
            headless.painter.drop()
            heap.close()


@contextmanager
def open_server(rules: Rules, visitors: int, listener: socket) -> Iterator[Any]:
    """Open a viser server at `listener`, behind the gate. Its own output is suppressed."""
    import viser

    from app.web.gate import GateLimits, open_gate

    with open_gate(rules, GateLimits(visitors), listener), redirect_stdout(io.StringIO()):
        server = viser.ViserServer(verbose=False)
    try:
        with catch_warnings():
            filterwarnings("ignore", "Queued a .* on a closed connection")  # of a browser that left a moment ago
            yield server
    finally:
        with redirect_stdout(io.StringIO()):
            server.stop()


def without_pictures(command: Web) -> Web:
    """Return the command without the IP-Adapter, which reads pictures named in prompts; print a remark."""
    if command.model.ip_adapter is not None:
        say("--ip-adapter has no effect: browsers name no pictures of this machine.")
    return replace(command, model=replace(command.model, ip_adapter=None))


def say(words: str) -> None:
    print(escape_controls(words), file=sys.stderr)

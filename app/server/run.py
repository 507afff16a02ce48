"""Binds the port, prints the address, and serves until it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import uvicorn

from app.commands import Serve
from app.server.app import make_app
from app.server.backend import open_ready_backend
from app.server.connection import make_connection_class
from app.server.guard import Guard, Rules
from app.server.limits import Limits
from app.server.listener import bind, url_of


def serve(command: Serve, folder: Path, pictures: Path, token: str, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. Raises InputError where the address can't be bound, or the model not be loaded."""
    with (
        bind(command.host, command.port) as listener,
        open_ready_backend(command.model, folder, pictures, command.jobs) as backend,
    ):
        rules = Rules(frozenset(name.lower() for name in command.allow_host), token)
        say(f"Rayverie serves at {url_of(command.host, listener, token)} (stop it with Ctrl-C).")
        server_of(make_app(backend, rules), backend.limits).run([listener])


def server_of(app: Guard, limits: Limits) -> uvicorn.Server:
    """Create a uvicorn server with our limits, without date and server headers."""
    config = uvicorn.Config(
        app,
        http=make_connection_class(limits),
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        limit_concurrency=limits.connections,
        h11_max_incomplete_event_size=64 << 10,
        timeout_graceful_shutdown=5,
        proxy_headers=False,
    )
    return uvicorn.Server(config)

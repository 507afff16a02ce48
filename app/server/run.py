"""Binds the port, tells the address, and serves until it is stopped."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn

from app.commands import Serve
from app.server.app import make_app
from app.server.connection import watched
from app.server.desk import open_desk
from app.server.guard import Guard, Rules
from app.server.limits import Limits
from base.errors import InputError


def serve(command: Serve, folder: Path, pictures: Path, token: str, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. Raises InputError where the address can't be bound, or the model not be loaded."""
    limits = Limits(jobs=command.jobs)
    with bound(command.host, command.port) as listener:
        desk = open_desk(command.model, folder, pictures, limits)
        try:
            if (error := desk.studio.loading.exception()) is not None:
                raise error
            rules = Rules(frozenset(name.lower() for name in command.allow_host), token)
            port = listener.getsockname()[1]
            host = f"[{command.host}]" if ":" in command.host else command.host
            say(f"Rayverie serves at http://{host}:{port}/{f'?token={token}' if token else ''} (stop it with Ctrl-C).")
            server_of(make_app(desk, rules), limits).run([listener])
        finally:
            desk.close()


def server_of(app: Guard, limits: Limits) -> uvicorn.Server:
    """uvicorn with our limits. It keeps its date and name to itself."""
    config = uvicorn.Config(
        app,
        http=watched(limits),
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


def bound(host: str, port: int) -> socket.socket:
    """A listening socket. Raises InputError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except (OSError, UnicodeError) as error:  # a name that no network has
        listener.close()
        why = getattr(error, "strerror", None) or "no address"
        problem = f"is {host}:{port}, which can't be bound ({why}); choose another --port or --host"
        raise InputError("--port", "", problem) from None
    listener.listen(1024)
    return listener

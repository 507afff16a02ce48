"""Connections that are closed if a client is too slow to send a request's head, or to receive the answer."""

from __future__ import annotations

import asyncio
from typing import cast

from uvicorn.protocols.http.h11_impl import H11Protocol

from app.server.limits import Limits

TICK = 0.25  # seconds between checks of a connection


class WatchedConnection(H11Protocol):
    """uvicorn's protocol, which by itself waits for ever in both cases. A subclass made by `make_connection_class` has the limits."""

    limits = Limits()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._idle = self._stuck = 0.0  # seconds
        self._unsent = 0
        self._look()

    def _look(self) -> None:
        transport = cast(asyncio.Transport, self.transport)
        if transport.is_closing() and not transport.get_write_buffer_size():
            return
        waits = self.cycle is None or self.cycle.response_complete
        self._idle = self._idle + TICK if waits else 0.0
        unsent = transport.get_write_buffer_size()
        self._stuck = self._stuck + TICK if unsent and unsent >= self._unsent else 0.0
        self._unsent = unsent
        if (self._idle > self.limits.head_seconds and not unsent) or self._stuck > self.limits.send_seconds:
            transport.abort()
        else:
            self.loop.call_later(TICK, self._look)


def make_connection_class(limits: Limits) -> type[WatchedConnection]:
    """Create a connection class with these limits."""
    return type("Connection", (WatchedConnection,), {"limits": limits})

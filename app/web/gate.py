"""The gate in front of viser's server: its pages and its websocket obey the rules of `rayverie serve` (app.server.guard).

viser has no hooks for that, and it silently takes another port if one is in use. So while it starts, the function of the package
websockets that opens its server is wrapped to use our socket, checks and connections.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from socket import socket
from typing import Any
from urllib.parse import urlsplit

import msgspec
import websockets.asyncio.server
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from app.server.guard import COOKIE, SAFE, Refused, Rules, check_names, check_token
from app.server.limits import Rate

HEADERS = SAFE | {  # viser's page is one file, with its script, its style and its pictures in it
    "content-security-policy": "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; connect-src 'self' data: blob:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'",
}
# messages accepted from browsers; viser has more, such as file uploads and public share URLs
ACCEPTED = {"ViewerCameraMessage", "GuiUpdateMessage", "GuiFormSubmitMessage", "GuiFormDirtyMessage"}
WORDS = 4000  # characters of a text field

Answer = Callable[[ServerConnection, Request], Response | None]


@dataclass(frozen=True)
class GateLimits:
    """visitors: browsers at a time; message: bytes of one message; requests: per second and address on average, with `burst`
    at once."""

    visitors: int = 8
    message: int = 1 << 16
    requests: float = 20.0
    burst: int = 100


class Connection(ServerConnection):
    """A browser's connection. Messages other than ACCEPTED are dropped."""

    async def recv(self, decode: bool | None = None) -> Any:
        while True:
            message = await super().recv(decode)
            if is_accepted(message):
                return message


def is_accepted(message: object) -> bool:
    """Whether a message is accepted from a browser."""
    try:
        content = msgspec.msgpack.decode(message)  # type: ignore[arg-type]
    except (msgspec.DecodeError, TypeError, ValueError):
        return False
    if not isinstance(content, dict) or content.get("type") not in ACCEPTED:
        return False
    return content["type"] != "GuiUpdateMessage" or _is_value(content.get("updates"))


def _is_value(updates: object) -> bool:
    """Whether an update only sets a widget's value."""
    if not isinstance(updates, dict) or set(updates) != {"value"}:
        return False
    value = updates["value"]
    return isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= WORDS)


def check(rules: Rules, rate: Rate, request: Request, address: str) -> None:
    """Raise Refused for a request that isn't allowed."""
    pairs = [(name.lower(), value) for name, value in request.headers.raw_items()]
    headers = dict(pairs)
    if sum(name == "host" for name, _ in pairs) != 1:
        raise Refused(HTTPStatus.BAD_REQUEST, "A request names one Host.")
    check_names(rules, headers)
    if not rate.take(address, time.monotonic()):
        raise Refused(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests; wait a second.")
    check_token(rules, {"query_string": urlsplit(request.path).query.encode("latin-1", "replace")}, headers)


def guard_answers(inner: Answer, rules: Rules, limits: GateLimits) -> Answer:
    """Wrap viser's request handler with the checks, and add headers that keep other sites' pages out."""
    rate = Rate(limits.requests, limits.burst)

    def answer(connection: ServerConnection, request: Request) -> Response | None:
        try:
            check(rules, rate, request, str((connection.remote_address or ("",))[0]))
            wants = request.headers.get("Upgrade") == "websocket"
            if wants and len(connection.server.connections) >= limits.visitors:
                raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, f"{limits.visitors} browsers are here already.")
            response = inner(connection, request)
        except Refused as refused:
            response = refusal(refused)
        if response is not None:
            for name, value in HEADERS.items():
                response.headers[name] = value
            if rules.token and response.status_code == HTTPStatus.OK:
                response.headers["set-cookie"] = f"{COOKIE}={rules.token}; HttpOnly; SameSite=Strict; Path=/"
        return response

    return answer


def refusal(refused: Refused) -> Response:
    body = f"{refused.detail}\n".encode()
    headers = Headers({"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body))})
    if refused.status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Basic realm="Rayverie"'
    return Response(refused.status.value, refused.status.phrase, headers, body)


@contextmanager
def open_gate(rules: Rules, limits: GateLimits, listener: socket) -> Iterator[None]:
    """Make a viser server that starts within the block listen at `listener`, behind the gate."""
    module: Any = websockets.asyncio.server
    serve = module.serve

    def at_the_gate(handler: Any, _host: str, _port: int, *, process_request: Answer, **options: Any) -> Any:
        ours = {"max_size": limits.message, "create_connection": Connection, "server_header": None}
        return serve(
            handler, sock=listener, process_request=guard_answers(process_request, rules, limits), **options | ours
        )

    module.serve = at_the_gate
    try:
        yield
    finally:
        module.serve = serve

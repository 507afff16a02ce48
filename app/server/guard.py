"""The guard in front of every request: checks host, origin, token and size. Pure ASGI.

A loopback address protects against other machines, but not against web pages in a browser on this machine: a page can send requests
to any address (CSRF), and its own name can be made to point here (DNS rebinding). So the Host must be one of ours, an Origin must be
ours, and bodies must be JSON, which a browser sends to other origins only after asking the server (CORS).
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
import time
from base64 import b64decode
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from app.server.limits import Limits, Rate

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "rayverie"
SAFE = {  # of every answer
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "cache-control": "no-store",
}


@dataclass(frozen=True)
class Rules:
    """names: hosts that requests may name, besides localhost and numeric addresses; token: "" if none is needed."""

    names: frozenset[str] = frozenset()
    token: str = ""


class Refused(Exception):
    """The request is refused with this answer."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


def check_names(rules: Rules, headers: Mapping[str, str], method: str = "GET") -> None:
    """Raise Refused for a Host or Origin that isn't ours. Links from other pages are allowed, their forms are not."""
    host = headers.get("host", "")
    if not is_known(host, rules.names):
        raise Refused(HTTPStatus.MISDIRECTED_REQUEST, "This server doesn't answer to that Host; see --allow-host.")
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != host:
        raise Refused(HTTPStatus.FORBIDDEN, "Pages of other origins may not use this server.")
    is_link = headers.get("sec-fetch-mode") == "navigate" and method in ("GET", "HEAD")
    if headers.get("sec-fetch-site") in ("cross-site", "same-site") and not is_link:
        raise Refused(HTTPStatus.FORBIDDEN, "Pages of other origins may not use this server.")


def is_known(host: str, names: Collection[str]) -> bool:
    """Whether a Host header is ours: localhost, a numeric address (immune to DNS rebinding), or one of `names`."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if name == "localhost" or name in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def check_token(rules: Rules, scope: Scope, headers: Mapping[str, str]) -> None:
    """Raise Refused without the token: as `Bearer`, as the password of `Basic`, as the page's cookie or as `?token=`."""
    if rules.token and not any(
        hmac.compare_digest(given.encode(), rules.token.encode()) for given in tokens(scope, headers)
    ):
        raise Refused(HTTPStatus.UNAUTHORIZED, "This server needs its token, as `Authorization: Bearer TOKEN`.")


def tokens(scope: Scope, headers: Mapping[str, str]) -> list[str]:
    """Return all tokens in a request."""
    kind, _, value = headers.get("authorization", "").partition(" ")
    found = [value.strip()] if kind.lower() == "bearer" else []
    if kind.lower() == "basic":
        with suppress(ValueError):
            found.append(b64decode(value).decode().partition(":")[2])
    for part in headers.get("cookie", "").split(";"):
        name, _, word = part.strip().partition("=")
        if name == COOKIE:
            found.append(word)
    return found + parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [])


def check_body(limits: Limits, headers: Mapping[str, str]) -> None:
    """Raise Refused for a body that isn't JSON, or whose declared size is too large."""
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit() or int(length[:20]) > limits.body:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A request has at most {limits.body >> 20} MiB.")
    has_body = int(length[:20]) > 0 or "transfer-encoding" in headers
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and kind != "application/json":
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "A request's body must be application/json.")


class Guard:
    """Middleware: checks a request and reads its body, within limits of size and time."""

    def __init__(self, app: App, rules: Rules, limits: Limits) -> None:
        self._app, self._rules, self._limits = app, rules, limits
        self._rate = Rate(limits.requests, limits.burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        if scope["type"] != "http":
            return  # websockets are not supported; uvicorn closes them

        async def answer(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *self._headers(scope, message["status"])]
            await send(message)

        try:
            headers = self._check_headers(scope)
            body = await self._read(receive) if "content-length" in headers or "transfer-encoding" in headers else b""
        except Refused as refused:
            return await refuse(answer, refused)
        if body is not None:
            await self._app(scope, replay(body, receive), answer)

    def _check_headers(self, scope: Scope) -> dict[str, str]:
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        headers = dict(pairs)
        if sum(name == "host" for name, _ in pairs) != 1:
            raise Refused(HTTPStatus.BAD_REQUEST, "A request names one Host.")
        check_names(self._rules, headers, scope["method"])
        address = (scope.get("client") or ("", 0))[0]
        if not self._rate.take(address, time.monotonic()):
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests; wait a second.")
        check_token(self._rules, scope, headers)
        check_body(self._limits, headers)
        return headers

    async def _read(self, receive: Receive) -> bytes | None:
        """Read the whole body; None if the client disconnected. Raises Refused if it is too large or too slow."""
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    body += message.get("body", b"")
                    if len(body) > self._limits.body:
                        problem = f"A request has at most {self._limits.body >> 20} MiB."
                        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, problem)
                    if not message.get("more_body"):
                        return bytes(body)
        except TimeoutError:
            raise Refused(HTTPStatus.REQUEST_TIMEOUT, "The request took too long to arrive.") from None

    def _headers(self, scope: Scope, status: int) -> list[tuple[bytes, bytes]]:
        found = {**SAFE}
        if status == HTTPStatus.UNAUTHORIZED:
            found["www-authenticate"] = 'Basic realm="Rayverie"'
        elif self._rules.token and scope["path"] == "/" and b"token=" in scope.get("query_string", b""):
            found["set-cookie"] = f"{COOKIE}={self._rules.token}; HttpOnly; SameSite=Strict; Path=/"
        return [(name.encode(), value.encode()) for name, value in found.items()]


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that first replays a body and then continues with the client's messages."""
    given = False

    async def again() -> MutableMapping[str, Any]:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return again


async def refuse(send: Send, refused: Refused) -> None:
    body = json.dumps({"detail": refused.detail}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if refused.status is HTTPStatus.TOO_MANY_REQUESTS:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": refused.status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body})

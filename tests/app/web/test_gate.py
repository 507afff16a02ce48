"""Attacks on the web explorer: each would read, change or publish a world from a page or a machine that may not."""

from __future__ import annotations

import msgspec
import pytest
import viser
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from app.web.gate import WORDS, is_accepted
from tests.app.web.conftest import TOKEN, Served

VERSION = f"viser-v{viser.__version__}"


def talk(served: Served, path: str = "/", **headers: str):
    found = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"ws://127.0.0.1:{served.port}{path}"
    return connect(url, subprotocols=[VERSION], additional_headers=found, origin=found.pop("origin", None), open_timeout=30)  # fmt: skip


def test_the_page_and_its_headers(served: Served) -> None:
    status, headers, text = served.ask()
    assert status == 200 and text.startswith("<!doctype html>")
    assert (
        headers["x-content-type-options"] == "nosniff"
        and "frame-ancestors 'none'" in headers["content-security-policy"]
    )
    assert "set-cookie" not in headers and "server" not in headers


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/", {"Host": "evil.example"}, 421),  # DNS rebinding
        ("/", {"Origin": "http://evil.example"}, 403),  # CSRF
        ("/", {"Origin": "null"}, 403),
        ("/", {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"}, 403),
        ("/../../../../etc/passwd", {}, 404),
        ("/%2e%2e/%2e%2e/_viser.py", {}, 404),
    ],
)
def test_what_is_kept_out(served: Served, path: str, headers: dict[str, str], status: int) -> None:
    assert served.ask(path, **headers)[0] == status


def test_a_page_elsewhere_gets_no_websocket(served: Served) -> None:
    for headers in ({"origin": "http://evil.example"}, {"origin": "null"}):
        with pytest.raises(InvalidStatus, match="403"):
            talk(served, **headers)
    with talk(served, origin=f"http://127.0.0.1:{served.port}") as one:
        assert one.recv(30)


def test_no_more_browsers_than_allowed(served: Served) -> None:
    with talk(served), talk(served), talk(served), pytest.raises(InvalidStatus, match="503"):
        talk(served)


def test_without_the_token_nothing_is_answered(guarded: Served) -> None:
    for path, headers in (("/", {}), ("/?token=wrong", {}), ("/", {"Cookie": "rayverie=wrong"})):
        assert guarded.ask(path, **headers)[0] == 401
    with pytest.raises(InvalidStatus, match="401"):
        talk(guarded)
    status, headers, _ = guarded.ask(f"/?token={TOKEN}")
    assert status == 200 and headers["set-cookie"] == f"rayverie={TOKEN}; HttpOnly; SameSite=Strict; Path=/"
    with talk(guarded, Cookie=f"rayverie={TOKEN}") as one:
        assert one.recv(30)


def said(kind: str, **values: object) -> bytes:
    return msgspec.msgpack.encode({"type": kind, **values})


@pytest.mark.parametrize(
    ("message", "accepted"),
    [
        (said("ViewerCameraMessage"), True),
        (said("GuiUpdateMessage", uuid="a", updates={"value": 3}), True),
        (said("GuiUpdateMessage", uuid="a", updates={"value": "moss"}), True),
        (said("GuiUpdateMessage", uuid="a", updates={"value": "m" * (WORDS + 1)}), False),
        (said("GuiUpdateMessage", uuid="a", updates={"value": [1]}), False),
        (said("GuiUpdateMessage", uuid="a", updates={"value": 3, "update_cb": 1}), False),
        (said("GuiUpdateMessage", uuid="a"), False),
        (said("ShareUrlRequest"), False),  # would open a public address at a server elsewhere
        (said("FileTransferStartUpload"), False),
        (said("RunJavascriptMessage"), False),
        (msgspec.msgpack.encode([1, 2]), False),
        (b"\xc1", False),
        ("text", False),
    ],
)
def test_which_messages_of_a_browser_are_accepted(message: object, accepted: bool) -> None:
    assert is_accepted(message) is accepted


def test_what_is_not_accepted_does_no_harm(served: Served) -> None:
    with talk(served) as one:
        one.send(b"\xc1")
        one.send(said("ShareUrlRequest"))
        assert one.recv(30)
    assert served.ask()[0] == 200

"""`rayverie mcp` as a program starts and leaves it: only the protocol on stdout, a sentence when it can't start."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.__main__ import main
from app.mcp.wire import NO_JSON, NO_MESSAGE, TOO_LONG, CheckedLines, LinesIn, LinesOut, refuse_line
from tests.app.mcp.conftest import ROOT, calling, environment, small_scene, words_of

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


def test_without_the_extra_one_sentence_says_how_to_get_it(monkeypatch, capsys) -> None:
    monkeypatch.setattr("app.extras.find_spec", lambda name: None if name == "mcp" else object())
    assert main(["mcp"]) == 2
    assert capsys.readouterr().err == (
        "rayverie mcp needs the extra `web`; install it with: pip install 'rayverie[web]'.\n"
    )


def test_what_can_not_be_opened_is_one_sentence(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, *words_of(tmp_path / "none", tmp_path)],
        cwd=ROOT,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1
    assert "none" in done.stderr


def started(model: Path, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *words_of(model, folder)],
        cwd=ROOT,
        env=environment(folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def send(server: subprocess.Popen[bytes], *messages: Any) -> None:
    assert server.stdin is not None
    for message in messages:
        server.stdin.write(json.dumps(message).encode() + b"\n")
    server.stdin.flush()


def call(number: int, name: str, **values: Any) -> dict[str, Any]:
    params = {"name": name, "arguments": values, "_meta": {"progressToken": number}}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


def test_a_client_that_leaves_ends_the_dream_and_keeps_the_world(tiny_model, tmp_path) -> None:
    server = started(tiny_model, tmp_path)
    assert server.stdin is not None and server.stdout is not None
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    lines: list[dict[str, Any]] = []

    def answer(number: int) -> dict[str, Any]:
        while not lines or lines[-1].get("id") != number:
            lines.append(json.loads(server.stdout.readline()))  # pyright: ignore[reportOptionalMemberAccess]
        return lines[-1]["result"]["structuredContent"]

    send(server, HELLO, ready, call(2, "add_scene", **small_scene()))
    scene = answer(2)["id"]
    send(server, call(3, "create_world", scene=scene, dream={"steps": 1}, paint={"canvas": 64}))
    world = answer(3)["id"]
    send(server, call(4, "dream", world=world, views=1000, until=1.0))
    while lines[-1].get("method") != "notifications/progress":
        lines.append(json.loads(server.stdout.readline()))
    rest, said = server.communicate(timeout=120)  # closes stdin
    lines += [json.loads(line) for line in rest.splitlines()]
    assert server.returncode == 0 and all(line["jsonrpc"] == "2.0" for line in lines)
    assert b"Traceback" not in said and b"What was painted is in" in said
    assert (tmp_path / "worlds" / f"{world}.world").stat().st_size
    assert not list(tmp_path.glob("rayverie-*"))  # nothing stays of the pictures


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to all programs of a console, the tests too")
def test_ctrl_c_ends_it_though_stdin_is_open(tiny_model, tmp_path) -> None:
    server = started(tiny_model, tmp_path)
    assert server.stdout is not None
    send(server, HELLO)
    assert json.loads(server.stdout.readline())["result"]["serverInfo"]["name"] == "Rayverie"
    server.send_signal(signal.SIGINT)
    assert server.wait(60) == 130
    rest, said = server.communicate()
    assert rest == b"" and said.endswith(b"Stopped.\n") and b"Traceback" not in said


def test_two_clients_one_after_the_other_share_the_worlds(tiny_model, tmp_path) -> None:
    with calling(tiny_model, tmp_path) as caller:
        world = caller.values("create_world", scene="hamlet")["id"]
    with calling(tiny_model, tmp_path) as caller:
        assert [found["id"] for found in caller.values("list_worlds")["worlds"]] == [world]
        assert "has nothing to take back" in caller.mistake("undo")


def test_a_line_that_is_too_long_is_forgotten() -> None:
    async def read() -> list[str]:
        return [line async for line in LinesIn(io.BytesIO(b"a\n" + b"b" * 50 + b"\n" + b"c" * 9 + b"\n\xff"), 10)]

    assert asyncio.run(read()) == ["a\n", TOO_LONG, "c" * 9 + "\n", "\N{REPLACEMENT CHARACTER}"]


@pytest.mark.parametrize(
    ("line", "number", "code", "said"),
    [
        ("hello", None, NO_JSON, "is not JSON"),
        (TOO_LONG, None, NO_JSON, "is not JSON"),
        ("[" * 9999, None, NO_JSON, "nested too deeply"),
        ('{"jsonrpc": "2.0", "id": ' + "9" * 5000 + ', "method": "ping"}', None, NO_JSON, "5000 digits"),
        ('{"jsonrpc": "2.0", "id": 1, "id": 2, "method": "ping"}', None, NO_JSON, "twice"),
        ('{"jsonrpc": "2.0", "id": null, "method": "ping"}', None, NO_MESSAGE, "The id is null"),
        ('{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', None, NO_MESSAGE, "The id is 1.5"),
        ('{"jsonrpc": "2.0", "id": [1], "method": "ping"}', None, NO_MESSAGE, "The id is [1]"),
        ('{"jsonrpc": "2.0", "id": true, "method": "ping"}', None, NO_MESSAGE, "The id is true"),
        ('{"jsonrpc": "1.0", "id": 7, "method": "ping"}', 7, NO_MESSAGE, "JSON-RPC 2.0"),
        ('{"jsonrpc": "2.0", "id": "a", "method": 5}', "a", NO_MESSAGE, "JSON-RPC 2.0"),
        ("[]", None, NO_MESSAGE, "JSON-RPC 2.0"),
    ],
)
def test_what_is_no_message_is_answered(line: str, number: str | int | None, code: int, said: str) -> None:
    """Else a client would wait for ever."""
    refused = refuse_line(line)
    assert refused is not None and (refused["id"], refused["error"]["code"]) == (number, code)
    assert said in refused["error"]["message"] and len(refused["error"]["message"]) < 300


def test_messages_among_other_lines_arrive() -> None:
    good = [json.dumps(HELLO), '{"jsonrpc": "2.0", "method": "x"}', '{"jsonrpc": "2.0", "id": 0, "result": {}}']
    sent, answers = "\n".join([good[0], "", "no", *good[1:], "{}"]).encode(), io.BytesIO()

    async def read() -> list[str]:
        return [line.strip() async for line in CheckedLines(LinesIn(io.BytesIO(sent), 9999), LinesOut(answers))]

    assert asyncio.run(read()) == good
    assert [json.loads(line)["error"]["code"] for line in answers.getvalue().splitlines()] == [NO_JSON, NO_MESSAGE]


def test_a_client_that_takes_nothing_more_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb", 0) as target:
        out = LinesOut(target)
        for _ in range(2):
            asyncio.run(out.write("{}\n"))

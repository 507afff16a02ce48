"""`rayverie serve` as a user starts and stops it, and what it says when it can't start."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from app.__main__ import main
from app.server import listener
from app.session import ModelChoice
from base.errors import InputError

ROOT = Path(__file__).parents[3]


def test_without_the_extra_one_sentence_says_how_to_get_it(monkeypatch, capsys) -> None:
    monkeypatch.setattr("app.extras.find_spec", lambda name: None if name == "fastapi" else object())
    assert main(["serve"]) == 2
    assert capsys.readouterr().err == (
        "rayverie serve needs the extra `web`; install it with: pip install 'rayverie[web]'.\n"
    )


def test_what_would_read_files_is_left_out(monkeypatch, tmp_path, capsys) -> None:
    served = []
    monkeypatch.setattr("app.server.run.serve", lambda asked, *_: served.append(asked.model))
    words = ["serve", "--folder", str(tmp_path), "--control", "depth=a.safetensors", "--ip-adapter", "b.safetensors"]
    assert main(words) == 0
    assert served == [ModelChoice()]
    assert capsys.readouterr().err == (
        "--control has no effect: requests name no pictures of this machine.\n"
        "--ip-adapter has no effect: requests name no pictures of this machine.\n"
    )


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False), ("my.host", False)],
)
def test_which_addresses_only_this_machine_reaches(host: str, alone: bool) -> None:
    assert listener.is_loopback(host) is alone


def test_an_address_that_is_taken_is_one_sentence(tmp_path, capsys) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["serve", "--port", str(port), "--folder", str(tmp_path)]) == 2
    assert f"--port is 127.0.0.1:{port}, which can't be bound" in capsys.readouterr().err
    assert main(["serve", "--token", "a b", "--folder", str(tmp_path)]) == 2
    assert main(["serve", "--model", str(tmp_path / "none"), "--port", "0", "--folder", str(tmp_path)]) == 2
    (tmp_path / "file").write_text("")
    assert main(["serve", "--folder", str(tmp_path / "file")]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("host", ["a..b", "a" * 300, "::1::"])
def test_a_host_that_is_none_is_one_sentence(host: str) -> None:
    with pytest.raises(InputError, match="--host is"):
        listener.bind(host, 0)


def test_it_starts_with_a_token_and_stops_by_a_signal(tiny_model, tmp_path) -> None:
    words = ["serve", "--model", str(tiny_model), "--device", "cpu", "--port", "0", "--host", "0.0.0.0"]
    server = subprocess.Popen(
        [sys.executable, "-m", "app", *words, "--folder", str(tmp_path)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert server.stderr is not None
    try:
        found = re.search(r"http://0\.0\.0\.0:(\d+)/\?token=(\S+) ", server.stderr.readline())
        assert found is not None
        port, token = found.groups()
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/v1/status", headers={"authorization": f"Bearer {token}"}
        )
        assert json.load(urllib.request.urlopen(request, timeout=30))["ready"]
    finally:
        server.send_signal(signal.SIGINT)
        said = server.communicate(timeout=60)[1]
    assert server.returncode == 130 and said == "Stopped.\n"
    assert not list(tmp_path.glob("rayverie-*"))  # nothing stays of the pictures

"""A server on a real port of this machine, in this process, with the tiny model."""

from __future__ import annotations

import base64
import http.client
import io
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.server.app import make_app
from app.server.backend import Backend, open_backend
from app.server.guard import Rules
from app.server.limits import Limits
from app.server.run import bind, server_of
from app.session import ModelChoice

LIMITS = Limits(body=1 << 20, head_seconds=2.0, body_seconds=1.0, send_seconds=1.5, burst=2000, jobs=4, count=4)


@dataclass
class Client:
    """Speaks plain HTTP with the server. backend: the server's parts, to look behind it."""

    port: int
    backend: Backend

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        """(status, body) of one request. body: JSON values or bytes; headers: with _ for -."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        found = {"content-type": "application/json"} if data is not None else {}
        found |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, data, found)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def json(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """The JSON values of an answer with this status."""
        found, data = self.ask(method, path, body)
        assert found == status, data
        return json.loads(data)

    def finish(self, path: str, body: Any = None, method: str = "POST") -> dict[str, Any]:
        """A job from its request to its end."""
        job = self.backend.jobs.get(self.json(method, path, body, 202)["id"])
        assert job is not None and job.ended.wait(60)
        return self.json("GET", f"/v1/jobs/{job.id}")


def serve_at(backend: Backend, rules: Rules) -> Iterator[int]:
    """The port of a server that runs while the fixture is used."""
    with bind("127.0.0.1", 0) as listener:
        server = server_of(make_app(backend, rules), backend.limits)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def backend(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    folder = tmp_path_factory.mktemp("server")
    (pictures := folder / "pictures").mkdir()
    backend = open_backend(ModelChoice(str(tiny_model), "cpu"), folder, pictures, LIMITS)
    assert backend.maker.model.id
    yield backend
    backend.close()


@pytest.fixture(scope="module")
def client(backend: Backend) -> Iterator[Client]:
    for port in serve_at(backend, Rules()):
        yield Client(port, backend)


@pytest.fixture
def idle(backend: Backend) -> Iterator[None]:
    """Wait until no job of an earlier test is open."""
    for job in backend.jobs.open():
        job.ended.wait(60)
    yield


def png(size: tuple[int, int] = (32, 32), colour: str = "red") -> str:
    """A picture as base64."""
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, "PNG")
    return base64.b64encode(target.getvalue()).decode()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))

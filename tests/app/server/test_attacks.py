"""A test for each class of attack, against a real port."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest

from app.server.backend import Backend
from app.server.guard import Rules
from tests.app.server.conftest import LIMITS, Client, png, serve_at

SMALL = {"prompt": "brick wall", "size": [32, 32], "dream": {"steps": 1}}
LONG = {"prompt": "brick wall", "size": [256, 256], "dream": {"steps": 200}}


def is_well(client: Client) -> bool:
    return client.ask("GET", "/v1/status")[0] == 200


def raw(client: Client, data: bytes, seconds: float = 20.0) -> bytes:
    """What the server answers to bytes until it closes the connection."""
    with socket.create_connection(("127.0.0.1", client.port), timeout=seconds) as connection:
        connection.sendall(data)
        found = b""
        with suppress(ConnectionResetError):  # it need not read what it refuses
            while piece := connection.recv(65536):
                found += piece
        return found


def test_dns_rebinding(client: Client) -> None:
    """A page of evil.example whose name was made to lead here sends its own name as Host."""
    assert client.ask("GET", "/v1/status", Host=f"evil.example:{client.port}")[0] == 421
    assert client.ask("GET", "/v1/status", Host=f"localhost:{client.port}")[0] == 200
    two = b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    assert b" 400 " in raw(client, two).split(b"\r\n")[0]


def test_csrf(client: Client, backend: Backend) -> None:
    """A foreign page may send forms, texts and pictures' addresses without being asked; none of them do anything."""
    before = len(backend.jobs.all())
    for origin in ("null", "http://evil.example", "http://127.0.0.1:1", "http://[", "//[::1"):
        assert client.ask("POST", "/v1/generate", SMALL, Origin=origin)[0] == 403
        assert client.ask("POST", "/sdapi/v1/interrupt", Origin=origin)[0] == 403
        status, _ = client.ask("OPTIONS", "/v1/generate", Origin=origin, Access_Control_Request_Method="POST")
        assert status == 403
    form = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}  # of a browser that leaves out the Origin
    assert client.ask("POST", "/sdapi/v1/interrupt", **form)[0] == 403
    assert client.ask("GET", "/", **form)[0] == 200
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"):
        assert client.ask("POST", "/v1/generate", json.dumps(SMALL).encode(), content_type=kind)[0] == 415
    assert client.ask("GET", "/v1/jobs", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors")[0] == 403
    assert len(backend.jobs.all()) == before


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/v1/pictures/../../../../etc/passwd",
        "/v1/pictures/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/v1/pictures/..%5c..%5cetc%5cpasswd",
        "/v1/pictures//etc/passwd",
        "/v1/worlds/..%2f..%2fetc/file",
        "/v1/worlds/%2e%2e/file",
        "/v1/scenes/..%2f..%2f..%2fetc",
        "/v1/scenes/%00",
        "/page/../command.py",
        "/sdapi/v1/file=/etc/passwd",
        "/file=/etc/passwd",
    ],
)
def test_path_traversal(client: Client, path: str) -> None:
    status, data = client.ask("GET", path)
    assert status == 404 and b"root:" not in data


@pytest.mark.parametrize(
    "place", ["/etc/passwd", "../../etc/passwd", "~/.ssh/id_rsa", "C:\\x.png", "file:///etc/passwd"]
)
def test_no_file_of_the_machine_is_read(client: Client, place: str) -> None:
    for name in ("init", "mask"):
        body = SMALL | {"init": png(), name: place}
        assert client.ask("POST", "/v1/generate", body)[0] == 422
    assert client.ask("POST", "/v1/generate", SMALL | {"control_image": [place]})[0] == 422
    assert client.ask("POST", "/v1/generate", SMALL | {"dream": {"style_picture": place}})[0] == 422
    assert client.ask("POST", "/sdapi/v1/img2img", {"init_images": [place], "prompt": "x"})[0] == 422
    assert client.ask("POST", "/sdapi/v1/png-info", {"image": place})[0] == 422
    assert client.ask("POST", "/v1/worlds", {"scene": place})[0] == 422
    assert client.ask("POST", "/v1/scenes", {"map": place, "materials": ""})[0] == 422
    assert client.ask("POST", "/sdapi/v1/options", {"sd_model_checkpoint": place})[0] == 422


def test_ssrf(client: Client) -> None:
    """No address in a request is ever fetched."""
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.3)
        for scheme in ("http", "https", "ftp", "HTTP"):
            address = f"{scheme}://127.0.0.1:{trap.getsockname()[1]}/x.png"
            for path, body in (
                ("/v1/generate", SMALL | {"init": address}),
                ("/v1/pictures", {"data": address}),
                ("/v1/upscale", {"picture": address}),
                ("/sdapi/v1/img2img", {"init_images": [address], "prompt": "x"}),
                ("/sdapi/v1/extra-single-image", {"image": address}),
                ("/sdapi/v1/png-info", {"image": address}),
            ):
                status, data = client.ask("POST", path, body)
                assert status == 422 and b"is an address" in data
        with pytest.raises(TimeoutError):
            trap.accept()


def test_oversize(client: Client) -> None:
    most = LIMITS.body
    assert client.ask("POST", "/v1/pictures", {"data": "A" * most})[0] == 413
    head = b"POST /v1/pictures HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    assert b" 413 " in raw(client, head + b"Content-Length: 99999999999\r\nConnection: close\r\n\r\n")
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"  # a body that doesn't say how long it is
    unsaid = (
        head + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunk * (most // 65536 + 1) + b"0\r\n\r\n"
    )
    assert b" 413 " in raw(client, unsaid)
    assert b" 200 " not in raw(client, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 200_000 + b"\r\n\r\n")
    deep = b'{"prompt":' + b"[" * 100_000
    assert client.ask("POST", "/v1/generate", deep)[0] in (400, 422)
    bomb = base64.b64encode(_bomb()).decode()
    assert client.ask("POST", "/v1/generate", SMALL | {"init": bomb})[0] == 422
    assert is_well(client)


def _bomb() -> bytes:
    """A PNG of a few bytes that says it is 60,000 pixels wide and high."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")
    )


def test_a_slow_client_is_left(client: Client) -> None:
    """One that sends its head, or its body, a byte at a time, and one that takes nothing of what is sent to it."""
    assert raw(client, b"GET / HTTP/1.1\r\nHost: loc") == b""
    body = (
        b"POST /v1/pictures HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
    )
    assert b" 408 " in raw(client, body)
    assert is_well(client)


def test_a_client_that_takes_nothing_is_left(client: Client, backend: Backend) -> None:
    id = backend.store.add(lambda path: path.write_bytes(bytes(16 << 20)), ".bin")
    with socket.create_connection(("127.0.0.1", client.port), timeout=30) as connection:
        connection.sendall(f"GET /v1/pictures/{id} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        connection.recv(1)
        time.sleep(2 * LIMITS.send_seconds)
        received = 1
        with pytest.raises(ConnectionResetError):
            while piece := connection.recv(1 << 20):
                received += len(piece)
            raise ConnectionResetError if received < 16 << 20 else AssertionError
    assert is_well(client)


def test_200_parallel_requests(client: Client, backend: Backend, idle: None) -> None:
    """Those beyond the queue get 429; the others their pictures; nothing else happens."""
    gate = threading.Event()
    backend.maker.lane.submit(gate.wait)
    with ThreadPoolExecutor(200) as pool:
        found = Counter(pool.map(lambda _: client.ask("POST", "/v1/generate", SMALL)[0], range(200)))
    assert found == {202: LIMITS.jobs, 429: 200 - LIMITS.jobs}
    jobs = backend.jobs.open()
    gate.set()
    assert all(job.ended.wait(60) and job.state == "done" for job in jobs)
    assert is_well(client)


def test_a_killed_client_takes_its_job_with_it(client: Client, backend: Backend, idle: None) -> None:
    body = json.dumps({"prompt": "brick wall", "width": 256, "height": 256, "steps": 150}).encode()
    head = f"POST /sdapi/v1/txt2img HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", client.port)) as connection:
        connection.sendall(head.encode() + body)
        while not (jobs := backend.jobs.open()):
            time.sleep(0.01)
    assert jobs[0].ended.wait(60) and jobs[0].state == "cancelled"
    assert is_well(client)


def test_a_client_of_events_may_be_killed(client: Client, backend: Backend, idle: None) -> None:
    job = client.json("POST", "/v1/generate", LONG, 202)
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", client.port)) as connection:
            connection.sendall(f"GET /v1/jobs/{job['id']}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            connection.recv(100)
    client.json("DELETE", f"/v1/jobs/{job['id']}")
    assert is_well(client)


def test_beyond_this_machine_a_token_is_needed(backend: Backend) -> None:
    for port in serve_at(backend, Rules(token="secret")):
        client = Client(port, backend)
        for path in ("/", "/v1/status", "/v1/jobs", "/openapi.json", "/docs", "/sdapi/v1/progress", "/nothing"):
            assert client.ask("GET", path)[0] == 401
            assert client.ask("GET", path, Authorization="Bearer guess")[0] == 401
        assert client.ask("GET", "/v1/status", Authorization="Bearer secret")[0] == 200
        assert client.ask("GET", "/?token=secret")[0] == 200


def test_too_many_requests_are_refused(backend: Backend) -> None:
    slow = replace(backend, limits=replace(LIMITS, requests=0.001, burst=3))
    for port in serve_at(slow, Rules()):
        found = [Client(port, backend).ask("GET", "/v1/status")[0] for _ in range(5)]
        assert found == [200, 200, 200, 429, 429]

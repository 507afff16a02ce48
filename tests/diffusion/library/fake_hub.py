"""A hub on this machine: enough of its HTTP interface to list and download models, with connections that can be cut."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ID = "someone/painter"
COMMIT = "c" * 40
LARGE = 1000  # bytes from which on files are kept apart


class FakeHub:
    """files: repository id → name → bytes. cuts: name → how many bytes each of its next answers gets before the connection ends;
    asked: (method, path, first byte asked for) of each request; corrupt: names whose bytes are wrong; status: answered to all."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes]] = {}
        self.cuts: dict[str, list[int]] = {}
        self.asked: list[tuple[str, str, int]] = []
        self.corrupt: set[str] = set()
        self.status = 200
        self.ranges = True
        self.url = ""

    def fetched(self, name: str) -> list[int]:
        """The first byte of each download of a file."""
        return [start for method, path, start in self.asked if method == "GET" and path.endswith(f"/{COMMIT}/{name}")]

    def info(self, repo: str) -> dict[str, Any]:
        siblings = []
        for name, data in self.files[repo].items():
            lfs = {"sha256": sha256(data), "size": len(data), "pointerSize": 100} if len(data) >= LARGE else None
            siblings.append({"rfilename": name, "size": len(data), "blobId": git_sha(data), "lfs": lfs})
        return {
            "id": repo,
            "modelId": repo,
            "sha": COMMIT,
            "private": False,
            "tags": [],
            "downloads": 0,
            "siblings": siblings,
        }

    def tree(self, repo: str) -> list[dict[str, Any]]:
        rows = []
        for name, data in self.files[repo].items():
            lfs = {"oid": sha256(data), "size": len(data), "pointerSize": 100} if len(data) >= LARGE else None
            row = {"type": "file", "path": name, "size": len(data), "oid": git_sha(data)}
            rows.append(row | ({"lfs": lfs} if lfs else {}))
        return rows


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def git_sha(data: bytes) -> str:
    return hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()


@contextmanager
def serve(hub: FakeHub) -> Iterator[FakeHub]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(hub))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    yield hub
    server.shutdown()
    server.server_close()
    thread.join(5)


@contextmanager
def hub_with(model: Path, patch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub that the program uses, with ID: the files of a pipeline folder, and such as are never downloaded."""
    made = FakeHub()
    files = {p.relative_to(model).as_posix(): p.read_bytes() for p in sorted(model.rglob("*")) if p.is_file()}
    spare = {"unet/diffusion_pytorch_model.bin": b"pickle" * 300, "pipeline.py": b"code", "README.md": b"hello"}
    made.files[ID] = files | spare
    with serve(made):
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            patch.delenv(name, raising=False)
        patch.setattr("huggingface_hub.constants.ENDPOINT", made.url)
        template = f"{made.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        patch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
        patch.setattr("diffusion.library.hub_download.PAUSE", 0.0)
        yield made


def handler_of(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def _answer(self) -> None:
            path = self.path.partition("?")[0].strip("/")
            first = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").partition("-")[0])
            hub.asked.append((self.command, f"/{path}", first))
            words = path.split("/")
            if hub.status != 200:
                self._send(hub.status, b"")
            elif words[:2] == ["api", "models"]:
                repo = "/".join(words[2:4])
                if repo not in hub.files:
                    self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
                elif words[4:5] == ["revision"] and words[5] not in ("main", COMMIT):
                    self._send(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
                else:
                    told = hub.tree(repo) if words[4:5] == ["tree"] else hub.info(repo)
                    self._send(200, json.dumps(told).encode(), {"Content-Type": "application/json"})
            else:
                self._file("/".join(words[:2]), "/".join(words[4:]), first)

        def _file(self, repo: str, name: str, first: int) -> None:
            data = hub.files[repo][name]
            told = sha256(data) if len(data) >= LARGE else git_sha(data)
            data = b"\0" * len(data) if name in hub.corrupt else data
            first = first if hub.ranges else 0
            headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{told}"', "X-Linked-Size": str(len(data))}
            if first:
                headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
            cuts = hub.cuts.get(name, [])
            cut = cuts.pop(0) if cuts and self.command == "GET" else None
            self._send(206 if first else 200, data[first:], headers, cut)

        def _send(self, status: int, body: bytes, headers: Mapping[str, str] = {}, cut: int | None = None) -> None:
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | dict(headers)).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body[:cut])
            if cut is not None:
                self.wfile.flush()
                self.close_connection = True

    return Handler

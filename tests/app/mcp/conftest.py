"""`rayverie mcp` as a program starts it, with the tiny model, and the SDK's own client at its stdin and stdout."""

from __future__ import annotations

import base64
import io
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters
from PIL import Image

ROOT = Path(__file__).parents[3]
SMALL = {"prompt": "brick wall", "size": [32, 32], "dream": {"steps": 2, "seed": 3}}
MATERIALS = """
background: {prompt: blue sky}
voxels_per_block: 2
materials:
  - {name: floor, source: [-1, -1, -1], prompt: green grass, height: 0.5}
  - {name: wall, source: [255, 0, 0], prompt: red brick wall, height: 2}
"""


def words_of(model: Path, folder: Path) -> list[str]:
    return ["-m", "app", "mcp", "--model", str(model), "--device", "cpu", "--folder", str(folder)]


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {"TMPDIR": str(folder), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


@dataclass
class Caller:
    """Calls tools from a test without coroutines."""

    portal: BlockingPortal
    client: Client

    def start(self, name: str, progress: Callable[..., Any] | None = None, **values: Any) -> Future[Any]:
        """A call whose future can be cancelled, which the client tells the server."""

        async def call() -> Any:
            return await self.client.call_tool(name, values, progress_callback=progress)

        return self.portal.start_task_soon(call)

    def call(self, name: str, **values: Any) -> Any:
        """The answer of a call that succeeds."""
        answer = self.start(name, **values).result(120)
        assert not answer.is_error, answer.content
        return answer

    def values(self, name: str, **values: Any) -> dict[str, Any]:
        return self.call(name, **values).structured_content

    def mistake(self, name: str, **values: Any) -> str:
        """The sentence of a call that fails."""
        answer = self.start(name, **values).result(120)
        assert answer.is_error and len(answer.content) == 1 and "\n" not in answer.content[0].text
        return answer.content[0].text


@contextmanager
def calling(model: Path, folder: Path) -> Iterator[Caller]:
    server = StdioServerParameters(
        command=sys.executable, args=words_of(model, folder), env=environment(folder), cwd=ROOT
    )
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(Client(server)) as client:
        yield Caller(portal, client)


@pytest.fixture(scope="module")
def caller(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    with calling(tiny_model, tmp_path_factory.mktemp("mcp")) as caller:
        yield caller


def small_scene() -> dict[str, str]:
    """What `add_scene` takes for a scene of 6×6 blocks with a wall."""
    plan, target = Image.new("RGBA", (6, 6)), io.BytesIO()
    for x in range(1, 5):
        plan.putpixel((x, 2), (255, 0, 0, 255))
    plan.save(target, "PNG")
    return {"map": base64.b64encode(target.getvalue()).decode(), "materials": MATERIALS}


@pytest.fixture(scope="module")
def scene(caller: Caller) -> str:
    """The id of a small scene."""
    return caller.values("add_scene", **small_scene())["id"]


def picture(content: Any) -> Image.Image:
    assert content.type == "image"
    return Image.open(io.BytesIO(base64.b64decode(content.data)))

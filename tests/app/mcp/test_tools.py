"""The tools over real stdio: pictures, scenes, worlds that are painted, erased and undone, progress, cancelling, mistakes."""

from __future__ import annotations

import base64
import threading
from pathlib import Path
from typing import Any

import pytest

from app.mcp.tools import TOOLS
from tests.app.mcp.conftest import SMALL, Caller, picture


def make_world(caller: Caller, scene: str) -> str:
    return caller.values("create_world", scene=scene, dream={"steps": 1}, paint={"canvas": 64})["id"]


def look(caller: Caller, world: str) -> bytes:
    answer = caller.call("render", world=world, camera={"path": "orbit"}, size=[64, 48], daylight=0)
    assert picture(answer.content[1]).size == (64, 48)
    return base64.b64decode(answer.content[1].data)


def test_tools_are_listed_with_their_schemas(caller: Caller) -> None:
    found = {tool.name: tool for tool in caller.portal.call(caller.client.list_tools).tools}
    assert found.keys() == TOOLS.keys()
    assert "dpmpp_2m" in found["generate"].input_schema["$defs"]["DreamBody"]["properties"]["sampler"]["enum"]
    assert found["dream"].input_schema["required"] == ["world"]
    reads = {name for name, tool in found.items() if tool.annotations and tool.annotations.read_only_hint}
    assert "render" in reads and "generate" not in reads


def test_pictures_are_generated_and_undone(caller: Caller) -> None:
    steps: list[tuple[float, float]] = []

    async def progress(step: float, total: float | None, words: str | None) -> None:
        steps.append((step, total or 0))
        assert words == "generate brick wall"

    values = SMALL | {"count": 2, "dream": {"steps": 30, "seed": 3}}
    answer = caller.start("generate", progress, **values).result(120)
    assert [picture(content).size for content in answer.content[1:]] == [(32, 32)] * 2
    made = answer.structured_content["pictures"]
    assert [picture["seed"] for picture in made] == [3, 4] and "url" not in made[0]
    assert steps == sorted(set(steps)) and steps[0][1] == 60
    again = caller.call("show_picture", picture=made[0]["id"])
    assert again.content[1].data == answer.content[1].data
    assert caller.values("undo")["undone"] == "generate brick wall"
    assert "is the id of no picture here" in caller.mistake("show_picture", picture=made[0]["id"])


def test_large_pictures_are_sent_smaller(caller: Caller) -> None:
    made = caller.values("generate", **SMALL)["pictures"][0]["id"]
    answer = caller.call("upscale", picture=made, size=[2000, 1000], upscaler="Nearest")
    assert picture(answer.content[1]).size == (1024, 512)
    assert answer.structured_content["pictures"][0]["size"] == [2000, 1000]


def test_a_world_is_painted_erased_and_undone(caller: Caller, scene: str) -> None:
    assert scene in caller.values("list_scenes")["scenes"]
    assert caller.values("inspect_scene", scene=scene)["materials"][1]["name"] == "wall"
    world = make_world(caller, scene)
    assert {"id": world, "scene": scene, "painted": False} in caller.values("list_worlds")["worlds"]
    bare = look(caller, world)
    view = {"path": "orbit"}
    assert caller.values("dream", world=world, camera=view)["dreams"] > 0
    painted = look(caller, world)
    assert painted != bare
    caller.call("erase", world=world, camera=view)
    assert look(caller, world) == bare
    assert caller.values("undo")["undone"] == f"erase world {world}"
    assert look(caller, world) == painted
    assert caller.values("repaint", world=world, camera=view)["dreams"] > 0
    assert 0 < caller.values("dream", world=world, views=1)["coverage"] <= 1
    assert [caller.values("undo")["undone"].split()[0] for _ in range(2)] == ["dream", "repaint"]
    assert look(caller, world) == painted
    film = caller.call("render", world=world, path="orbit", frames=2, size=[64, 48]).content[1]
    assert film.resource.mime_type == "video/mp4" and b"ftyp" in base64.b64decode(film.resource.blob)[:16]
    caller.call("undo")
    assert look(caller, world) == bare
    assert caller.values("undo")["undone"] == f"create world {world}"
    assert world not in str(caller.values("list_worlds"))


def test_a_cancelled_dream_keeps_what_it_painted_and_is_undone(caller: Caller, scene: str) -> None:
    world, begun = make_world(caller, scene), threading.Event()
    bare = look(caller, world)

    async def progress(step: float, total: float | None, words: str | None) -> None:
        begun.set()

    running = caller.start("dream", progress, world=world, views=1000, until=1.0)
    assert begun.wait(120)
    assert running.cancel()
    assert look(caller, world) != bare  # it waits for the lane, so the dream has ended
    assert caller.values("status")["jobs"] == []
    assert caller.values("undo")["undone"] == f"dream world {world}"
    assert look(caller, world) == bare
    entries = [(entry["level"], entry["text"]) for entry in caller.values("log", last=2)["entries"]]
    assert entries == [("warning", "dream: cancelled"), ("info", "undo: done")]


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("generate", {"prompt": " "}, "request: prompt is missing"),
        ("generate", {"prompt": 3}, "request: prompt"),
        ("generate", {"prompt": "x", "dream": {"steps": 900}}, "dream.steps is 900; allowed is 1 to 200"),
        ("generate", {"prompt": "x", "size": [32, 10**9]}, "--size is 32x1000000000"),
        ("generate", {"prompt": "x", "init": "/etc/passwd"}, "init is"),
        ("generate", {"prompt": "x", "init": "file:///etc/passwd"}, "init is an address"),
        ("generate", {"prompt": "<lora:a:1>"}, "requests name no files of this machine"),
        ("generate", {"prompt": "x", "unheard": 1}, "unheard"),
        ("upscale", {"picture": "0" * 16}, "picture is"),
        ("show_picture", {"picture": "../x"}, "picture is the id of no picture here"),
        ("inspect_scene", {"scene": "/etc"}, "scene is '/etc'; allowed are hamlet"),
        ("create_world", {"scene": "../scenes"}, "scene is"),
        ("dream", {}, "request: world: Field required"),
        ("dream", {"world": "../x"}, "world is '../x', the id of no world here"),
        ("render", {"world": "0" * 16}, "the id of no world here"),
        ("erase", {"world": "0" * 16}, "the id of no world here"),
        ("log", {"last": 0}, "last"),
        ("dreem", {}, "dreem is no tool; there are status, generate"),
    ],
)
def test_mistakes_are_one_sentence(caller: Caller, name: str, values: dict[str, Any], words: str) -> None:
    assert words in caller.mistake(name, **values)


def test_mistakes_within_a_world_are_one_sentence(caller: Caller, scene: str) -> None:
    world = make_world(caller, scene)
    assert "path is 'none'; allowed are" in caller.mistake("render", world=world, path="none", frames=1)
    assert "size is [1, 1]" in caller.mistake("render", world=world, size=[1, 1])
    assert "needs a position" in caller.mistake("repaint", world=world, camera={})
    last = caller.values("log", last=1)["entries"][0]
    assert last["level"] == "error" and last["text"].startswith("repaint: request: camera needs")
    assert caller.values("undo")["undone"] == f"create world {world}"


def test_sentences_and_values_name_no_folder(caller: Caller, tiny_model: Path) -> None:
    made = caller.call("generate", **SMALL)
    assert str(tiny_model.parent) not in str(made.structured_content)

"""The web page: needs nothing but its own folder, and in a real browser it looks and walks as the program does."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from app.cli.export import walking_rules
from app.loop.ground import BlockGround
from app.moving.walk import EYES, Movement, Walker, step
from engine.export.page import TEXTURE, write_page
from scenes.camera import Camera
from tests.engine.export import chromium
from tests.engine.export.conftest import around, quiet
from tests.engine.export.test_glb import ALIKE, SIZE, Program, difference

needs_chromium = pytest.mark.skipif(chromium.PROGRAM is None, reason="needs the Debian package chromium")


@pytest.fixture
def folder(whole, tmp_path) -> Path:
    write_page(whole, tmp_path / "page", walking_rules(), quiet)
    return tmp_path / "page"


def address(folder: Path, camera: Camera | None = None) -> str:
    """The page, at the spawn point or where a camera is."""
    url = (folder / "index.html").resolve().as_uri()
    if camera is None:
        return url
    return f"{url}#{','.join(map(repr, (*camera.position, camera.yaw, camera.pitch)))},fly"


def loaded(page: chromium.Page) -> None:
    page.wait("document.body?.dataset.textures && new Set(document.body.dataset.textures.split('/')).size == 1")
    page.evaluate("new Promise(requestAnimationFrame)")


def test_it_needs_nothing_from_elsewhere(folder) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            assert not re.search(r"https?:|//cdn|@import|import\(", path.read_text(encoding="utf-8")), path
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert "<title>village – Rayverie</title>" in text and "{{" not in text


def test_one_texture_for_each_page_and_none_left_of_an_export_before(folder, whole) -> None:
    (folder / "textures" / "999.js").write_text(f"{TEXTURE}999")
    (folder / "textures" / "77.js").write_text("not ours")
    (folder / "textures" / "mine.txt").write_text("not ours")
    write_page(whole, folder, walking_rules(), quiet)
    names = {path.name for path in (folder / "textures").iterdir()}
    assert names == {f"{n}.js" for n in range(len(whole.layout.pages))} | {"mine.txt", "77.js"}
    world = json.loads((folder / "world.js").read_text(encoding="utf-8").removeprefix("rayverie.open(").rstrip(");\n"))
    assert [p["count"] for p in world["pages"]] == [6 * len(p.charts) for p in whole.layout.pages]
    assert world["rules"]["eyes"] == EYES


@needs_chromium
def test_it_looks_as_in_the_program(ctx, whole, volume, folder, tmp_path) -> None:
    program = Program(ctx, whole, volume)
    for k, camera in enumerate(c.with_changes(fov=whole.spawn.fov) for c in around(3)):
        with chromium.Page(address(folder, camera), SIZE, tmp_path / f"profile{k}") as page:
            loaded(page)
            page.evaluate("document.getElementById('help').remove()")
            picture = page.picture()
            assert page.complaints == []
        assert picture.shape == (SIZE[1], SIZE[0], 3)
        assert difference(picture, program.draw(camera)) <= ALIKE


@needs_chromium
def test_one_walks_on_the_ground_and_stops_at_walls_as_in_the_program(folder, whole, tmp_path) -> None:
    start = Camera.from_angles((5.5, 2.2, 9.0), 0.0, 0.0)  # on the grass, the wall of a building ahead
    walker, ground = Walker.at(start), BlockGround(whole.blocks)
    for _ in range(120):
        walker = step(walker, Movement(forward=1.0, right=0.2), 1 / 60, ground)
    with chromium.Page(address(folder, start).removesuffix(",fly"), SIZE, tmp_path / "profile") as page:
        loaded(page)
        for code in ("KeyW", "ShiftLeft"):
            page.key(code, True)
        page.wait("rayverie.place().position[2] < 6 && rayverie.place().velocity.every(v => Math.abs(v) < 1e-3)")
        against_wall = page.evaluate("rayverie.place().position")
        for code in ("KeyW", "ShiftLeft"):
            page.key(code, False)
        page.key("Space", True)
        page.wait("rayverie.place().position[1] > 2.6")
        page.key("Space", False)
        page.wait("Math.abs(rayverie.place().position[1] - 2.2) < 1e-3")
        assert page.complaints == []
    assert np.allclose(against_wall, [5.5, 0.5 + EYES, walker.position[2]], atol=0.12)
    assert math.isclose(walker.position[2], 5.25, abs_tol=0.12)


@needs_chromium
def test_a_finger_walks_and_another_looks(folder, tmp_path) -> None:
    start = Camera.from_angles((9.5, 2.2, 11.0), 0.0, 0.0)
    with chromium.Page(address(folder, start).removesuffix(",fly"), SIZE, tmp_path / "profile") as page:
        loaded(page)
        page.call("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=2)
        left, right = {"x": 40, "y": 100, "id": 1}, {"x": 200, "y": 20, "id": 2}
        page.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[left])
        page.call("Input.dispatchTouchEvent", type="touchMove", touchPoints=[left | {"y": 40}])
        page.wait("rayverie.place().position[2] < 10.5")
        page.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[left | {"y": 40}, right])
        page.call("Input.dispatchTouchEvent", type="touchMove", touchPoints=[left | {"y": 40}, right | {"x": 150}])
        page.wait("rayverie.place().yaw > 10")
        page.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
        page.wait("rayverie.place().velocity.every(v => Math.abs(v) < 1e-3)")
        assert page.complaints == []


@needs_chromium
def test_a_texture_that_is_missing_is_told(folder, tmp_path) -> None:
    (folder / "textures" / "0.js").unlink()
    with chromium.Page(address(folder), SIZE, tmp_path / "profile") as page:
        loaded(page)
        assert page.evaluate("document.getElementById('status').textContent") == "1 texture could not be loaded"

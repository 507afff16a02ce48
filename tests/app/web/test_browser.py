"""Two real browsers walk one world: they move, see it painted, and change a prompt for each other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app.web.conftest import TOKEN, Served
from tests.engine.export import chromium

needs_chromium = pytest.mark.skipif(chromium.PROGRAM is None, reason="needs the Debian package chromium")
SIZE = (720, 480)
SEEN = np.s_[300:, 60:380]  # of a picture: where the ground is, beside the panels


CALM = "{ const draw = requestAnimationFrame; window.requestAnimationFrame = f => setTimeout(() => draw(f), 200); }"


@contextmanager
def browser(url: str, profile: Path) -> Iterator[chromium.Page]:
    """A page that draws five times a second: software would otherwise draw all the time, and the test wait for it."""
    with chromium.Page("about:blank", SIZE, profile) as page:
        page.call("Page.addScriptToEvaluateOnNewDocument", source=CALM)
        page.call("Page.navigate", url=url)
        yield page


def errors(page: chromium.Page) -> list[Any]:
    """What went wrong in a page: exceptions, failed loads, and what it wrote as an error."""
    return [said for said in page.complaints if _is_error(said)]


def _is_error(said: dict[str, Any]) -> bool:
    return "exceptionDetails" in said or said.get("type") == "error" or said.get("entry", {}).get("level") == "error"


def until(done: Callable[[], bool], tries: int = 200) -> None:
    for _ in range(tries):
        if done():
            return
        time.sleep(0.3)
    raise AssertionError("it never came true")


def is_painted(page: chromium.Page) -> bool:
    """Whether the ground is as green as the model of these tests paints."""
    red, green, _ = np.moveaxis(page.picture()[SEEN].astype(int), -1, 0)
    return bool((green > red + 100).mean() > 0.4)


def difference(one: np.ndarray, two: np.ndarray) -> float:
    """Mean difference of what two pictures show."""
    return float(np.abs(one[SEEN].astype(int) - two[SEEN]).mean())


def step_back(page: chromium.Page) -> bool:
    """A short press of S."""
    page.key("KeyS", True)
    time.sleep(0.1)
    page.key("KeyS", False)
    return True


def press(page: chromium.Page, text: str) -> None:
    """A button or a tab, with the mouse, once it stands still: an unfolding tab moves what is in it."""
    found = f"[...document.querySelectorAll('button, [role=tab]')].find(b => b.innerText.trim() === {text!r})"
    page.wait(f"{found} !== undefined")
    centre = (
        f"(b => (b.scrollIntoView({{ block: 'center' }}), (r => {{ const x = r.x + r.width / 2, y = r.y + r.height / 2;"
        f" return b.contains(document.elementFromPoint(x, y)) ? [x, y] : [] }})(b.getBoundingClientRect())))({found})"
    )
    places: list[Any] = [None]
    until(lambda: bool(places.append(page.evaluate(centre)) or places[-1]) and places[-1] == places[-2])
    x, y = places[-1]
    for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
        page.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, x=x, y=y)


def write(page: chromium.Page, before: str, after: str) -> None:
    """Into the text field that shows `before`, and Enter."""
    page.evaluate(
        f"(i => (i.focus(), i.select()))([...document.querySelectorAll('input')].find(i => i.value === {before!r}))"
    )
    page.call("Input.insertText", text=after)
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
    page.call("Input.dispatchKeyEvent", type="keyDown", text="\r", **enter)
    page.call("Input.dispatchKeyEvent", type="keyUp", **enter)


@needs_chromium
def test_two_browsers_walk_one_world(guarded: Served, tmp_path: Path) -> None:
    painter = guarded.headless.painter
    with ExitStack() as stack:
        one, two = (
            stack.enter_context(browser(f"http://127.0.0.1:{guarded.port}/?token={TOKEN}", tmp_path / name))
            for name in ("one", "two")
        )
        for page in (one, two):
            page.wait("document.body?.innerText.includes('This view is finished')")
            until(lambda page=page: is_painted(page))

        until(lambda: difference(one.picture(), two.picture()) < 2)  # they begin at the same place
        revision, before = painter.volume.revision, two.picture()
        until(lambda: step_back(one) and difference(one.picture(), before) > 5)
        one.wait("document.body.innerText.includes('This view is finished')")
        until(lambda: painter.volume.revision > revision and is_painted(one))
        assert difference(two.picture(), before) < 3 < difference(one.picture(), before)  # only one of them moved

        write(one, "green grass", "purple moss")
        until(lambda: painter.scene.materials[0].prompt == "purple moss")
        two.wait("[...document.querySelectorAll('input')].some(i => i.value === 'purple moss')")
        revision = painter.volume.revision
        press(two, "Repaint what changed")
        until(lambda: painter.volume.revision > revision + 1)  # erased, and painted again
        assert painter.client.prompts.entries[-1][1]["floor"][0] == "purple moss"

        press(one, "World")
        one.wait("document.body.innerText.includes('This view is finished')")
        revision = painter.volume.revision
        press(one, "Undo repainting")
        until(lambda: painter.volume.revision > revision)
        press(one, "Undo repainting")
        one.wait("document.body.innerText.includes('has nothing to bring back')")
        press(one, "Save")
        until(guarded.world.exists)
        one.wait("document.body.innerText.includes('What is painted is in')")
        assert errors(one) == errors(two) == []

"""The page in a real browser, from the disk: it plays, answers, and is used by keys, fingers and readers; it complains of nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from diffusion.lessons.stations import STATIONS
from tests.diffusion.lessons.conftest import PROMPTS, STEPS
from tests.engine.export import chromium

pytestmark = pytest.mark.skipif(chromium.PROGRAM is None, reason="needs the Debian package chromium")


@pytest.fixture(scope="module")
def opened(written: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Page]:
    url = (written / "index.html").resolve().as_uri() + "#grass"
    with chromium.Page(url, (1000, 900), tmp_path_factory.mktemp("profile")) as page:
        page.wait("document.body?.dataset.ready")
        yield page
        assert page.complaints == []


@pytest.fixture
def page(opened: chromium.Page) -> chromium.Page:
    """The page at its second lesson, first station, first step."""
    click(opened, "#lessons button:nth-child(2)")
    opened.evaluate("document.querySelectorAll('#depths button')[0].click()")
    while text(opened, "#station-title")[:2] != "1 ":
        click(opened, "#station-next")
    slide(opened, 0)
    return opened


def slide(page: chromium.Page, place: int) -> None:
    page.evaluate(
        f"(s => {{ s.value = {place}; s.dispatchEvent(new Event('input')); }})(document.getElementById('step'))"
    )


def click(page: chromium.Page, selector: str) -> None:
    page.evaluate(f"document.querySelector({selector!r}).click()")


def text(page: chromium.Page, selector: str) -> str:
    return page.evaluate(f"document.querySelector({selector!r}).textContent")


def press(page: chromium.Page, key: str, code: str = "") -> None:
    for kind in ("keyDown", "keyUp"):
        page.call("Input.dispatchKeyEvent", type=kind, key=key, code=code or key)


def place(page: chromium.Page) -> int:
    return int(page.evaluate("document.getElementById('step').value"))


def test_every_picture_loads_and_prompts_are_text(page: chromium.Page) -> None:
    click(page, "#lessons button:nth-child(1)")
    assert text(page, "#prompt") == f"“{PROMPTS[0]}”"
    page.wait("[...document.images].every((one) => one.complete && one.naturalWidth > 0)")
    assert page.evaluate("performance.getEntriesByType('resource').every((one) => one.name.startsWith('file:'))")


def test_steps_are_walked_by_keys_buttons_and_the_slider(page: chromium.Page) -> None:
    page.evaluate("document.activeElement.blur()")
    press(page, "ArrowRight")
    press(page, "ArrowRight")
    assert place(page) == 2 and text(page, "#status").startswith(f"Step 3 of {STEPS}: sigma")
    assert page.evaluate("document.getElementById('picture').src").endswith("grass/picture_03.webp")
    click(page, "#previous")
    assert place(page) == 1
    slide(page, STEPS)
    assert text(page, "#picture-caption") == "Finished"
    assert page.evaluate("document.getElementById('picture').src").endswith("grass/final.webp")
    press(page, "ArrowRight")
    assert place(page) == STEPS


def test_it_plays_to_the_end_and_stops(page: chromium.Page) -> None:
    page.evaluate("document.activeElement.blur()")
    press(page, " ", "Space")
    assert page.evaluate("document.getElementById('play').getAttribute('aria-pressed')") == "true"
    page.wait("document.getElementById('play').getAttribute('aria-pressed') == 'false'")
    assert place(page) == STEPS


def test_a_finger_swipes_to_the_next_step(page: chromium.Page) -> None:
    page.call("Emulation.setTouchEmulationEnabled", enabled=True)
    box = page.evaluate(
        "(({x, y, width, height}) => [x, y, width, height])(document.getElementById('noisy').getBoundingClientRect())"
    )
    x, y = box[0] + box[2] * 0.8, box[1] + box[3] / 2
    page.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
    page.call("Input.dispatchTouchEvent", type="touchMove", touchPoints=[{"x": x - 30, "y": y}])
    page.call("Input.dispatchTouchEvent", type="touchMove", touchPoints=[{"x": x - 90, "y": y}])
    page.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    page.call("Emulation.setTouchEmulationEnabled", enabled=False)
    assert place(page) == 1


def test_every_station_asks_and_answers(page: chromium.Page) -> None:
    seen = set()
    for _ in STATIONS:
        seen.add(text(page, "#question"))
        click(page, "[name=option]")
        click(page, "#check")
        assert len(text(page, "#answer")) > 20
        short = text(page, "#station-text")
        click(page, "#depths button:nth-child(3)")
        assert text(page, "#station-text") != short and text(page, "#answer") == ""
        click(page, "#depths button:nth-child(1)")
        click(page, "#station-next")
    assert len(seen) == len(STATIONS) and text(page, "#station-title").startswith("1 of 10")


def test_every_tab_draws_and_words_have_numbers(page: chromium.Page) -> None:
    for number, sign in ((2, "svg .block"), (3, "canvas.tile"), (4, "svg path"), (1, "[role=radio]")):
        click(page, f"#tabs button:nth-child({number})")
        assert page.evaluate(f"document.querySelectorAll('#panel {sign}').length") > 0
    page.evaluate("document.getElementById('seen').focus()")
    press(page, "ArrowRight")
    assert text(page, "#cell-numbers").startswith("Cell 2, 1: grass 0.")
    assert place(page) == 0, "arrows move the cell while the picture has the focus"


def test_what_is_drawn_is_named_for_screen_readers(page: chromium.Page) -> None:
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    named = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"]
        and node["role"]["value"] in ("button", "image", "img", "slider", "radio", "tab", "heading")
    ]
    assert len(named) > 25 and all(name for _, name in named), named
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.evaluate("document.querySelectorAll('[role=status]').length") >= 2


def test_nothing_moves_by_itself_where_motion_is_reduced(page: chromium.Page) -> None:
    click(page, "#tabs button:nth-child(2)")
    moving = "getComputedStyle(document.querySelector('.flow')).animationName"
    assert page.evaluate(moving) == "flow"
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
    assert page.evaluate(moving) == "none"
    page.call("Emulation.setEmulatedMedia", features=[])


@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_cut_off(page: chromium.Page, width: int) -> None:
    page.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
    for number in (1, 2, 3, 4):
        click(page, f"#tabs button:nth-child({number})")
        assert page.evaluate("document.documentElement.scrollWidth") <= width

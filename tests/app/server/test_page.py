"""The page in a headless Chromium: every tab is used as a visitor does, and the console stays empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.server.conftest import Client
from tests.engine.export import chromium

pytestmark = pytest.mark.skipif(chromium.PROGRAM is None, reason="needs the Debian package chromium")


def fill(page: chromium.Page, **values: object) -> None:
    """Set the page's inputs by their ids."""
    for id, value in values.items():
        found = f"document.getElementById({id!r})"
        page.evaluate(f"{found}.value = {str(value)!r}; {found}.dispatchEvent(new Event('change'))")


def press(page: chromium.Page, selector: str) -> None:
    page.evaluate(f"document.querySelector({selector!r}).click()")


def wait_for_pictures(page: chromium.Page, count: int) -> None:
    page.wait(f"document.querySelectorAll('figure').length === {count}")


def paint_mask(page: chromium.Page) -> None:
    """A stroke with the mouse over the picture."""
    page.wait("document.getElementById('mask').width > 0 && !document.getElementById('mask').hidden")
    corner = "document.getElementById('mask').getBoundingClientRect()"
    left, top, width = (page.evaluate(f"{corner}.{side}") for side in ("left", "top", "width"))
    strokes = (("mousePressed", 0.3, 1), ("mouseMoved", 0.6, 1), ("mouseReleased", 0.6, 0))
    for kind, share, buttons in strokes:
        place = {"x": left + share * width, "y": top + 0.2 * width}
        page.call("Input.dispatchMouseEvent", type=kind, button="left", buttons=buttons, clickCount=1, **place)


def test_every_tab_works(client: Client, idle: None, tmp_path: Path) -> None:
    with chromium.Page(f"http://127.0.0.1:{client.port}/", (1000, 900), tmp_path) as page:
        page.wait("document.getElementById('status')?.textContent.startsWith('Ready')")
        press(page, "#go")
        page.wait("document.getElementById('error').textContent.includes('prompt is missing')")
        page.complaints.clear()  # the browser notes a refused request
        fill(page, prompt="brick wall", width=32, height=32, steps=2, count=2)
        press(page, "#go")
        wait_for_pictures(page, 2)
        press(page, "figure button")
        paint_mask(page)
        press(page, "#go")
        wait_for_pictures(page, 4)
        sent = [job for job in client.backend.jobs.all() if job.kind == "generate"]
        assert sent[-1].state == "done"
        press(page, "[data-tab=anagram]")
        fill(page, anagram="mossy stone", count=1)
        press(page, "#go")
        wait_for_pictures(page, 5)
        press(page, "[data-tab=world]")
        press(page, "#create")
        page.wait("document.getElementById('path').options.length > 0")
        press(page, "#look")
        wait_for_pictures(page, 6)
        assert page.complaints == []
        page.call("Page.navigate", url=f"http://127.0.0.1:{client.port}/docs")
        page.wait("document.querySelectorAll('details').length > 20")
        assert page.complaints == []


def test_a_mask_reaches_the_server(client: Client, idle: None, tmp_path: Path) -> None:
    """What lies outside the stroke is the picture itself: the request had a mask."""
    with chromium.Page(f"http://127.0.0.1:{client.port}/", (1000, 900), tmp_path) as page:
        page.wait("document.getElementById('status')?.textContent.startsWith('Ready')")
        fill(page, prompt="brick wall", width=64, height=64, steps=2)
        press(page, "#go")
        wait_for_pictures(page, 1)
        press(page, "figure button")
        paint_mask(page)
        fill(page, brush=4, strength=1)
        press(page, "#go")
        wait_for_pictures(page, 2)
        below = """(async () => {
          const pixels = await Promise.all([...document.querySelectorAll('figure img')].map(async (image) => {
            await image.decode();
            const pen = Object.assign(document.createElement('canvas'), { width: 64, height: 64 }).getContext('2d');
            pen.drawImage(image, 0, 0);
            return [pen.getImageData(0, 0, 64, 24).data.join(), pen.getImageData(0, 48, 64, 16).data.join()];
          }));
          document.body.dataset.same = [pixels[0][0] === pixels[1][0], pixels[0][1] === pixels[1][1]].join();
        })(); 0"""
        page.evaluate(below)
        page.wait("document.body.dataset.same")
        assert page.evaluate("document.body.dataset.same") == "false,true"

"""Draw docs/server.md's picture: the page of `rayverie serve` in a headless Chromium, after some use.

PYTHONPATH=. .venv/bin/python scripts/server_picture.py [FILE]
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from app.server.app import make_app
from app.server.backend import Backend, open_backend
from app.server.guard import Rules
from app.server.limits import Limits
from app.server.run import bind, server_of
from app.session import ModelChoice
from base.files import atomic_write
from tests.app.server.test_page import fill, press, wait_for_pictures
from tests.engine.export.chromium import Page

SIZE = (1280, 720)
PATIENCE = 6000  # tenths of a second to wait for a painted view
WISHES = ("mossy brick wall, sunset", "cobblestones", "golden wheat field", "weathered oak planks")


def take(port: int, folder: Path) -> Image.Image:
    """Use the page, and take a picture of it."""
    with Page(f"http://127.0.0.1:{port}/", SIZE, folder) as page:
        page.wait("document.getElementById('status')?.textContent.startsWith('Ready')")
        for number, words in enumerate(WISHES, 1):
            fill(page, prompt=words, seed=number)
            press(page, "#go")
            wait_for_pictures(page, number)
        press(page, "[data-tab=world]")
        press(page, "#create")
        page.wait("document.getElementById('path').options.length > 0")
        fill(page, path="walk")
        press(page, "#look")
        wait_for_pictures(page, len(WISHES) + 1)
        for more, second in enumerate((0, 4), 2):
            fill(page, seconds=second)
            press(page, "#paint")
            page.wait(f"document.querySelectorAll('figure').length === {len(WISHES) + more}", tries=PATIENCE)
        page.wait("[...document.images].every((image) => image.complete)")
        return Image.fromarray(page.picture())


def serve(backend: Backend, out: Path, folder: Path) -> None:
    with bind("127.0.0.1", 0) as listener:
        server = server_of(make_app(backend, Rules()), backend.limits)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        picture = take(listener.getsockname()[1], folder)
        server.should_exit = True
        thread.join(30)
    with atomic_write(out) as temporary:
        picture.save(temporary, format="JPEG", quality=88)


def main() -> None:
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images/server.jpg")
    with TemporaryDirectory() as place:
        folders = [Path(place, name) for name in ("pictures", "browser")]
        for folder in folders:
            folder.mkdir()
        backend = open_backend(ModelChoice(), Path(place), folders[0], Limits())
        try:
            serve(backend, out, folders[1])
        finally:
            backend.close()


if __name__ == "__main__":
    main()

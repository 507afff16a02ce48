"""Draw docs/comfyui.md's picture: the results of two workflows in a running ComfyUI with these nodes.

.venv/bin/python scripts/comfyui_picture.py http://127.0.0.1:8188 WORLD [FILE]

WORLD: name of a painted world of the hamlet in ComfyUI's output folder.
"""

from __future__ import annotations

import io
import json
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from PIL import Image, ImageDraw, ImageFont

from base.files import atomic_write

WORKFLOWS = Path(__file__).parents[1] / "integrations" / "comfyui" / "workflows"
SIDE, GAP, BAND = 256, 6, 26  # pixels of a panel, between panels, and of their captions
PAPER, INK = (18, 20, 26), (226, 226, 220)
CAPTIONS = {
    "save depth": "depth",
    "save normals": "normals",
    "save grass": "mask of the grass",
    "save": "a painted world, a few steps on",
}


class Comfy:
    """A running ComfyUI. Raises RuntimeError with its message for a workflow that it can't run."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")

    def ask(self, path: str, content: Any = None) -> bytes:
        data = None if content is None else json.dumps(content).encode()
        with urlopen(Request(self.address + path, data, {"Content-Type": "application/json"})) as answer:
            return answer.read()

    def run(self, workflow: dict[str, Any]) -> dict[str, Image.Image]:
        """The first picture of each node that saves one, by the node's name."""
        number = json.loads(self.ask("/prompt", {"prompt": workflow}))["prompt_id"]
        while not (done := json.loads(self.ask(f"/history/{number}")).get(number)):
            time.sleep(0.5)
        if done["status"]["status_str"] != "success":
            raise RuntimeError(done["status"]["messages"])
        saved = {name: told["images"][0] for name, told in done["outputs"].items() if "images" in told}
        return {name: Image.open(io.BytesIO(self.ask(f"/view?{urlencode(file)}"))) for name, file in saved.items()}


def main() -> None:
    comfy, world = Comfy(sys.argv[1]), sys.argv[2]
    out = Path(sys.argv[3] if len(sys.argv) > 3 else "docs/images/comfyui.jpg")
    look = json.loads((WORKFLOWS / "look_around.json").read_text())
    visit = json.loads((WORKFLOWS / "visit_a_world.json").read_text())
    visit["world"]["inputs"]["file"] = world
    pictures = comfy.run(look) | comfy.run(visit)
    sheet = Image.new("RGB", (len(CAPTIONS) * (SIDE + GAP) - GAP, SIDE + BAND), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for place, (name, caption) in enumerate(CAPTIONS.items()):
        sheet.paste(
            pictures[name].convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS), (place * (SIDE + GAP), 0)
        )
        draw.text((place * (SIDE + GAP) + 4, SIDE + 4), caption, INK, font)
    with atomic_write(out) as temporary:
        sheet.save(temporary, format="JPEG", quality=90)


if __name__ == "__main__":
    main()

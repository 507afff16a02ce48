"""Draw README's pictures with the program itself: the map, the unpainted scene, an unfinished dream, the painted walk.

.venv/bin/python scripts/readme_pictures.py [--scene hamlet] [--model FOLDER] [--out docs/images]
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tyro
from PIL import Image, ImageDraw, ImageFont

from app.loop.answers import answer, dream_of
from app.loop.headless_session import HeadlessSession, open_headless_session
from app.loop.messages import PreviewOptions, Request
from app.loop.paint_now import paint_view
from app.loop.view_canvas import canvas_from
from app.session import DAYLIGHT, ModelChoice, PaintSettings, SceneChoice, Session, open_scene
from base.files import atomic_write
from diffusion.loaders.embedded import read_defaults
from diffusion.settings import DreamSettings
from scenes.load import builtin_folder
from scenes.paths import sample_path
from scenes.scene import Scene

PANEL = (640, 360)
GAP, BAND = 6, 34  # pixels between panels, and of a panel's caption
PAPER, INK = (18, 20, 26), (226, 226, 220)


@dataclass(frozen=True)
class Flags:
    """What to draw, and where to save it."""

    scene: str = "hamlet"
    model: str | None = None
    out: Path = Path("docs/images")
    moment: float = 0.0  # seconds into the tour
    later: float = 3.0  # seconds into the tour, for the last picture
    canvas: int = 512  # height in pixels of a dreamed view
    dream: DreamSettings = field(default_factory=lambda: DreamSettings(**read_defaults()))


def plan(scene: Scene, folder: Path) -> Image.Image:
    """The map beside its materials: swatch and prompt."""
    picture = Image.new("RGB", PANEL, PAPER)
    drawn = Image.open(folder / "map.png").convert("RGBA")
    floor = next((material.display for material in scene.materials if material.name == scene.floor), PAPER)
    source = Image.alpha_composite(Image.new("RGBA", drawn.size, floor), drawn).convert(
        "RGB"
    )  # the material of empty ground
    side = PANEL[1] - 20
    picture.paste(source.resize((side, side), Image.Resampling.NEAREST), (10, 10))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(15)
    prompts = {scene.prompt(i)[0]: m.display for i, m in reversed(list(enumerate(scene.materials)))}
    row = (PANEL[1] - 20) / len(prompts)
    for k, (prompt, colour) in enumerate(reversed(prompts.items())):
        top = 10 + k * row
        draw.rectangle((side + 28, top + 2, side + 44, top + row - 4), fill=colour)
        draw.text((side + 56, top + row / 2 - 10), prompt[:34], fill=INK, font=font)
    return picture


def half_dreamed(headless: HeadlessSession, camera: Any) -> Image.Image:
    """The preview after a third of the steps of the first view's dream."""
    seen: list[np.ndarray] = []
    gathered = headless.painter.requests.gather(camera, PANEL)

    def collect(message: Any) -> None:
        if hasattr(message, "image"):
            seen.append(message.image)

    settings = headless.session.dream
    request = Request(0, gathered, canvas_from(gathered, headless.scene, settings.steps), settings)
    answer(headless.model, request, dream_of, collect, lambda: False, lambda: PreviewOptions(decoded=True))
    image = Image.fromarray(seen[len(seen) // 3])
    width = round(image.height * PANEL[0] / PANEL[1])  # the canvas extends a little beyond the window on both sides
    left = (image.width - width) // 2
    return image.crop((left, 0, left + width, image.height)).resize(PANEL, Image.Resampling.BICUBIC)


def shown(headless: HeadlessSession, camera: Any, mode: str = "painted") -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(headless.draw(camera, PANEL, mode, DAYLIGHT)[..., :3]))


def board(panels: list[tuple[str, Image.Image]]) -> Image.Image:
    """Two columns of captioned panels."""
    rows = -(-len(panels) // 2)
    width, height = PANEL[0], PANEL[1] + BAND
    sheet = Image.new("RGB", (2 * width + 3 * GAP, rows * (height + GAP) + GAP), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(18)
    for k, (caption, picture) in enumerate(panels):
        x, y = GAP + k % 2 * (width + GAP), GAP + k // 2 * (height + GAP)
        sheet.paste(picture, (x, y))
        draw.text((x + 8, y + PANEL[1] + 5), caption, fill=INK, font=font)
    return sheet


def main() -> None:
    flags = tyro.cli(Flags, description=__doc__)
    paint = PaintSettings(canvas=flags.canvas)
    session = Session(SceneChoice(flags.scene), ModelChoice(flags.model), flags.dream, paint)
    scene = open_scene(session.scene)
    tour = scene.paths["tour"]
    first, later = sample_path(tour, flags.moment), sample_path(tour, flags.later)
    with open_headless_session(session, scene) as headless:
        panels = [
            ("1  A small picture is a floor plan; every colour has a prompt", plan(scene, builtin_folder(flags.scene))),
            ("2  It is built, and you walk in it", shown(headless, first)),
            ("3  Stand still, and a diffusion model dreams the view", half_dreamed(headless, first)),
        ]
        paint_view(headless.painter, first, PANEL)
        panels.append(("4  The dream is laid onto the surfaces", shown(headless, first)))
        paint_view(headless.painter, later, PANEL)
        panels.append(("5  Walk on: what was painted stays, the rest is dreamed to match", shown(headless, later)))
        panels.append(("6  Every texel knows its latents and its quality", shown(headless, later, "density")))
    sheet = board(panels)
    with atomic_write(flags.out / "hero.png") as temporary:
        sheet.save(temporary, optimize=True)


if __name__ == "__main__":
    main()

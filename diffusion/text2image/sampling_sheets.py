"""Contact sheets that compare sampling choices side by side.

    python -m diffusion.text2image.sampling_sheets OUT.png [--by sampler|guidance|spacing|scale|execution]
        [--steps 4,8,20] [--model REF] [--seed N]

One row for each prompt and number of steps, one column for each choice; other settings have their defaults.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from base.errors import InputError
from base.files import atomic_write
from base.grid import CELL
from diffusion.canvas import Canvas, Region, Surface
from diffusion.denoisers.guidance import GUIDANCE
from diffusion.denoisers.regions import EXECUTIONS
from diffusion.dream import dream
from diffusion.loaders.loading import load_model
from diffusion.models.bare_surface import bare_gbuffer
from diffusion.models.model import Model
from diffusion.sampling.noise import start_noise
from diffusion.sampling.schedules import SPACINGS
from diffusion.sampling.solvers import SAMPLERS
from diffusion.settings import DreamSettings

CHOICES: dict[str, Sequence] = {
    "sampler": tuple(SAMPLERS),
    "guidance": tuple(GUIDANCE),
    "spacing": tuple(SPACINGS),
    "scale": (1.0, 2.0, 3.0, 4.5, 6.0, 9.0),
    "execution": tuple(EXECUTIONS),
}
LABEL = 14  # height of a label in pixels


@dataclass(frozen=True)
class Subject:
    """The prompts of a row. upper: the prompt of the upper half, or "" if one prompt covers everything."""

    prompt: str
    upper: str = ""

    def canvas(self, model: Model, side: int, seed: int) -> Canvas:
        """A square canvas of `side` latent pixels, with the depth of a wall four blocks away."""
        split = side // 2 if self.upper else 0
        masks = np.zeros((2, side, side), np.float32)
        masks[0, split:], masks[1, :split] = 1, 1
        prompts = (self.prompt, self.upper)[: 2 if split else 1]
        return Canvas(
            regions=tuple(Region(p, m) for p, m in zip(prompts, masks, strict=False)),
            noise=start_noise(model.channels, side, side, seed),
            change=np.ones((side, side), np.float32),
            surface=Surface(
                depth=np.full((side, side), 4.0, np.float32) if model.takes_depth else None,
                gbuffer=bare_gbuffer("wall", side, side, 4.0) if model.knows_surfaces else None,
            ),
        )


SUBJECTS = (
    Subject("red brick wall"),
    Subject("mossy stone wall"),
    Subject("lush green grass"),
    Subject("lush green grass", "red brick wall"),
)


def draw_sheet(
    model: Model, by: str, steps: Sequence[int], seed: int, subjects: Sequence[Subject] = SUBJECTS
) -> Image.Image:
    """The contact sheet: a row for each subject and number of steps, a column for each value of the setting `by`."""
    side = model.native // CELL
    rows = [(subject, count) for subject in subjects for count in steps]
    cell = (model.native, model.native + LABEL)
    page = Image.new("RGB", (cell[0] * len(CHOICES[by]), cell[1] * len(rows)), "white")
    pen = ImageDraw.Draw(page)
    for j, (subject, count) in enumerate(rows):
        canvas = subject.canvas(model, side, seed)
        for i, value in enumerate(CHOICES[by]):
            settings = replace(DreamSettings(steps=count, seed=seed, few_step=False), **{by: value})
            corner = (i * cell[0], j * cell[1])
            page.paste(Image.fromarray(dream(model, canvas, settings).image), (corner[0], corner[1] + LABEL))
            pen.text((corner[0] + 2, corner[1] + 1), f"{value}, {count} steps: {subject.prompt}", fill="black")
    return page


def parse_steps(text: str) -> list[int]:
    """Parse "4,8" as [4, 8]. Raises ValueError for anything but numbers above 0."""
    steps = [int(part) for part in text.split(",")]
    if min(steps) < 1:
        raise ValueError(text)
    return steps


def parse_picture_path(text: str) -> Path:
    """Parse the path of a picture. Raises ValueError if its suffix is no known picture format."""
    path = Path(text)
    if path.suffix.lower() not in Image.registered_extensions():
        raise ValueError(text)
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit code: 0 on success, 2 for bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m diffusion.text2image.sampling_sheets", description="Contact sheets of the sampling choices."
    )
    parser.add_argument("out", type=parse_picture_path, help="picture to write; its suffix sets the format")
    parser.add_argument("--by", choices=list(CHOICES), default="guidance", help="setting to compare in the columns")
    parser.add_argument("--steps", type=parse_steps, default="4,8,20", help="numbers of steps, separated by commas")
    parser.add_argument("--model", help="a model as in other commands; default: the embedded one")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    try:
        with atomic_write(chosen.out) as temporary:  # opened first, so that an unwritable path fails at once
            draw_sheet(load_model(chosen.model), chosen.by, chosen.steps, chosen.seed).save(temporary)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

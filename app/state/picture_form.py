"""The form of the Picture panel, and the pictures it describes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.loop.messages import ModelInfo
from app.state.model_load import follow_model
from diffusion.text2image.recipe import GenerateSettings, Recipe

SEEDS = 2**31
MOST = 16  # maximum number of pictures in a batch
SIDES = range(64, 2049)  # pixels of a picture's sides

# mode → (label, what it does)
MODES: Mapping[str, tuple[str, str]] = {
    "text": ("Text", "A picture from a prompt."),
    "image": ("Image", "A picture from a prompt and another picture; the strength sets how much it may change."),
    "inpaint": ("Inpaint", "Repaint the masked part of a picture."),
    "anagram": ("Anagram", "A picture that shows a second prompt when it is turned."),
}

# Turn of an anagram, see diffusion.denoisers.anagram.VIEWS → how its second prompt is seen.
TURNS: Mapping[str, str] = {
    "rotate_180": "upside-down",
    "rotate_90": "turned to the left",
    "rotate_270": "turned to the right",
    "flip_vertical": "mirrored top to bottom",
    "flip_horizontal": "mirrored left to right",
    "patches": "with its parts rearranged",
    "identity": "unturned, like the first",
}


@dataclass(frozen=True)
class PictureForm:
    """mode: a key of MODES; settings: of `generate`; what the mode doesn't use is kept, but not asked for.

    count: pictures of a batch, with seeds that follow one another; renew: whether a batch moves the seed on
    every: steps between two previews, 0 = none
    """

    mode: str = "text"
    settings: GenerateSettings = field(default_factory=GenerateSettings)
    count: int = 1
    renew: bool = True
    every: int = 4

    @property
    def problem(self) -> str:
        """What is missing, as a sentence; "" if pictures can be made."""
        settings = self.settings
        if not settings.prompt.strip() and self.mode in ("text", "anagram"):
            return "Describe the picture first."
        if self.mode == "anagram" and not (settings.anagram and settings.anagram[0].strip()):
            return "An anagram needs a second prompt."
        if self.mode in ("image", "inpaint") and settings.init is None:
            return "Choose a picture to start from first."
        if self.mode == "inpaint" and settings.mask is None:
            return "Draw or choose a mask first."
        return ""

    @property
    def pictures(self) -> tuple[GenerateSettings, ...]:
        """The settings of each picture, without what the mode doesn't use."""
        settings, dream = self.settings, self.settings.dream
        begun = {"phases": 1} if self.mode in ("image", "inpaint") else {"init": None}
        settings = replace(settings, **begun)
        if self.mode != "inpaint":
            settings = replace(settings, mask=None, mask_blur=0.0)
        if self.mode != "anagram":
            settings = replace(settings, anagram=(), view=GenerateSettings().view)
        seeds = ((dream.seed + place) % SEEDS for place in range(self.count))
        return tuple(replace(settings, dream=replace(dream, seed=seed)) for seed in seeds)

    def set(self, **changes: Any) -> PictureForm:
        """With other settings of `generate`."""
        return replace(self, settings=replace(self.settings, **changes))

    def set_dream(self, **changes: Any) -> PictureForm:
        """With other settings of its dream."""
        return self.set(dream=replace(self.settings.dream, **changes))

    def advance_seed(self) -> PictureForm:
        """Return the form after a batch, with the next seed if `renew` is set."""
        return self.set_dream(seed=(self.settings.dream.seed + self.count) % SEEDS) if self.renew else self

    def follow(self, before: ModelInfo | None, after: ModelInfo) -> PictureForm:
        """Adapt the form to another model: size and settings at the previous model's defaults change to the new one's."""
        usual = GenerateSettings().size if before is None else (before.native, before.native)
        size = (after.native, after.native) if self.settings.size == usual else self.settings.size
        return self.set(size=size, dream=follow_model(self.settings.dream, before, after))


def fit_size(size: tuple[int, int], most: int = 768) -> tuple[int, int]:
    """The size of a picture that starts from one of `size`: its own in multiples of 8, but no side longer than `most`."""
    scale = min(1.0, most / max(size))
    width, height = (max(SIDES[0], round(side * scale / 8) * 8) for side in size)
    return width, height


def form_of(recipe: Recipe, form: PictureForm) -> PictureForm:
    """The form that makes the picture of a recipe again. form: as it was, whose count and previews are kept."""
    settings = recipe.settings
    mode = "anagram" if settings.anagram else "inpaint" if settings.mask else "image" if settings.init else "text"
    return replace(form, mode=mode, settings=settings, count=1, renew=False)

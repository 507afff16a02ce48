"""Single pictures of the server: generate, match prompts, upscale. The model is used on one thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from app.commands import Generate, suit_to_model
from app.loop.chosen_model import load_chosen, recipe_fields
from app.server.jobs import Job, Stopped
from app.server.lane import Lane
from app.server.pictures import SIDES, PictureStore, png_of
from app.session import ModelChoice
from base.errors import InputError
from base.pictures import flat
from diffusion.canvas import Cancelled
from diffusion.loaders.prompt_loras import resolve_loras
from diffusion.models.prompt_syntax import parse_prompt
from diffusion.text2image.generate import generate, refuse
from diffusion.text2image.metadata import parameters, write_png
from diffusion.text2image.prompt_matching import BANK, FAR, Match, PromptBank, choose_match, suggest_captions
from diffusion.text2image.recipe import GenerateSettings, Recipe
from diffusion.upscaling.enlarge import enlarge
from diffusion.upscaling.weights import open_upscaler

LARGEST = 4096  # pixels a side
MOST_PIXELS = 4 << 20  # maximum pixels of a dream; 16 million would need more than 7 GB
UPSCALERS: dict[str, Image.Resampling] = {
    "Lanczos": Image.Resampling.LANCZOS,
    "Bicubic": Image.Resampling.BICUBIC,
    "Nearest": Image.Resampling.NEAREST,
}
LEARNT = "Rayverie"  # the embedded upscaling network
DREAMT = "Dream"  # upscale by Lanczos, then dream the details
ALL_UPSCALERS = (LEARNT, *UPSCALERS, DREAMT)
DETAIL = 0.3  # strength of that dream
PREVIEW_SECONDS = 0.25  # between previews of a dream


@dataclass(frozen=True)
class Wish:
    """One request for pictures. finish: changes each picture that was generated, uint8 [H,W,3] → the same."""

    settings: GenerateSettings
    count: int = 1
    match: int = 0
    match_temperature: float = 0.0
    finish: Callable[[np.ndarray], np.ndarray] | None = None


class PictureMaker:
    """One model, and the pictures it makes."""

    def __init__(self, choice: ModelChoice, store: PictureStore, lane: Lane) -> None:
        self.choice, self.store, self.lane = choice, store, lane
        self.defaults = suit_to_model(Generate(), choice.ref, bool(choice.lora)).picture
        self._loras = resolve_loras(choice.lora, ())[0]
        self.loading = lane.submit(lambda: load_chosen(choice, self._loras))

    @property
    def model(self) -> Any:
        """The model; waits until it is loaded. Raises InputError if it can't be."""
        return self.loading.result()

    def refuse(self, wish: Wish) -> None:
        """Raise InputError for problems that can be found before the model runs."""
        settings = wish.settings
        if not (settings.prompt.strip() or settings.init):
            raise InputError("request", "prompt", "is missing; describe the picture")
        refuse_tags(settings.prompt, settings.negative, *settings.anagram, *settings.dream.further)
        with self.store.decoding:
            refuse(settings)
        refuse_large(settings.size)
        if settings.upscale * max(settings.size) > SIDES[-1]:
            problem = f"is {settings.upscale}; an enlarged picture here has at most {SIDES[-1]} pixels a side"
            raise InputError("request", "upscale", problem)

    def generate(self, job: Job, wish: Wish) -> dict[str, Any]:
        """Generate the pictures of a wish, with seeds that follow one another. In the model's lane."""
        picture, made = wish.settings, []
        if wish.match and picture.prompt.strip():
            found = self.matches(picture.prompt, wish.match)
            picture = replace(
                picture,
                prompt=choose_match(found, temperature=wish.match_temperature, seed=picture.dream.seed).caption,
            )
        for number in range(wish.count):
            job.check()
            seed = (picture.dream.seed + number) % 2**31
            asked = replace(picture, dream=replace(picture.dream, seed=seed))
            on_step = Reporter(job, self.model, _place_of(number, wish.count))
            try:
                done = generate(
                    self.model,
                    asked,
                    **recipe_fields(self.choice, self._loras),
                    on_step=on_step,
                    cancelled=job.cancelled,
                )
            except Cancelled:
                raise Stopped from None
            image = done.image if wish.finish is None else wish.finish(done.image)
            made.append(self._keep(image, nameless(done.recipe)))
        return {"pictures": made, "prompt": picture.prompt}

    def generate_again(self, job: Job, settings: GenerateSettings, made: dict[str, Any]) -> dict[str, Any]:
        """Generate each picture of a result once more, from itself and with its own seed. In the model's lane."""
        found = []
        for picture in made["pictures"]:
            dream = replace(settings.dream, seed=picture["seed"])
            init = self.store.path(picture["id"], "image")
            found += self.generate(job, Wish(replace(settings, init=init, dream=dream)))["pictures"]
        return {**made, "pictures": found}

    def _keep(self, image: np.ndarray, recipe: Recipe) -> dict[str, Any]:
        id = self.store.add(lambda path: write_png(path, image, recipe))
        height, width = image.shape[:2]
        return {
            "id": id,
            "url": f"/v1/pictures/{id}",
            "seed": recipe.settings.dream.seed,
            "size": [width, height],
            "parameters": parameters(recipe),
        }

    def matches(self, prompt: str, count: int) -> tuple[Match, ...]:
        """The captions nearest to a prompt that the embedded model knows, best first."""
        bank, embed = self._matcher
        return suggest_captions(prompt, bank, embed, count)

    @cached_property
    def _matcher(self) -> tuple[PromptBank, Callable]:
        from diffusion.models.minilm import MiniLMEncoder

        return PromptBank.load(BANK), MiniLMEncoder().sentences

    def match(self, job: Job, prompt: str, count: int) -> dict[str, Any]:
        """`matches` as JSON values. In the model's lane."""
        found = self.matches(prompt, count)
        return {
            "matches": [{"caption": match.caption, "similarity": round(match.similarity, 4)} for match in found],
            "far": found[0].similarity < FAR,
        }

    def upscale(self, job: Job, source: Path, upscaler: str, size: tuple[int, int], prompt: str) -> dict[str, Any]:
        """Enlarge a picture; DREAMT also dreams its details. In the model's lane. Raises Stopped."""
        if upscaler == DREAMT:
            dream = replace(self.defaults.dream, strength=DETAIL)
            settings = replace(self.defaults, prompt=prompt, size=size, init=source, dream=dream)
            return self.generate(job, Wish(settings))
        picture = flat(self.store.open(source), 255)
        picture = self._enlarge(job, picture, size) if upscaler == LEARNT else resize(picture, size, upscaler)
        id = self.store.add(lambda path: path.write_bytes(png_of(picture)))
        return {"pictures": [{"id": id, "url": f"/v1/pictures/{id}", "size": list(size)}]}

    def _enlarge(self, job: Job, picture: Image.Image, size: tuple[int, int]) -> Image.Image:
        hooks = {"on_tile": job.report, "cancelled": job.cancelled}
        upscaler = open_upscaler(None, self.model.device)
        try:
            return Image.fromarray(enlarge(np.asarray(picture), upscaler, size, **hooks))
        except Cancelled:
            raise Stopped from None


class Reporter:
    """The `on_step` callback of a dream: reports the progress to the job, with a preview at most every PREVIEW_SECONDS.

    place: (step, steps) of the job at an event
    """

    def __init__(self, job: Job, model: Any, place: Callable[[Any], tuple[int, int]]) -> None:
        self._job, self._model, self._place = job, model, place
        self._shown = -PREVIEW_SECONDS

    def __call__(self, event: Any) -> None:
        preview, now = None, time.monotonic()
        if now - self._shown >= PREVIEW_SECONDS:
            self._shown, preview = now, png_of(Image.fromarray(self._model.preview(event.denoised[0])))
        self._job.report(*self._place(event), preview)


def _place_of(number: int, count: int) -> Callable[[Any], tuple[int, int]]:
    """Where a job of several dreams is, in the step of one of them."""
    return lambda event: (number * event.steps + event.step + 1, count * event.steps)


def nameless(recipe: Recipe) -> Recipe:
    """Return the recipe without the pictures' folders, because clients must not learn paths of this machine."""
    given = {name: getattr(recipe.settings, name) for name in ("init", "mask")}
    names = {name: Path(path.name) for name, path in given.items() if path is not None}
    model = Path(recipe.model).name if recipe.model else recipe.model
    loras = tuple(Path(lora).name for lora in recipe.lora)
    return replace(recipe, settings=replace(recipe.settings, **names), model=model, lora=loras)


def refuse_tags(*prompts: str) -> None:
    """Raise InputError for tags in prompts that name files; the server's files are chosen at its start."""
    for prompt in prompts:
        found = parse_prompt(prompt)
        for kind, tags in (("lora", found.loras), ("style", found.styles)):
            if tags:
                raise InputError("request", "prompt", f"has <{kind}:…>; requests name no files of this machine")


def refuse_large(size: tuple[int, int]) -> None:
    """Raise InputError for a dream that takes more memory than one client may have."""
    if size[0] * size[1] > MOST_PIXELS:
        problem = f"is {size[0]}x{size[1]}; a dream here has at most {MOST_PIXELS:,} pixels, like 2048x2048"
        raise InputError("request", "size", problem)


def check_upscale(upscaler: str, size: tuple[int, int]) -> None:
    """Raise InputError for an unknown upscaler or a size that is too large."""
    if upscaler not in ALL_UPSCALERS:
        raise InputError("request", "upscaler", f"is {upscaler!r}; allowed are {', '.join(ALL_UPSCALERS)}")
    if not all(8 <= side <= LARGEST for side in size):
        raise InputError("request", "size", f"would be {size[0]}x{size[1]}; a side has 8 to {LARGEST} pixels")
    if upscaler == DREAMT:
        refuse_large(size)


def resize(picture: Image.Image, size: tuple[int, int], upscaler: str) -> Image.Image:
    return picture.resize(size, UPSCALERS[upscaler])

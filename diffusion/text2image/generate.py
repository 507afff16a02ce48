"""Generate one picture from a prompt, optionally with a picture and a mask: the functions behind `rayverie generate`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from base.errors import InputError
from base.files import atomic_write, expand_user
from base.grid import CELL, by_cell
from base.outputs import Output, is_marked_png, png_mark, refuse_nameless
from base.pictures import flat, open_picture
from base.reading import is_file
from base.settings import check
from base.step_schedule import StepSchedule, parse_scheduled
from diffusion.canvas import Anagram, Canvas, Dreamed, Guide, Region, Surface
from diffusion.denoisers.anagram import VIEWS, view_problem
from diffusion.denoisers.few_step import run_part
from diffusion.denoisers.mask_forms import MASK_FORMS
from diffusion.dream import dream
from diffusion.loaders.options import USUAL, LoadOptions
from diffusion.models.bare_surface import bare_gbuffer
from diffusion.models.model import Model
from diffusion.models.prompt_syntax import STRONGEST, split_schedule
from diffusion.sampling.callbacks import StepEvent
from diffusion.sampling.start_noise import START_NOISES
from diffusion.text2image.latent_files import NAME, is_latent_file, save_latents
from diffusion.text2image.metadata import fingerprint
from diffusion.text2image.phases import dream_in_phases
from diffusion.text2image.recipe import UPSCALER, GenerateSettings, Recipe
from diffusion.text2image.upscaled import upscale
from diffusion.upscaling.weights import refuse_upscaler

LARGEST = 4096  # pixels a side


@dataclass(frozen=True)
class GeneratedImage:
    """image: uint8 [H,W,3]; recipe: what `diffusion.text2image.metadata.write_png` stores; dreamed: calls, seconds, latents."""

    image: np.ndarray
    recipe: Recipe
    dreamed: Dreamed


def generate(
    model: Model,
    settings: GenerateSettings,
    *,
    model_ref: str | None = None,
    loras: tuple[str, ...] = (),
    controls: tuple[str, ...] = (),
    adapter: str | None = None,
    options: LoadOptions = USUAL,
    on_step: Callable[[StepEvent], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> GeneratedImage:
    """Generate one picture. model_ref, loras, controls, adapter, options: how the user named the model and its additions; stored in
    the recipe.

    With `DreamSettings.capture` the picture is the prediction of that step. If the size isn't a multiple of the model's, a larger
    picture is dreamed and cropped. At the end it is enlarged by `settings.upscale`. Raises InputError naming the flag, and the
    errors of `dream`.
    """
    refuse(settings)
    _check_views(settings, model.multiple)
    width, height = settings.size
    init = mask = None
    hooks = {"on_step": on_step, "cancelled": cancelled}
    if settings.phases > 1:
        make = lambda size, share: make_canvas(model, replace(settings, size=size), share)[0]  # noqa: E731
        dreamed = dream_in_phases(model, make, settings.dream, settings.size, settings.phases, **hooks)
    else:
        canvas, init, mask = make_canvas(model, settings)
        dreamed = dream(model, canvas, settings.dream, **hooks)
    image = model.decode(torch.from_numpy(dreamed.latents)) if settings.dream.capture else dreamed.image
    image = image[:height, :width]
    if init is not None and mask is not None:
        # Kept pixels come from the given picture, not from its reconstruction by the VAE. The cross-fade covers only the mask's
        # darkest quarter: a grey pixel was dreamed with a small change and isn't a mixture of two pictures.
        share = np.clip(4 * mask, 0, 1)[..., None]
        image = np.rint(init + share * (image - init.astype(np.float32))).astype(np.uint8)
    image = upscale(image, settings, model.device, cancelled=cancelled)
    files = {name: fingerprint(path) for name, path in settings.files(model.style is not None).items()}
    recipe = Recipe(settings, model_ref, model.id, files, model.few_steps, loras, controls, adapter, options)
    return GeneratedImage(np.ascontiguousarray(image), recipe, dreamed)


def regenerate(model: Model, recipe: Recipe, where: object, **hooks: Callable) -> GeneratedImage:
    """Generate the picture of a recipe again, pixel for pixel. where: the file it came from.

    Raises InputError if the model or a file differs from the one it was made with.
    """
    if model.id != recipe.model_id:
        raise InputError(where, "model", f"was {recipe.model_id}; this is {model.id}")
    files = recipe.settings.files(recipe.adapter is not None)
    for name, known in recipe.files.items():
        path = files.get(name)
        if path is None or not is_file(path):
            raise InputError(where, name, f"was {path}, which is not there")
        if fingerprint(path) != known:
            raise InputError(where, name, f"was {path}, which has changed since")
    return generate(
        model,
        recipe.settings,
        model_ref=recipe.model,
        loras=recipe.lora,
        controls=recipe.control,
        adapter=recipe.adapter,
        options=recipe.options,
        **hooks,
    )


def make_canvas(
    model: Model, settings: GenerateSettings, share: float = 1.0
) -> tuple[Canvas, np.ndarray | None, np.ndarray | None]:
    """(canvas, init uint8 [H,W,3] or None, mask float32 [H,W] in 0..1 or None).

    The pictures have the requested size; the canvas is enlarged to multiples of the model's. share: as in `bare_gbuffer`.
    """
    whole = rows, columns = cells_of(settings.size, model.multiple)
    init = None if settings.init is None else np.asarray(_open_resized(settings.init, "RGB", settings.size, "--init"))
    mask = _open_mask(settings)
    change, guide = np.ones(whole, np.float32), None
    if init is not None:
        guide = Guide(latents=model.encode(_pad(init, whole)).numpy(), known_mask=np.ones(whole, bool))
        if mask is not None:
            change = by_cell(_pad(mask, whole)).max((1, 3))
    surface = Surface()
    if model.knows_surfaces and settings.surface != "none":
        surface = Surface(gbuffer=bare_gbuffer(settings.surface, rows, columns, settings.distance, share))
    if model.controls:
        seen = (_open_resized(path, "RGB", settings.size, "--control-image") for path in settings.control_image)
        surface = replace(surface, hints=tuple(_pad(np.asarray(picture), whole) for picture in seen))
    prompts = zip(settings.anagram, [*settings.view, *settings.view[-1:] * len(settings.anagram)], strict=False)
    return (
        Canvas(
            regions=(Region(settings.prompt, np.ones(whole, np.float32), settings.negative),),
            noise=start_noise_of(model, settings, whole),
            change=change,
            guide=guide,
            surface=surface,
            anagrams=tuple(Anagram(prompt, view, settings.negative) for prompt, view in prompts),
        ),
        init,
        mask,
    )


def start_noise_of(model: Model, settings: GenerateSettings, size: tuple[int, int]) -> np.ndarray:
    """float32 [C,h,w], the noise that the picture starts from. size: (h, w) of the canvas. Raises InputError for an unreadable picture."""
    row, size_and_seed = START_NOISES[settings.start_noise], (model.channels, *size, settings.dream.seed)
    if not row.from_picture:
        return row.make(*size_and_seed)
    assert settings.start_picture is not None  # `refuse`
    picture = _pad(np.asarray(_open_resized(settings.start_picture, "RGB", settings.size, "--start-picture")), size)
    return row.make(*size_and_seed, model.encode(picture).numpy())


def cells_of(size: tuple[int, int], multiple: int) -> tuple[int, int]:
    """(rows, columns) of latent pixels of a canvas for a picture of (width, height). multiple: of the model."""
    width, height = size
    return -(-height // multiple) * multiple // CELL, -(-width // multiple) * multiple // CELL


def load_picture(path: Path, flag: str, size: tuple[int, int], multiple: int) -> np.ndarray:
    """A user's picture, uint8 [H,W,3], resized to (width, height) and padded to whole multiples. Raises InputError naming the flag."""
    return _pad(np.asarray(_open_resized(path, "RGB", size, flag)), cells_of(size, multiple))


def step_outputs(flag: str, folder: Path) -> list[Output]:
    """The files that `step_saver` may write into `folder`. Raises InputError for a folder without a name, such as ".."."""
    refuse_nameless(flag, folder)
    files = {folder / "step_001.png", *folder.glob("step_[0-9][0-9][0-9].png")}
    return [*(Output(flag, file, is_marked_png) for file in sorted(files)), Output(flag, folder / NAME, is_latent_file)]


def step_saver(model: Model, folder: Path) -> Callable[[StepEvent], None]:
    """An `on_step` callback that writes each step's prediction into a folder: pictures as step_001.png, …, and all latents in one file."""
    latents, sigmas = [], []

    def save(event: StepEvent) -> None:
        latents.append(event.denoised[0].cpu())
        sigmas.append(event.sigma)
        save_latents(folder / NAME, torch.stack(latents), sigmas, model.space)
        with atomic_write(folder / f"step_{event.step + 1:03}.png") as temporary:
            Image.fromarray(model.decode(event.denoised[0])).save(temporary, pnginfo=png_mark())

    return save


def _open_mask(settings: GenerateSettings) -> np.ndarray | None:
    if settings.mask is None:
        return None
    grey = np.asarray(_open_resized(settings.mask, "L", settings.size, "--mask"), dtype=np.float32) / 255
    return MASK_FORMS[settings.mask_form](torch.from_numpy(grey)[None], settings.mask_blur)[0].numpy()


def _pad(picture: np.ndarray, whole: tuple[int, ...]) -> np.ndarray:
    """The picture, padded to the canvas by repeating its right and bottom edges."""
    rest = [(0, CELL * side - have) for side, have in zip(whole, picture.shape, strict=False)]
    return np.pad(picture, [*rest, (0, 0)][: picture.ndim], mode="edge")


def _open_resized(path: Path, mode: str, size: tuple[int, int], flag: str) -> Image.Image:
    """Open and resize a user's picture. Transparent pixels become white in a picture, and black (kept) in a mask."""
    picture = flat(open_picture(path, f"a picture for {flag}"), 255 if mode == "RGB" else 0).convert(mode)
    return picture.resize(size, Image.Resampling.LANCZOS if mode == "RGB" else Image.Resampling.BILINEAR)


def refuse(settings: GenerateSettings, multiple: int | None = None, adapted: bool = False) -> None:
    """Raise InputError, naming the flag, for every problem that can be found before a model is loaded.

    multiple: of the model (`diffusion.loaders.embedded.read_multiple`), None where it is unknown; adapted: whether an IP-Adapter is loaded.
    """
    check(settings)
    check(settings.dream)
    for name, words in (("the prompt", settings.prompt), ("--negative", settings.negative)):
        if any("\ud800" <= c <= "\udfff" for c in words):
            raise InputError(name, "", "contains bytes that aren't UTF-8 text")
    for words in settings.dream.further:
        _refuse_further(words)
    width, height = settings.size
    if not (CELL <= width <= LARGEST and CELL <= height <= LARGEST):
        raise InputError("--size", "", f"is {width}x{height}; a side has {CELL} to {LARGEST} pixels")
    if settings.phases > 1 and settings.init is not None:
        raise InputError("--phases", "", "makes a picture from noise; leave out --init")
    if multiple is not None and settings.dream.dilate > 1 and settings.phases == 1:
        step = multiple * settings.dream.dilate
        if any(-(-side // multiple) * multiple % step for side in settings.size):
            problem = f"is {settings.dream.dilate}; this model then needs sides that are multiples of {step} pixels"
            raise InputError("--dilate", "", f"{problem}, and --size is {width}x{height}")
    _refuse_steps(settings)
    if START_NOISES[settings.start_noise].from_picture and settings.start_picture is None:
        raise InputError("--start-picture", "", "is missing; --start-noise picture takes its forms from it")
    if settings.mask is not None and settings.init is None:
        raise InputError("--mask", "", "needs --init, the picture it is about")
    if settings.anagram and not settings.view:
        raise InputError("--view", "", f"is missing; allowed are {', '.join(VIEWS)}")
    for name, path in settings.files(adapted).items():
        if name == UPSCALER:
            refuse_upscaler(expand_user(path))
            continue
        _open_resized(path, "L", (1, 1), f"--{name.split('.')[0].replace('_', '-')}")


def _check_views(settings: GenerateSettings, multiple: int) -> None:
    """Raise InputError for a view that can't turn a canvas of this shape. multiple: of the model."""
    width, height = settings.size
    if settings.anagram:
        for view in settings.view:
            if problem := view_problem(view, *(-(-side // multiple) * multiple // CELL for side in (height, width))):
                raise InputError("--view", "", f"doesn't fit --size {width}x{height}: {problem}")


def _refuse_steps(settings: GenerateSettings) -> None:
    """Raise InputError for a step that isn't run."""
    asked = settings.dream
    if asked.start_at >= asked.steps:
        raise InputError("--start-at", "", f"is {asked.start_at}; allowed is 0 to {asked.steps - 1}, below --steps")
    first, end = run_part(asked, settings.init is not None)
    if asked.end_at and not first < asked.end_at <= asked.steps:
        raise InputError("--end-at", "", f"is {asked.end_at}; allowed is {first + 1} to {asked.steps}, or 0")
    if asked.capture and not first < asked.capture <= end:
        allowed = f"{first + 1} to {end}, the steps that run, or 0"
        raise InputError("--capture", "", f"is {asked.capture}; allowed is {allowed}")


def _refuse_further(words: str) -> None:
    """Raise InputError for a further prompt without words, or with numbers at the end that are neither a weight nor a schedule."""
    if ":" not in words:
        return
    prompt, points = split_schedule(words)
    prompt, _, number = (prompt, "", points) if points else words.rpartition(":")
    try:
        weight = parse_scheduled(number)
    except ValueError as error:
        if points:
            raise InputError("--further", "", f"is {words!r}, whose weight {error}") from None
        return  # words with a colon in them
    weights = weight.values if isinstance(weight, StepSchedule) else (weight,)
    if not (all(abs(one) <= STRONGEST for one in weights) and prompt.strip()):
        problem = f"is {words!r}; it must be PROMPT:WEIGHT, with a weight from -{STRONGEST:g} to {STRONGEST:g}"
        raise InputError("--further", "", problem)

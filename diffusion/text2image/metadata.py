"""Settings in a PNG: the `parameters` text that A1111's web UI made a habit, and our own versioned JSON that restores every one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from base.errors import InputError
from base.files import atomic_write
from base.settings import from_json as settings_from
from base.settings import to_json as settings_to
from base.typed import typed
from diffusion.denoisers.few_step import as_painted
from diffusion.text2image.recipe import VERSION, GenerateSettings, Recipe

KEY = "rayverie"


def parameters(recipe: Recipe) -> str:
    """The text other programs read: prompt, negative prompt, then the usual settings on one line."""
    settings, dream = recipe.settings, as_painted(recipe.settings.dream, recipe.few_steps)
    name, _, fingerprint = recipe.model_id.rpartition("-")
    values = {
        "Steps": dream.steps,
        "Sampler": dream.sampler,
        "Schedule type": dream.spacing,
        "CFG scale": f"{dream.scale if dream.guidance != 'none' else 1:g}",
        "Seed": dream.seed,
        "Size": f"{settings.size[0]}x{settings.size[1]}",
        "Model hash": fingerprint,
        "Model": name,
    }
    if recipe.lora:
        values["Lora"] = json.dumps(", ".join(recipe.lora), ensure_ascii=False)
    if settings.init is not None:
        values["Denoising strength"] = f"{dream.strength:g}"
    line = ", ".join(f"{key}: {value}" for key, value in values.items())
    negative = f"\nNegative prompt: {settings.negative}" if settings.negative else ""
    return f"{settings.prompt}{negative}\n{line}, Version: Rayverie"


def to_json(recipe: Recipe) -> str:
    """The recipe as versioned JSON."""
    values = {"version": VERSION, "model": recipe.model, "model_id": recipe.model_id, "files": recipe.files}
    values |= {"few_steps": recipe.few_steps, "lora": list(recipe.lora), "settings": settings_to(recipe.settings)}
    return json.dumps(values, ensure_ascii=False)


def from_json(text: str, where: object) -> Recipe:
    """The inverse of `to_json`. Raises InputError naming the field that this version doesn't know or can't use."""
    try:
        values = json.loads(text)
        version = values["version"]
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(where, KEY, "is not readable JSON with a version") from error
    if version != VERSION:
        raise InputError(where, f"{KEY}.version", f"is {version}; this program reads version {VERSION}")
    settings, unknown = settings_from(GenerateSettings, values.get("settings"), where, "settings")
    if unknown:  # without it, it would be another picture
        raise InputError(where, unknown[0], "is unknown to this version")
    return Recipe(
        settings,
        typed(str | None, values.get("model"), where, "model"),
        typed(str, values.get("model_id"), where, "model_id"),
        {str(k): str(v) for k, v in dict(values.get("files") or {}).items()},
        typed(int, values.get("few_steps", 0), where, "few_steps"),
        typed(tuple[str, ...], values.get("lora", []), where, "lora"),
    )


def write_png(path: str | Path, image: np.ndarray, recipe: Recipe) -> None:
    """Write a picture uint8 [H,W,3] with its recipe, whole or not at all."""
    info = PngImagePlugin.PngInfo()
    info.add_itxt("parameters", parameters(recipe))
    info.add_itxt(KEY, to_json(recipe))
    with atomic_write(path) as temporary:
        Image.fromarray(image).save(temporary, format="PNG", pnginfo=info)


def read_png(path: str | Path) -> Recipe:
    """The recipe in a PNG. Raises InputError for a file that is none, or carries none."""
    try:
        with Image.open(path) as image:
            image.load()
            text = getattr(image, "text", {})
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(path, "", "is not a readable PNG") from error
    if KEY not in text:
        raise InputError(path, "", "carries no Rayverie settings; only pictures from `rayverie generate` do")
    return from_json(text[KEY], path)


def fingerprint(path: str | Path) -> str:
    """sha256 of a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()

"""Settings in a PNG: the common `parameters` text of A1111's web UI, and versioned JSON that restores every setting."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from base.errors import InputError
from base.files import atomic_write
from base.png import read_texts
from base.reading import open_regular, parse_json
from base.settings import from_json as settings_from
from base.settings import to_json as settings_to
from base.step_schedule import Scheduled, StepSchedule
from base.typed import convert_json
from diffusion.denoisers.few_step import effective_settings
from diffusion.loaders.options import LoadOptions
from diffusion.text2image.recipe import VERSION, GenerateSettings, Recipe
from diffusion.upscaling.embedded import upscaler_file

KEY = "rayverie"
KNOWN = {"version", "model", "model_id", "files", "few_steps", "lora", "control", "adapter", "options", "settings"}
FILES = re.compile(r"init|mask|start_picture|upscaler|(control_image|style)\.\d+")
MAX_STEPS = 1000


def parameters(recipe: Recipe) -> str:
    """The text that other programs read: prompt, negative prompt, then the usual settings on one line."""
    settings, dream = recipe.settings, effective_settings(recipe.settings.dream, recipe.few_steps)
    name, _, fingerprint = recipe.model_id.rpartition("-")
    values = {
        "Steps": dream.steps,
        "Sampler": dream.sampler,
        "Schedule type": dream.spacing,
        "CFG scale": _format_value(dream.scale if dream.guidance != "none" else 1.0),
        "Seed": dream.seed,
        "Size": f"{settings.size[0]}x{settings.size[1]}",
        "Model hash": fingerprint,
        "Model": name,
    }
    if recipe.lora:
        values["Lora"] = json.dumps(", ".join(recipe.lora), ensure_ascii=False)
    if recipe.control:
        values["ControlNet"] = json.dumps(", ".join(recipe.control), ensure_ascii=False)
    if settings.init is not None:
        values["Denoising strength"] = f"{dream.strength:g}"
    if settings.upscale > 1:
        values["Hires upscale"] = settings.upscale
        values["Hires upscaler"] = json.dumps(upscaler_file(settings.upscaler).stem, ensure_ascii=False)
    line = ", ".join(f"{key}: {value}" for key, value in values.items())
    negative = f"\nNegative prompt: {settings.negative}" if settings.negative else ""
    return f"{settings.prompt}{negative}\n{line}, Version: Rayverie"


def _format_value(value: Scheduled) -> str:
    """A number, or a schedule in quotes because it has commas."""
    return f'"{value}"' if isinstance(value, StepSchedule) else f"{value:g}"


def to_json(recipe: Recipe) -> str:
    """The recipe as versioned JSON."""
    values = {"version": VERSION, "model": recipe.model, "model_id": recipe.model_id, "files": recipe.files}
    values |= {"few_steps": recipe.few_steps, "lora": list(recipe.lora)}
    values |= {"control": list(recipe.control), "adapter": recipe.adapter, "options": settings_to(recipe.options)}
    values |= {"settings": settings_to(recipe.settings)}
    return json.dumps(values)


def from_json(text: str, where: object) -> Recipe:
    """The inverse of `to_json`. Raises InputError naming a field that is unknown to this version or has a wrong value."""
    values = parse_json(text, where, "settings", KEY, names=True)
    if not isinstance(values, dict) or type(version := values.get("version")) is not int:
        raise InputError(where, KEY, "is not an object with a version")
    if version != VERSION:
        raise InputError(where, f"{KEY}.version", f"is {version}; this program reads version {VERSION}")
    if strange := sorted(values.keys() - KNOWN):
        raise InputError(where, f"{KEY}.{strange[0]}", "is unknown to this version")
    files = values.get("files") or {}
    if not isinstance(files, dict) or not all(
        isinstance(known, str) and FILES.fullmatch(name) for name, known in files.items()
    ):
        raise InputError(
            where,
            "files",
            "must hold sha256 of known files: init, mask, start_picture, upscaler, control_image.N, style.N",
        )
    few_steps = convert_json(int, values.get("few_steps", 0), where, "few_steps")
    if not 0 <= few_steps <= MAX_STEPS:
        raise InputError(where, "few_steps", f"is {few_steps}; allowed is 0 to {MAX_STEPS}")
    settings, unknown = settings_from(GenerateSettings, values.get("settings"), where, "settings")
    options, more = settings_from(LoadOptions, values.get("options", {}), where, "options")
    if unknown := [*unknown, *more]:  # ignoring it would give another picture
        raise InputError(where, unknown[0], "is unknown to this version")
    return Recipe(
        settings,
        convert_json(str | None, values.get("model"), where, "model"),
        convert_json(str, values.get("model_id"), where, "model_id"),
        files,
        few_steps,
        convert_json(tuple[str, ...], values.get("lora", []), where, "lora"),
        convert_json(tuple[str, ...], values.get("control", []), where, "control"),
        convert_json(str | None, values.get("adapter"), where, "adapter"),
        options,
    )


def write_png(path: str | Path, image: np.ndarray, recipe: Recipe) -> None:
    """Write a picture uint8 [H,W,3] with its recipe, atomically."""
    info = PngImagePlugin.PngInfo()
    info.add_itxt("parameters", parameters(recipe).encode("utf-8", "backslashreplace").decode())
    info.add_itxt(KEY, to_json(recipe))
    with atomic_write(path) as temporary:
        Image.fromarray(image).save(temporary, format="PNG", pnginfo=info)


def read_png(path: str | Path) -> Recipe:
    """Read the recipe from a PNG. Raises InputError for a file that isn't a PNG or has no recipe."""
    text = read_texts(path)
    if KEY not in text:
        raise InputError(path, "", "carries no Rayverie settings; only pictures from `rayverie generate` do")
    return from_json(text[KEY], path)


def fingerprint(path: str | Path) -> str:
    """sha256 of a file."""
    with open_regular(path, "a picture") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # pyright: ignore[reportArgumentType]

"""Translate requests of A1111's API: settings, pictures, masks and second passes."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from app.server import a1111
from app.server.backend import Backend
from app.server.picture_maker import DREAMT, Wish, check_upscale
from app.server.pictures import png_of
from app.server.sdapi_bodies import ImageBody, TextBody
from base.errors import InputError
from base.pictures import flat
from base.settings import check
from diffusion.text2image.generate import refuse as refuse_settings
from diffusion.text2image.recipe import GenerateSettings


def model_of(backend: Backend) -> tuple[str, str, str]:
    """(title, name, fingerprint) of the model; waits until it is loaded."""
    name, _, sum = backend.maker.model.id.rpartition("-")
    return f"{name} [{sum}]", name, sum


def check_options(backend: Backend, options: dict[str, Any]) -> None:
    """Raise InputError for a model other than the server's. Other options only concern the web UI."""
    wanted = options.get("sd_model_checkpoint")
    if wanted not in (None, "", *(known := model_of(backend))):
        raise InputError("request", "sd_model_checkpoint", f"is {wanted!r}; this server has {known[0]} only")


def refuse(backend: Backend, body: TextBody) -> None:
    """Raise InputError for settings that would be ignored although they change the picture."""
    if body.script_name and body.script_name != "None":
        raise InputError("request", "script_name", f"is {body.script_name!r}; there are no scripts here")
    for name, script in (body.alwayson_scripts or {}).items():
        given = script.get("args") if isinstance(script, dict) else script
        if given and any(given if isinstance(given, list) else [given]):
            raise InputError("request", "alwayson_scripts", f"asks for {name!r}; there are no scripts here")
    if (count := body.batch_size * body.n_iter) > backend.limits.count:
        problem = f"times n_iter is {count}; a request gets at most {backend.limits.count} pictures"
        raise InputError("request", "batch_size", problem)
    if body.override_settings and backend.maker.loading.done():
        check_options(backend, body.override_settings)


def read_settings(backend: Backend, body: TextBody) -> GenerateSettings:
    """Translate a body's settings. Raises InputError."""
    base = backend.maker.defaults
    sampler, spacing = a1111.sampler_of(body.sampler_name or body.sampler_index)
    given = {
        "sampler": sampler,
        "spacing": a1111.schedule_of(body.scheduler) or spacing,
        "steps": body.steps,
        "scale": body.cfg_scale,
        "seed": random.randrange(2**31) if body.seed < 0 else body.seed % 2**31,
        "eta": body.eta if sampler == "ddim" else None,
    }
    dream = replace(base.dream, **{name: value for name, value in given.items() if value not in (None, "")})
    check(dream, "request")
    size = body.width or base.size[0], body.height or base.size[1]
    settings = replace(base, prompt=body.prompt, negative=body.negative_prompt, size=size, dream=dream)
    refuse_settings(settings)
    return settings


def second_pass(body: TextBody, first: GenerateSettings) -> GenerateSettings:
    """The settings of "Hires. fix", which enlarges each picture and dreams its details. Raises InputError."""
    scaled = round(first.size[0] * body.hr_scale), round(first.size[1] * body.hr_scale)
    size = body.hr_resize_x or scaled[0], body.hr_resize_y or scaled[1]
    check_upscale(DREAMT, size)
    strength = 0.7 if body.denoising_strength is None else body.denoising_strength
    dream = replace(first.dream, strength=strength, steps=body.hr_second_pass_steps or first.dream.steps)
    prompts = {"prompt": body.hr_prompt or first.prompt, "negative": body.hr_negative_prompt or first.negative}
    second = replace(first, size=size, dream=dream, **prompts)
    refuse_settings(second)
    return second


def wish_of(backend: Backend, body: ImageBody) -> Wish:
    """Translate an img2img request: fit the picture and its mask, crop them to the masked area, and fill it. Raises InputError."""
    if not body.init_images:
        raise InputError("request", "init_images", "is missing")
    settings = read_settings(backend, body)
    strength = 0.75 if body.denoising_strength is None else body.denoising_strength
    settings = replace(settings, dream=replace(settings.dream, strength=strength))
    check(settings.dream, "request")
    picture = flat(backend.store.open(backend.store.take(body.init_images[0], "init_images")), 255)
    count = body.batch_size * body.n_iter
    if body.mask is None:
        init = keep(backend, a1111.fit(picture, settings.size, body.resize_mode))
        return Wish(replace(settings, init=init), count)
    mask = flat(backend.store.open(backend.store.take(body.mask, "mask")), 0).convert("L").resize(picture.size)
    if body.inpainting_mask_invert:
        mask = ImageOps.invert(mask)
    blur = 4.0 if body.mask_blur is None else body.mask_blur
    finish: Callable[[np.ndarray], np.ndarray] | None = None
    box = (
        a1111.crop_box(mask, body.inpaint_full_res_padding, settings.size, round(2 * blur))
        if body.inpaint_full_res
        else None
    )
    if box is not None:
        crop = a1111.Crop(box, picture)
        picture, mask = picture.crop(box), mask.crop(box)
        soft = soften(mask, blur)
        finish = lambda pixels: crop.paste(pixels, soft)  # noqa: E731
        blur *= settings.size[0] / max(picture.width, 1)
        picture, mask = picture.resize(settings.size, Image.Resampling.LANCZOS), mask.resize(settings.size)
    else:
        picture, mask = (a1111.fit(part, settings.size, body.resize_mode) for part in (picture, mask))
    start = a1111.fill_under_mask(picture, mask, body.inpainting_fill, settings.dream.seed)
    blur = min(blur, 256.0)
    return Wish(
        replace(settings, init=keep(backend, start), mask=keep(backend, mask), mask_blur=blur),
        count,
        finish=finish,
    )


def soften(mask: Image.Image, blur: float) -> Image.Image:
    """Blur a mask outwards for pasting, so that its white area stays white."""
    wide = mask.filter(ImageFilter.MaxFilter(2 * round(min(blur, 32)) + 1)) if blur else mask
    return wide.filter(ImageFilter.GaussianBlur(blur))


def keep(backend: Backend, picture: Image.Image) -> Path:
    """The file of a picture that was made for a request."""
    return backend.store.path(backend.store.add(lambda path: path.write_bytes(png_of(picture))), "image")

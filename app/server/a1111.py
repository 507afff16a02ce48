"""Translate A1111's picture settings to ours: names of samplers and schedules, resize modes, inpainting fills and crops.

The names and meanings are those of the API of AUTOMATIC1111's web UI (its wiki page "API", and what its clients send).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from base.errors import InputError
from base.settings import names_in

SAMPLERS = {  # their name → ours
    "Euler": "euler",
    "Euler a": "euler_ancestral",
    "Heun": "heun",
    "LMS": "lms",
    "DPM2": "dpm2",
    "DPM2 a": "dpm2_ancestral",
    "DPM++ 2S a": "dpmpp_2s_ancestral",
    "DPM++ 2M": "dpmpp_2m",
    "DPM++ SDE": "dpmpp_sde",
    "DPM++ 2M SDE": "dpmpp_2m_sde",
    "DPM++ 3M SDE": "dpmpp_3m_sde",
    "DDIM": "ddim",
    "DDPM": "ddpm",
    "UniPC": "unipc",
    "LCM": "lcm",
    "Restart": "restart",
}
SCHEDULES = {  # their name → (label, ours); "" keeps the model's own
    "automatic": ("Automatic", ""),
    "uniform": ("Uniform", "model"),
    "normal": ("Normal", "model"),
    "simple": ("Simple", "model"),
    "ddim": ("DDIM", "model"),
    "sgm_uniform": ("SGM Uniform", "trailing"),
    "karras": ("Karras", "karras"),
    "exponential": ("Exponential", "exponential"),
    "beta": ("Beta", "beta"),
    "linspace_power": ("Linspace power", "linspace_power"),
}
FILLS = {0: "fill", 1: "original", 2: "latent noise", 3: "latent nothing"}
GREY = 127


def sampler_of(name: str | None) -> tuple[str, str]:
    """(our sampler, our spacing or "") of their sampler, which may end in a schedule, as in "DPM++ 2M Karras".

    Our own names count, too; no name is "". Raises InputError.
    """
    if not name:
        return "", ""
    lower = {theirs.lower(): ours for theirs, ours in SAMPLERS.items()}
    lower |= {ours: ours for ours in names_in("diffusion.sampling.solvers:SAMPLERS")}
    if name.lower() in lower:
        return lower[name.lower()], ""
    first, _, last = name.rpartition(" ")
    if first.lower() in lower and last.lower() in SCHEDULES:
        return lower[first.lower()], SCHEDULES[last.lower()][1]
    raise InputError("request", "sampler_name", f"is {name!r}; allowed are {', '.join(SAMPLERS)}")


def schedule_of(name: str | None) -> str:
    """Our spacing of their schedule; "" keeps the model's. Raises InputError."""
    if not name:
        return ""
    for theirs, (label, ours) in SCHEDULES.items():
        if name.lower() in (theirs, label.lower()):
            return ours
    raise InputError("request", "scheduler", f"is {name!r}; allowed are {', '.join(SCHEDULES)}")


def fit(picture: Image.Image, size: tuple[int, int], mode: int) -> Image.Image:
    """Resize a picture. mode: 0 and 3 stretch it, 1 crops it, 2 pads it with its edge pixels."""
    if mode == 1:
        return ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
    if mode != 2:
        return picture.resize(size, Image.Resampling.LANCZOS)
    inner = ImageOps.contain(picture, size, Image.Resampling.LANCZOS)
    left, top = (size[0] - inner.width) // 2, (size[1] - inner.height) // 2
    rest = ((top, size[1] - inner.height - top), (left, size[0] - inner.width - left))
    pixels = np.asarray(inner)
    return Image.fromarray(np.pad(pixels, (*rest, (0, 0))[: pixels.ndim], mode="edge"))


def fill_under_mask(picture: Image.Image, mask: Image.Image, how: int, seed: int) -> Image.Image:
    """Fill a picture under a mask (mode L) before inpainting. how: a key of FILLS. Raises InputError."""
    if how not in FILLS:
        allowed = ", ".join(f"{number} ({name})" for number, name in FILLS.items())
        raise InputError("request", "inpainting_fill", f"is {how}; allowed are {allowed}")
    if how == 1:
        return picture
    if how == 0:
        inner = surroundings(picture, mask)
    elif how == 2:
        noise = np.random.default_rng(seed).integers(0, 256, (picture.height, picture.width, 3), np.uint8)
        inner = Image.fromarray(noise)
    else:
        inner = Image.new("RGB", picture.size, (GREY, GREY, GREY))
    return Image.composite(inner, picture, mask.point(lambda value: 255 if value else 0))


def surroundings(picture: Image.Image, mask: Image.Image) -> Image.Image:
    """Spread the colours outside the mask into it, nearer ones with more weight."""
    kept = mask.point(lambda value: 0 if value else 255)
    result = Image.new("RGB", picture.size, (GREY, GREY, GREY))
    bare = Image.composite(picture, Image.new("RGB", picture.size), kept)
    for radius in (max(picture.size), 64, 16, 4):  # wide blurs first, narrower ones over them where they reach
        weight = np.asarray(kept.filter(ImageFilter.GaussianBlur(radius)), np.float32)
        spread = np.asarray(bare.filter(ImageFilter.GaussianBlur(radius)), np.float32)
        share = np.clip(spread * 255 / np.maximum(weight, 1)[..., None], 0, 255).astype(np.uint8)
        result = Image.composite(Image.fromarray(share), result, Image.fromarray((weight >= 4).astype(np.uint8) * 255))
    return result


@dataclass(frozen=True)
class Crop:
    """The part of a picture that "only masked" inpainting dreams: box (left, top, right, bottom) of a whole picture."""

    box: tuple[int, int, int, int]
    whole: Image.Image

    def paste(self, pixels: np.ndarray, mask: Image.Image) -> np.ndarray:
        """Paste the dreamed box into the whole picture under the mask. pixels: uint8 [H,W,3]; mask: of the box."""
        size = self.box[2] - self.box[0], self.box[3] - self.box[1]
        inner = Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS)
        whole = self.whole.copy()
        whole.paste(inner, self.box[:2], mask.resize(size, Image.Resampling.BILINEAR))
        return np.asarray(whole)


def crop_box(
    mask: Image.Image, padding: int, shape: tuple[int, int], reach: int = 0
) -> tuple[int, int, int, int] | None:
    """Return the box around a mask, with padding and the blur's reach, widened to the aspect ratio of `shape` if possible.

    None where nothing is masked.
    """
    found = mask.getbbox()
    if found is None:
        return None
    more = padding + reach
    left, top = max(found[0] - more, 0), max(found[1] - more, 0)
    right, bottom = min(found[2] + more, mask.width), min(found[3] + more, mask.height)
    width, height = right - left, bottom - top
    aspect = shape[0] / shape[1]
    wide, high = max(width, round(height * aspect)), max(height, round(width / aspect))
    left, right = _widen(left, right, min(wide, mask.width), mask.width)
    top, bottom = _widen(top, bottom, min(high, mask.height), mask.height)
    return left, top, right, bottom


def _widen(first: int, last: int, length: int, most: int) -> tuple[int, int]:
    """Widen a span to `length` within 0..most."""
    start = min(max(first - (length - (last - first)) // 2, 0), most - length)
    return start, start + length

"""Opens all pictures from outside: upright, 8 bits, transparency as alpha, bounded in size, with one sentence for errors."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from base.errors import InputError, shorten
from base.png import MOST_BYTES, SIGNATURE, essential
from base.reading import read_bytes

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF")  # without formats that run other programs
MOST_PIXELS = 1 << 28  # 16,384 squared; a gigabyte while it is open
Image.MAX_IMAGE_PIXELS = None  # Pillow's own limit is too low for panoramas; MOST_PIXELS replaces it
warnings.filterwarnings("ignore", module=r"PIL\.")  # about metadata that has no effect here


def open_picture(
    path: str | Path,
    what: str = "a picture",
    *,
    formats: tuple[str, ...] = FORMATS,
    sides: range | None = None,
    largest: int | None = None,
) -> Image.Image:
    """A picture file as RGB, or RGBA where something is transparent; of an animation the first frame.

    It is turned as its EXIF orientation says. 16 bits become the upper 8. Gamma and colour profiles are ignored.
    sides: allowed lengths in pixels; largest: make it smaller, so that no side is longer.
    Raises InputError for what is missing, no picture, damaged, or of more than MOST_PIXELS pixels. Any thread.
    """
    data = read_bytes(path, what, MOST_BYTES)
    try:
        if data.startswith(SIGNATURE):
            data = essential(data)
        with Image.open(io.BytesIO(data), formats=formats) as picture:
            _refuse_sides(path, picture.size, sides)
            if largest is not None:
                picture.draft("RGB", (largest, largest))
            upright = _colours(_upright(picture))
    except InputError:
        raise
    except Image.UnidentifiedImageError:
        kinds = "a PNG picture" if formats == ("PNG",) else f"a picture of a known kind ({', '.join(formats)})"
        raise InputError(path, "", f"is not {kinds}; it must be {what}") from None
    except Exception as error:  # decoders raise many kinds of exceptions
        raise InputError(path, "", f"is a broken picture ({shorten(str(error)) or type(error).__name__})") from error
    if largest is not None:
        upright.thumbnail((largest, largest))
    return upright


def flat(picture: Image.Image, ground: int) -> Image.Image:
    """Return a picture as RGB, with transparent parts on a grey of 0 to 255."""
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    below = Image.new("RGBA", picture.size, (ground, ground, ground, 255))
    return Image.alpha_composite(below, picture).convert("RGB")


def _refuse_sides(path: str | Path, size: tuple[int, int], sides: range | None) -> None:
    width, height = size
    if sides is not None and (width not in sides or height not in sides):
        problem = f"is {width}×{height} pixels; allowed are {sides[0]} to {sides[-1]} pixels a side"
        raise InputError(path, "", problem)
    if width * height > MOST_PIXELS:
        problem = f"is {width}×{height} pixels; at most {MOST_PIXELS // 1_000_000} million are read"
        raise InputError(path, "", problem)


def _upright(picture: Image.Image) -> Image.Image:
    picture.load()
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # unreadable EXIF data are ignored
        return picture


def _colours(picture: Image.Image) -> Image.Image:
    """8 bits a channel: RGBA where the picture has transparency, else RGB."""
    if picture.mode.startswith("I") or picture.mode == "F":
        return _from_wide(np.asarray(picture), picture.info.get("transparency"))
    clear = picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info
    return picture.convert("RGBA" if clear else "RGB")


def _from_wide(values: np.ndarray, clear: object) -> Image.Image:
    """Grey of more than 8 bits: whole numbers are taken as 16 bits, broken ones as 0 to 1. clear: the transparent value."""
    if np.issubdtype(values.dtype, np.floating):
        if not np.isfinite(values).all():
            raise ValueError("NaN or infinite values")
        grey = np.clip(values * 255 + 0.5, 0, 255)
    else:
        grey = np.clip(values.astype(np.int64), 0, 65535) >> 8
    grey = grey.astype(np.uint8)
    if not isinstance(clear, int):
        return Image.fromarray(grey).convert("RGB")
    return Image.fromarray(np.stack([grey, grey, grey, np.where(values == clear, 0, 255).astype(np.uint8)], axis=-1))

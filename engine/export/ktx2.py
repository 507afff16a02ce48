"""Pictures as KTX 2 files with UASTC blocks, which graphics cards keep compressed, with all their mip levels.

https://registry.khronos.org/KTX/specs/2.0/ktxspec.v2.html
https://github.com/KhronosGroup/glTF/tree/main/extensions/2.0/Khronos/KHR_texture_basisu
"""

from __future__ import annotations

import numpy as np

# Basis Universal's. quality: below 100, blocks are chosen that Zstandard packs better; effort: 0 to 10
UASTC = {"codec": "uastc", "quality": 90, "effort": 1, "zstd_supercompression_level": 18, "srgb": True}


def encode_ktx2(picture: np.ndarray) -> bytes:
    """A picture uint8 [H,W,3] or [H,W,4] of sRGB colours as a KTX 2 file. H and W are multiples of 4. Needs the package `alktx2`."""
    import alktx2  # an extra

    alpha = picture.shape[2] == 4
    full = picture if alpha else np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
    levels = [(level.tobytes(), level.shape[1], level.shape[0]) for level in mip_levels(full)]
    return alktx2.encode_raw_mips_to_ktx2(levels, has_alpha=alpha, force_alpha=alpha, **UASTC)


def mip_levels(picture: np.ndarray) -> list[np.ndarray]:
    """The picture uint8 [H,W,4] and its halves down to one pixel. Each pixel is the mean light of what it covers."""
    levels = [picture]
    light = np.concatenate([_to_light(picture[..., :3]), picture[..., 3:].astype(np.float32)], axis=2)
    while max(light.shape[:2]) > 1:
        light = _halve(_halve(light).swapaxes(0, 1)).swapaxes(0, 1)
        colour = np.concatenate([_from_light(light[..., :3]), light[..., 3:]], axis=2)
        levels.append(np.round(colour).astype(np.uint8))
    return levels


def _halve(values: np.ndarray) -> np.ndarray:
    """Means of rows [H,…], ⌊H/2⌋ of them and at least one. Of an odd number of rows, each takes its share of three."""
    half, odd = divmod(len(values), 2)
    if not half:
        return values
    if not odd:
        return (values[::2] + values[1::2]) / 2
    share = (np.arange(half, dtype=np.float32) / len(values)).reshape(-1, *[1] * (values.ndim - 1))
    middle, after = half / len(values), share + np.float32(1 / len(values))
    return (1 - middle - after) * values[:-1:2] + middle * values[1::2] + after * values[2::2]


def _to_light(colour: np.ndarray) -> np.ndarray:
    """float32, 0..1: the light of sRGB colours, 0..255."""
    c = np.arange(256, dtype=np.float32) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)[colour]


def _from_light(light: np.ndarray) -> np.ndarray:
    """float32, 0..255: the sRGB colours of light, 0..1."""
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)

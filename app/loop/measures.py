"""Measures of persistence as pure functions of pictures uint8 or float [H,W,3] in 0..255, masks bool [H,W] and labels int [H,W].

A label is the number of the dream that painted a pixel; unpainted pixels are negative.
"""

from __future__ import annotations

import math

import numpy as np

PEAK = 255.0
LUMA = np.array([0.299, 0.587, 0.114])
SIGMA = 1.5  # pixels: the Gaussian window of SSIM (Wang et al. 2004), cut at RADIUS
RADIUS = 5
C1, C2 = (0.01 * PEAK) ** 2, (0.03 * PEAK) ** 2


def squared_error(a: np.ndarray, b: np.ndarray, mask: np.ndarray) -> float:
    """Mean squared difference of colours within the mask, in 0..255²; nan when it is empty."""
    return float(((a[mask].astype(float) - b[mask]) ** 2).mean()) if mask.any() else math.nan


def psnr(error: float) -> float:
    """dB of a mean squared error; inf for 0."""
    return math.inf if error == 0 else 10 * math.log10(PEAK**2 / error)


def difference(a: np.ndarray, b: np.ndarray, mask: np.ndarray) -> float:
    """Mean absolute difference of colours within the mask, 0..255; nan when it is empty."""
    return float(abs(a[mask].astype(float) - b[mask]).mean()) if mask.any() else math.nan


def luminance(picture: np.ndarray) -> np.ndarray:
    """float64 [H,W], 0..255 (BT.601)."""
    return picture[..., :3] @ LUMA


def ssim(a: np.ndarray, b: np.ndarray, mask: np.ndarray) -> float:
    """Mean structural similarity of the luminances (Wang et al. 2004), windows weighted by the mask; nan when it is empty."""
    if not mask.any():
        return math.nan
    x, y = luminance(a), luminance(b)
    weight = _blur(mask.astype(float))

    def mean(values: np.ndarray) -> np.ndarray:
        return _blur(np.where(mask, values, 0.0)) / np.maximum(weight, 1e-12)

    mx, my = mean(x), mean(y)
    vx, vy, cov = mean(x * x) - mx * mx, mean(y * y) - my * my, mean(x * y) - mx * my
    similar = (2 * mx * my + C1) * (2 * cov + C2) / ((mx * mx + my * my + C1) * (vx + vy + C2))
    return float(similar[mask].mean())


def erode(mask: np.ndarray, radius: int) -> np.ndarray:
    """Erode a mask by `radius` pixels (a square); the picture's border counts as inside."""
    for axis in (0, 1):
        pad = [(radius, radius) if k == axis else (0, 0) for k in (0, 1)]
        windows = np.lib.stride_tricks.sliding_window_view(
            np.pad(mask, pad, constant_values=True), 2 * radius + 1, axis
        )
        mask = np.asarray(windows.all(-1))
    return mask


def fine_energy(picture: np.ndarray, surface: np.ndarray) -> tuple[float, int]:
    """(sum of the squared Laplacian of the luminance, pixels) over the pixels whose four neighbours are on the same surface.

    surface: int [H,W]; negative ones are left out.
    """
    y = luminance(picture)
    middle = surface[1:-1, 1:-1]
    low, mid, high = slice(0, -2), slice(1, -1), slice(2, None)
    around = (low, mid), (high, mid), (mid, low), (mid, high)
    same = middle >= 0
    laplacian = -4 * y[1:-1, 1:-1]
    for part in around:
        same = same & (surface[part] == middle)
        laplacian = laplacian + y[part]
    return float((laplacian[same] ** 2).sum()), int(same.sum())


def seam_gradients(picture: np.ndarray, label: np.ndarray, surface: np.ndarray) -> tuple[float, int, float, int]:
    """(sum of |luminance steps| across borders of paint, their number, the same two inside one dream's paint).

    Only pairs of painted neighbours on one surface count; a border is where their labels differ.
    """
    y = luminance(picture)
    sums = [0.0, 0, 0.0, 0]
    for first, second in (
        ((slice(None), slice(0, -1)), (slice(None), slice(1, None))),
        ((slice(0, -1),), (slice(1, None),)),
    ):
        step = abs(y[first] - y[second])
        counted = (surface[first] == surface[second]) & (label[first] >= 0) & (label[second] >= 0)
        frontier = counted & (label[first] != label[second])
        inside = counted & ~frontier
        sums[0] += float(step[frontier].sum())
        sums[1] += int(frontier.sum())
        sums[2] += float(step[inside].sum())
        sums[3] += int(inside.sum())
    return sums[0], int(sums[1]), sums[2], int(sums[3])


def _blur(values: np.ndarray) -> np.ndarray:
    """Gaussian window, separable; what lies outside the picture counts 0."""
    kernel = np.exp(-0.5 * (np.arange(-RADIUS, RADIUS + 1) / SIGMA) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        pad = [(RADIUS, RADIUS) if k == axis else (0, 0) for k in (0, 1)]
        padded = np.pad(values, pad)
        n = values.shape[axis]
        values = sum(w * np.take(padded, range(k, k + n), axis=axis) for k, w in enumerate(kernel))  # type: ignore[assignment]
    return values

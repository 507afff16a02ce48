"""Runs one method on one walk and computes its figures."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.bench.consistency.geometry import NO_PLANE, RaycastView, match, warp
from app.bench.consistency.methods import Method, MethodContext, Shown
from app.loop import measures
from scenes.camera import Camera
from scenes.scene import SKY

SIMILAR = 1.5  # views are compared where their resolutions of the surface differ by less than this factor
FILTER = 2  # pixels over which neighbouring paint may affect a pixel
LEAST = 256  # pixels that two views must have in common to be compared

Figure = float | None


@dataclass(frozen=True)
class WalkResult:
    """A method's pictures on a walk, its model calls and seconds, and the exact geometry of the views."""

    views: Sequence[RaycastView]
    shown: Sequence[Shown]
    calls: int
    seconds: float


def walk_cameras(context: MethodContext, method: Method, cameras: Sequence[Camera]) -> WalkResult:
    views = [context.raycast(camera) for camera in cameras]  # outside the stopwatch
    calls, started = context.calls, time.perf_counter()
    method.prepare(cameras)
    shown = [method.paint(camera) for camera in cameras]
    return WalkResult(views, shown, context.calls - calls, time.perf_counter() - started)


def pairs(count: int) -> list[tuple[int, int]]:
    """Views to compare: 1, 2, 4, … apart."""
    lags = [1 << k for k in range(max(count - 1, 1).bit_length())]
    return [(i, i + lag) for lag in lags for i in range(count - lag)]


def cross_view(views: Sequence[RaycastView], shown: Sequence[Shown]) -> dict[str, Figure]:
    """PSNR (of the mean squared error over all pairs) and mean SSIM where two views see the same painted surface points."""
    errors, similar, weights = [], [], []
    for i, j in pairs(len(shown)):
        a, b = views[i], views[j]
        if a.camera == b.camera:  # that is a revisit
            continue
        found = match(a, b)
        both = found.whole & (abs(np.log(found.coarser)) <= math.log(SIMILAR)) & (shown[i].label >= 0)
        both &= warp((shown[j].label >= 0)[..., None].astype(float), found)[..., 0] == 1
        if both.sum() < LEAST:
            continue
        moved = warp(shown[j].picture, found)
        errors.append(measures.squared_error(shown[i].picture, moved, both))
        similar.append(measures.ssim(shown[i].picture, moved, both))
        weights.append(int(both.sum()))
    if not weights:
        return {"cross_view_psnr": None, "cross_view_ssim": None}
    error = float(np.average(errors, weights=weights))
    return {
        "cross_view_psnr": finite(measures.psnr(error)),
        "cross_view_ssim": finite(float(np.average(similar, weights=weights))),
    }


def revisit(first: Shown, again: Shown) -> dict[str, Figure]:
    """Mean absolute difference (0..255) of one camera's two pictures, on pixels that were painted at first and on those whose paint
    is still the same.

    The latter exclude a margin around other paint, because a picture's filter mixes neighbouring pixels.
    """
    painted = first.label >= 0
    kept = measures.erode(painted & (first.label == again.label), FILTER)
    return {
        "revisit_error": finite(measures.difference(first.picture, again.picture, painted)),
        "revisit_error_kept": finite(measures.difference(first.picture, again.picture, kept)),
        "kept_share": finite(float(kept.sum() / painted.sum()) if painted.any() else math.nan),
    }


def surfaces(view: RaycastView, label: np.ndarray | None = None) -> np.ndarray:
    """int64 [H,W]: a number for each pair of plane and material, also for the sky; −1 where the label says unpainted."""
    number = (view.plane - NO_PLANE) * 1000 + (view.material.astype(np.int64) - SKY)
    return number if label is None else np.where(label >= 0, number, -1)


def choose_compared(views: int) -> tuple[int, ...]:
    """Indices of the views whose sharpness is measured: the first and the middle one."""
    return (0, views // 2)


def sharpness(views: Sequence[RaycastView], shown: Sequence[Shown], fresh: Mapping[int, np.ndarray]) -> Figure:
    """Fine detail ÷ that of a fresh generation of the same views, as a ratio of root mean squared Laplacians on painted pixels."""
    ours = theirs = 0.0
    for index, picture in fresh.items():
        where = surfaces(views[index], shown[index].label)
        ours += measures.fine_energy(shown[index].picture, where)[0]
        theirs += measures.fine_energy(picture, where)[0]
    return math.sqrt(ours / theirs) if theirs else None


def steps_at_seams(views: Sequence[RaycastView], shown: Sequence[Shown]) -> Figure:
    """Mean luminance step across borders of paint ÷ inside paint, on one surface; None without borders."""
    rows = [measures.seam_gradients(s.picture, s.label, surfaces(v)) for v, s in zip(views, shown, strict=True)]
    if not rows:
        return None
    across, steps, inside, others = (float(sum(column)) for column in zip(*rows, strict=True))
    return (across / steps) / (inside / others) if steps and others and inside else None


def seams(views: Sequence[RaycastView], shown: Sequence[Shown], fresh: Mapping[int, np.ndarray]) -> Figure:
    """Luminance steps at borders of paint ÷ those of fresh pictures of the same views at the same places.

    Borders tend to lie where a picture has many details (outlines, detailed materials) or few (sky). Dividing by the fresh
    picture's steps at the same places removes that effect.
    """
    where = sorted(fresh)
    ours = steps_at_seams([views[k] for k in where], [shown[k] for k in where])
    theirs = steps_at_seams([views[k] for k in where], [replace(shown[k], picture=fresh[k]) for k in where])
    return ours / theirs if ours and theirs else None


def coverage(shown: Sequence[Shown]) -> float:
    """Sum over the views of their share of painted pixels."""
    return float(sum((s.label >= 0).mean() for s in shown))


def measure_walk(result: WalkResult, fresh: Mapping[int, np.ndarray]) -> dict[str, Figure]:
    """All figures of a walk that ends where it began. fresh: index of a view → its picture dreamed as if nothing were painted;
    must include the views of `choose_compared`."""
    return {
        **cross_view(result.views, result.shown),
        **revisit(result.shown[0], result.shown[-1]),
        "sharpness": sharpness(result.views, result.shown, {k: fresh[k] for k in choose_compared(len(result.shown))}),
        "seam_energy": seams(result.views, result.shown, fresh),
        "seam_steps": steps_at_seams(result.views, result.shown),
        "coverage": coverage(result.shown) / len(result.shown),
        "coverage_per_call": coverage(result.shown) / result.calls if result.calls else None,
        "model_calls": result.calls,
        "seconds": result.seconds,
    }


def drift(
    method: Method, here: Camera, there: Camera, revisits: int, on_revisit: Callable[[], None] = lambda: None
) -> dict:
    """Go from `here` to `there` and back `revisits` times, dreaming; compare the last picture of `here` with the first.

    The first picture is taken after one round, so that what the second view refines doesn't count as drift.
    """
    method.paint(here)
    method.paint(there)
    first = last = method.paint(here)
    for _ in range(revisits):
        on_revisit()
        method.paint(there)
        last = method.paint(here)
    found = revisit(first, last)
    return {"drift": found["revisit_error"], "drift_kept": found["revisit_error_kept"]}


def mean(rows: Sequence[Mapping[str, Figure]]) -> dict[str, Figure]:
    """The mean of each figure over the rows that have it; sums for calls and seconds."""
    names = dict.fromkeys(name for row in rows for name in row)
    found: dict[str, Figure] = {}
    for name in names:
        values = [value for row in rows if (value := row.get(name)) is not None]
        total = sum(values) if values else None
        found[name] = total if total is None or name in ("model_calls", "seconds") else total / len(values)
    return found


def finite(value: float) -> Figure:
    """The value, or None for inf and nan, which JSON lacks."""
    return value if math.isfinite(value) else None

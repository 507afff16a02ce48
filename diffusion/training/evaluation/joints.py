"""Measure whether joints have the right period and position at every distance."""

from __future__ import annotations

import numpy as np

from diffusion.training.data.bank import build_bank
from diffusion.training.data.captions import Mood, Surface
from diffusion.training.data.materials import MATERIALS
from diffusion.training.data.views import SLOTS, World
from diffusion.training.data.world_geometry import compute_world_geometry
from diffusion.training.evaluation.samples import wall
from diffusion.training.evaluation.structure import period
from diffusion.training.evaluation.subject import Subject
from diffusion.training.evaluation.view import UNMOVED, View, draw_view
from diffusion.training.evaluation.waves import agreement

JOINTED = ("brick", "planks", "tiles", "roof tiles")
"""Materials whose joints recur along v."""
DISTANCES = (3.0, 4.0, 6.0, 8.0, 9.0)  # blocks
COUNTED = (3.0, 6.0, 9.0)
"""Distances at which period and phase are measured; the period at NEAR is also compared with that at FAR."""
NEAR, FAR = 4.0, 8.0
ACROSS = 1  # of u and v


def walls(count: int) -> list[tuple[str, float, World, View]]:
    """`count` walls of each material at each distance, seen face-on at random places: material, distance, world, view."""
    found, rng = [], np.random.default_rng(41)
    for name in JOINTED:
        bank = build_bank([Surface(name) for _ in range(count)], 31)
        for away in DISTANCES:
            for which in range(count):
                world = wall(float(rng.uniform(-20, 20)), float(rng.uniform(30, 50)), away)
                seed = int(rng.integers(2**31))
                view = draw_view(world, bank, [which] * SLOTS, Mood(), [MATERIALS[name].nouns[0]], seed)
                found.append((name, away, world, view))
    return found


def joints(subject: Subject, count: int) -> dict[str, float]:
    """Return the shares of walls with the right period and phase, for all materials and for each.

    near_over_far: the period in pixels at NEAR divided by that at FAR, the median over the materials
    """
    looked_at = walls(max(1, count // (len(JOINTED) * len(DISTANCES))))
    painted = subject.paint([view for *_, view in looked_at], seed=3)
    right: dict[str, list[bool]] = {}
    pixels: dict[tuple[str, float], list[float]] = {}
    for (name, away, world, view), shown in zip(looked_at, painted, strict=True):
        pixels.setdefault((name, away), []).append(period(shown, 0)[0])
        if away in COUNTED:
            met = agreement(shown, view.truth, compute_world_geometry(world, UNMOVED)[0].uv[ACROSS])
            right.setdefault(f"{name} period", []).append(met.period_right())
            right.setdefault(f"{name} phase", []).append(met.phase_right())
    found = {key: float(np.mean(values)) for key, values in right.items()}
    for what in ("period", "phase"):
        found[what] = float(np.mean([found[f"{name} {what}"] for name in JOINTED]))
    ratios = [np.median(pixels[name, NEAR]) / max(1.0, float(np.median(pixels[name, FAR]))) for name in JOINTED]
    return found | {"near_over_far": float(np.median(ratios))}

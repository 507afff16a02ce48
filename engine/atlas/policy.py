"""Which look is better, and what is finished: the rules of the latent volume. shaders/common/policy.glsl is the same in GLSL."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt

from engine.atlas.views import GatheredView

MARGIN = (
    8  # pixels at the rim of a canvas that are dreamed but not kept: there a model paints its convolutions' padding
)
GRAZING = 0.02  # a view claims nothing that it sees at a smaller cosine
CELL_DENSITY = 8.0  # pixels per texel that a cell of 8×8 can hold
FINAL_SHARE = 0.7  # of the new density (up to ENOUGH): that much stored density is kept
FULL_GUIDE_DENSITY = 2.0  # pixels per texel below which a painting's colours are hardly the surface's own
# latent pixels of a painting from another material: so near it has a mixture of both, so far its own colours
MIXED_DISTANCE, OWN_DISTANCE = 2.0, 6.0
# in what is mixed, so that its colours turn into the surface's own over a few refinements and not at once
MIN_GUIDE_WEIGHT = 0.2
EDGE_PENALTY = 0.5  # of what a cell can hold, for texels within EDGE_REACH of a depth edge
EDGE_CONTAMINATED_LACK = (
    0.25  # of its painting, for a texel that was painted beside an edge: reason to paint it along, hardly to begin
)
EDGE_REACH = 8  # pixels: a latent pixel, as far as decoder and network carry what lies behind an edge
SKY_REACHES = 3  # so many times as far, in the sky: it is even, and shows the faintest stain
# Of the picture's shorter side: so near to its end the sky is provisional, too, for a model darkens there.
SKY_RIM = 0.0625
DEPTH_EDGE = 0.05  # relative jump in depth that is an edge
CORNER = 0.45  # of a texel, from its centre: where its corners are tested


def compute_density(focal: float, depth: np.ndarray, texel: np.ndarray, cosine: np.ndarray) -> np.ndarray:
    """Screen pixels per texel × cosine of incidence, before what is hidden counts less.

    focal: pixels per unit of tangent; depth, texel: blocks (for the sky: on its cube of half-width 1).
    """
    return focal / depth * texel * cosine


def is_final(steps: np.ndarray, stored: np.ndarray, new_steps: float, new: np.ndarray) -> np.ndarray:
    """bool: what is stored (steps, density) stays, whatever comes along with `new_steps` at density `new`.

    FROZEN_SHARE of the density that the new look could give (and the cell could hold) is good enough to keep: a painting is
    refined when one walks up to it, about twice per doubling, and never flickers.
    """
    return (steps >= new_steps) & (stored >= FINAL_SHARE * np.minimum(new, CELL_DENSITY))


def accepts_write(steps: np.ndarray, stored: np.ndarray, new_steps: float, new: np.ndarray) -> np.ndarray:
    """bool: the new look (steps, density) replaces the stored one."""
    return (new > 0) & ~is_final(steps, stored, new_steps, new) & (new * new_steps > stored * steps)


def is_edge_contaminated(stored: np.ndarray, beside: np.ndarray, claimed: np.ndarray) -> np.ndarray:
    """bool: texels painted `beside` a depth edge at density `stored`, in a view that has them free and so paints them anew.

    claimed: the view's density, negative where they lie beside an edge in it, too. What was painted there is a mixture of both
    sides of the edge, so nothing of it may guide the new paint.
    """
    return beside & (claimed > 0) & (stored < FINAL_SHARE * np.minimum(claimed, CELL_DENSITY))


def claimable_mask(gathered: GatheredView) -> np.ndarray:
    """bool [h,w]: the view may paint the texel there (it is seen, and not at a grazing angle)."""
    return gathered.density > 0


def final_mask(gathered: GatheredView, full_steps: float) -> np.ndarray:
    """bool [h,w]: painted with all its steps, at a density that is enough for this view; or held by the user."""
    return (gathered.steps > 0) & (gathered.frozen | is_final(gathered.steps, gathered.stored_density, full_steps, gathered.density))


def upscale_ratio(gathered: GatheredView, full_steps: float) -> np.ndarray:
    """float32 [h,w] ≥ 1: how many times denser this view is (as far as a cell can hold it) than what is stored and not enough for it."""
    stored = np.where(
        gathered.edge_contaminated,
        gathered.stored_density / EDGE_PENALTY,
        np.where(gathered.steps > 0, gathered.stored_density, np.inf),
    )
    ratio = np.minimum(gathered.density, CELL_DENSITY) / np.maximum(stored, 1e-6)
    coarse = gathered.edge_contaminated | ((gathered.steps > 0) & ~final_mask(gathered, full_steps) & (ratio * FINAL_SHARE > 1))
    return np.where(coarse, np.maximum(ratio, 1), 1).astype(np.float32)


def guide_weight(gathered: GatheredView, full_steps: float) -> np.ndarray:
    """float32 [h,w] 0..1: how far a coarser painting's colours are the surface's own.

    Decoder and network reach over several latent pixels, so what was a few of them wide has the colours of its surroundings. How far
    from another material a texel lay when it was painted is told by this view: its distance here, in pixels of that painting.
    """
    border = np.zeros(gathered.material.shape, dtype=bool)
    for axis in (0, 1):
        here, there = np.moveaxis(border, axis, 0), np.moveaxis(gathered.material, axis, 0)
        other = there[1:] != there[:-1]
        here[1:] |= other
        here[:-1] |= other
    away = np.asarray(distance_transform_edt(~border)) + 0.5 if border.any() else np.full(border.shape, np.inf)
    own = np.clip((away / upscale_ratio(gathered, full_steps) - MIXED_DISTANCE) / (OWN_DISTANCE - MIXED_DISTANCE), 0, 1)
    own = own * own * (3 - 2 * own)
    dense = np.clip(gathered.stored_density / FULL_GUIDE_DENSITY, 0, 1)
    return np.where(gathered.edge_contaminated, 0, dense * (MIN_GUIDE_WEIGHT + (1 - MIN_GUIDE_WEIGHT) * own)).astype(
        np.float32
    )


def guide_mask(gathered: GatheredView, full_steps: float) -> np.ndarray:
    """bool [h,w]: what may guide a dream: paint that had all its steps, or is held by the user.

    A sketch is a whole run of its own, not the first part of a longer one. To go on from it would guide it twice, and its colours
    would stay; the surface's noise makes the finished picture resemble it anyway.
    """
    return (gathered.steps >= full_steps) | (gathered.frozen & (gathered.steps > 0))


def change_map(gathered: GatheredView, full_steps: float) -> np.ndarray:
    """float32 [h,w]: 0 where finished, else 1, whatever is painted there: from too far away, or a sketch of fewer steps."""
    return np.where(final_mask(gathered, full_steps), 0.0, 1.0).astype(np.float32)


def missing_share(gathered: GatheredView, full_steps: float) -> np.ndarray:
    """float [h,w]: how much of its painting a texel lacks; 1 where steps do, half for each missing octave of density; FREED_LACK."""
    octaves = np.log2(np.maximum(FINAL_SHARE * upscale_ratio(gathered, full_steps), 1))
    lack = np.where(gathered.steps < full_steps, 1.0, np.minimum(octaves / 2, 1))
    return np.where(final_mask(gathered, full_steps), 0.0, np.where(gathered.edge_contaminated, EDGE_CONTAMINATED_LACK, lack))


def coverage(gathered: GatheredView, full_steps: float, margin: tuple[int, int] = (0, 0)) -> float:
    """How much of what this view could claim is painted, 0..1: 1 less the mean of what is lacking; 1 when there is nothing to claim.

    beside: columns, rows of latent pixels on each side that don't count.
    """
    columns, rows = margin
    height, width = gathered.density.shape
    within = slice(rows, height - rows), slice(columns, width - columns)
    could = claimable_mask(gathered)[within]
    return 1 - float(missing_share(gathered, full_steps)[within][could].mean()) if could.any() else 1.0

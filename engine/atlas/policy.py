"""The rules of the latent volume: which paint is better, and which is final. shaders/common/policy.glsl has the same in GLSL."""

from __future__ import annotations

import numpy as np
import scipy  # its parts are imported when they are first needed, which shortens the start

from engine.atlas.views import GatheredCells

# Pixels at the edge of a canvas that are dreamed but not stored: there a model paints its convolutions' padding.
MARGIN = 8
GRAZING = 0.02  # smallest cosine of incidence at which a view may paint
CELL_DENSITY = 8.0  # pixels per texel that a cell of 8×8 colour texels can hold
FINAL_SHARE = 0.7  # stored paint of this share of the new density (at most CELL_DENSITY) stays
FULL_GUIDE_DENSITY = (
    2.0  # pixels per texel: paint of less density guides less, since its colours are hardly the surface's own
)
# Latent pixels from another material: up to the first, paint mixes both materials; from the second on it has its own colours.
MIXED_DISTANCE, OWN_DISTANCE = 2.0, 6.0
# Weight of mixed paint: colours turn into the surface's own over a few refinements instead of at once.
MIN_GUIDE_WEIGHT = 0.2
EDGE_PENALTY = 0.5  # factor on the density of texels within EDGE_REACH of a depth edge
# What a contaminated texel lacks: enough to repaint it along with others, hardly enough to start a dream for it.
EDGE_CONTAMINATED_LACK = 0.25
EDGE_REACH = 8  # pixels (one latent pixel): how far decoder and network spread what lies behind an edge
DEPTH_EDGE = 0.05  # relative jump in depth that counts as an edge
CORNER = 0.45  # texels from a texel's centre to its tested corners


def compute_density(focal: float, depth: np.ndarray, texel: np.ndarray, cosine: np.ndarray) -> np.ndarray:
    """Return screen pixels per texel × cosine of incidence, without the reduction for hidden parts.

    focal: pixels per unit of tangent; depth, texel: blocks (for the sky: on its cube of half-width 1).
    """
    return focal / depth * texel * cosine


def is_final(steps: np.ndarray, stored: np.ndarray, new_steps: float, new: np.ndarray) -> np.ndarray:
    """Return bool: stored paint (steps, density) stays, whatever is painted with `new_steps` at density `new`.

    FINAL_SHARE of the density that the new view offers (and a cell can hold) is good enough. So paint is refined about twice per
    doubling when one walks up to it, and never flickers.
    """
    return (steps >= new_steps) & (stored >= FINAL_SHARE * np.minimum(new, CELL_DENSITY))


def accepts_write(steps: np.ndarray, stored: np.ndarray, new_steps: float, new: np.ndarray) -> np.ndarray:
    """Return bool: new paint (steps, density) replaces the stored one."""
    return (new > 0) & ~is_final(steps, stored, new_steps, new) & (new * new_steps > stored * steps)


def is_edge_contaminated(stored: np.ndarray, beside: np.ndarray, claimed: np.ndarray) -> np.ndarray:
    """Return bool: texels `beside` a depth edge when they were painted, at density `stored`, that this view shows away from any edge.

    claimed: the view's density, negative where the texel lies beside an edge in this view, too. Such paint mixes both sides of
    the edge, so none of it may guide new paint.
    """
    return beside & (claimed > 0) & (stored < FINAL_SHARE * np.minimum(claimed, CELL_DENSITY))


def claimable_mask(gathered: GatheredCells) -> np.ndarray:
    """Return bool [h,w]: the view may paint the texel (it is visible, and not at a grazing angle)."""
    return gathered.density > 0


def final_mask(gathered: GatheredCells, full_steps: float) -> np.ndarray:
    """Return bool [h,w]: needs no more steps: painted with all steps at a density sufficient for this view, or frozen by the user."""
    return (gathered.steps > 0) & (
        gathered.frozen | is_final(gathered.steps, gathered.stored_density, full_steps, gathered.density)
    )


def upscale_ratio(gathered: GatheredCells, full_steps: float) -> np.ndarray:
    """Return float32 [h,w] ≥ 1: this view's density (at most what a cell can hold) over that of stored paint too coarse for it; else 1."""
    stored = np.where(
        gathered.edge_contaminated,
        gathered.stored_density / EDGE_PENALTY,
        np.where(gathered.steps > 0, gathered.stored_density, np.inf),
    )
    ratio = np.minimum(gathered.density, CELL_DENSITY) / np.maximum(stored, 1e-6)
    coarse = gathered.edge_contaminated | (
        (gathered.steps > 0) & ~final_mask(gathered, full_steps) & (ratio * FINAL_SHARE > 1)
    )
    return np.where(coarse, np.maximum(ratio, 1), 1).astype(np.float32)


def guide_weight(gathered: GatheredCells, full_steps: float) -> np.ndarray:
    """Return float32 [h,w] 0..1: how far the colours of coarser paint are the surface's own.

    Decoder and network reach over several latent pixels, so a surface that was only a few of them wide took on colours of its
    surroundings. This view estimates how far from another material a texel was painted: its distance here, divided by the
    upscale ratio.
    """
    border = np.zeros(gathered.material.shape, dtype=bool)
    for axis in (0, 1):
        here, there = np.moveaxis(border, axis, 0), np.moveaxis(gathered.material, axis, 0)
        other = there[1:] != there[:-1]
        here[1:] |= other
        here[:-1] |= other
    away = (
        np.asarray(scipy.ndimage.distance_transform_edt(~border)) + 0.5
        if border.any()
        else np.full(border.shape, np.inf)
    )
    own = np.clip((away / upscale_ratio(gathered, full_steps) - MIXED_DISTANCE) / (OWN_DISTANCE - MIXED_DISTANCE), 0, 1)
    own = own * own * (3 - 2 * own)
    dense = np.clip(gathered.stored_density / FULL_GUIDE_DENSITY, 0, 1)
    return np.where(gathered.edge_contaminated, 0, dense * (MIN_GUIDE_WEIGHT + (1 - MIN_GUIDE_WEIGHT) * own)).astype(
        np.float32
    )


def guide_mask(gathered: GatheredCells, full_steps: float) -> np.ndarray:
    """Return bool [h,w]: paint that may guide a dream: painted with all steps, or frozen by the user.

    A sketch is a complete run, not the first part of a longer one. Continuing from it would apply guidance twice and keep its
    colours; the surface's noise makes the finished picture resemble it anyway.
    """
    return (gathered.steps >= full_steps) | (gathered.frozen & (gathered.steps > 0))


def change_map(gathered: GatheredCells, full_steps: float) -> np.ndarray:
    """Return float32 [h,w]: 0 where paint is final, else 1, whether unpainted, painted from too far away or a sketch of fewer steps."""
    return np.where(final_mask(gathered, full_steps), 0.0, 1.0).astype(np.float32)


def missing_share(gathered: GatheredCells, full_steps: float) -> np.ndarray:
    """Return float [h,w] 0..1: what a texel lacks: 1 if steps are missing, 0.5 per missing octave of density, EDGE_CONTAMINATED_LACK
    where contaminated."""
    octaves = np.log2(np.maximum(FINAL_SHARE * upscale_ratio(gathered, full_steps), 1))
    lack = np.where(gathered.steps < full_steps, 1.0, np.minimum(octaves / 2, 1))
    return np.where(
        final_mask(gathered, full_steps), 0.0, np.where(gathered.edge_contaminated, EDGE_CONTAMINATED_LACK, lack)
    )


def coverage(gathered: GatheredCells, full_steps: float, margin: tuple[int, int] = (0, 0)) -> float:
    """Return 0..1, how much of what this view may paint is painted: 1 − mean of `missing_share`; 1 if there is nothing to paint.

    margin: columns and rows of latent pixels on each side that don't count.
    """
    columns, rows = margin
    height, width = gathered.density.shape
    within = slice(rows, height - rows), slice(columns, width - columns)
    could = claimable_mask(gathered)[within]
    return 1 - float(missing_share(gathered, full_steps)[within][could].mean()) if could.any() else 1.0

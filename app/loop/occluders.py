"""Continues surfaces behind nearer ones that keep their paint.

When something comes into view beside a near object, it is a strip only one latent pixel wide. A network that sees mostly leaves
around such a strip paints leaves on the wall behind the tree. So the wall is dreamed as if it continued behind the leaves.
"""

from __future__ import annotations

import numpy as np

from engine.atlas.views import GatheredView

REACH = 4  # latent pixels that a surface continues for: one pixel of the network's coarsest level
JUMP = 0.05  # of the nearer depth: the gap in depth above which neighbouring pixels show different surfaces
_NEIGHBOURS = [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)]


def find_occluded(gathered: GatheredView, continued: np.ndarray, kept: np.ndarray) -> np.ndarray | None:
    """Find where surfaces would continue behind nearer ones.

    continued: bool [h,w], pixels whose surfaces continue; kept: bool [h,w], pixels that they may continue behind. Returns int32
    [h,w]: for each latent pixel, the pixel (row · w + column) whose surface continues behind it, elsewhere the pixel itself; or
    None if nothing continues.
    """
    height, width = gathered.depth.shape
    own = np.arange(height * width, dtype=np.int32).reshape(height, width)
    rays, depth, found = gathered.camera.rays((width, height)), gathered.depth.ravel(), own
    for reach in range(REACH):
        grown = found.copy()
        for shift in _NEIGHBOURS:
            here, there = _pairs(shift, height, width)
            behind = found[there]
            takes = kept[here] & (grown[here] == own[here]) & continued[there]
            takes &= depth[behind] > (1 + JUMP) * gathered.depth[here]
            if reach == 0 and takes.any():
                takes &= _is_separate(gathered, rays, here, there)
            grown[here] = np.where(takes, behind, grown[here])
        continued = grown != found
        if not continued.any():
            break
        found = grown
    return None if found is own else found


def _pairs(shift: tuple[int, int], height: int, width: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The pixels that have a neighbour at `shift`, and those neighbours."""
    sides = [
        (slice(max(0, -s), n - max(0, s)), slice(max(0, s), n + min(0, s)))
        for s, n in zip(shift, (height, width), strict=True)
    ]
    return (sides[0][0], sides[1][0]), (sides[0][1], sides[1][1])


def _is_separate(
    gathered: GatheredView, rays: np.ndarray, here: tuple[slice, slice], there: tuple[slice, slice]
) -> np.ndarray:
    """bool: the two pixels' planes neither meet nor come near each other between them, so one hides a part of the other."""
    with np.errstate(divide="ignore", invalid="ignore"):
        at_here = gathered.depth[here] - _plane(gathered, rays, there, here)
        at_there = _plane(gathered, rays, here, there) - gathered.depth[there]
        missed = np.minimum(np.abs(at_here), np.abs(at_there))
    return (np.sign(at_here) == np.sign(at_there)) & (
        missed > JUMP * np.minimum(gathered.depth[here], gathered.depth[there])
    )


def _plane(gathered: GatheredView, rays: np.ndarray, of: tuple[slice, slice], at: tuple[slice, slice]) -> np.ndarray:
    """Depth of one pixel's plane at another pixel; inf where the plane doesn't reach it."""
    normal, depth = gathered.normal[of], gathered.depth[of]
    own, other = ((normal * rays[side]).sum(-1) for side in (of, at))
    return np.where(np.isfinite(depth) & (own * other > 0), depth * own / other, np.inf)

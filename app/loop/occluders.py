"""What goes on behind the things that stand before it. What comes into view beside something near is a strip one latent pixel wide, and
a network that sees little else than leaves around it paints leaves on the wall behind the tree. So the strip is dreamed as if its
surface went on, and what is near keeps its paint."""

from __future__ import annotations

import numpy as np

from engine.atlas.views import GatheredView

REACH = 4  # latent pixels that a surface goes on for: one of the network's coarsest level
JUMP = 0.05  # of the nearer depth: surfaces that miss each other by more where they meet in the view are apart
_BESIDE = [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)]


def hidden_behind(gathered: GatheredView, goes_on: np.ndarray, stays: np.ndarray) -> np.ndarray | None:
    """int32 [h,w]: the latent pixel (row · w + column) whose surface goes on here, behind what is seen; elsewhere the own one.

    goes_on, stays: bool [h,w]; the surfaces of the former go on behind those of the latter that are nearer, from where they hide
    them. None: there is nothing of the kind.
    """
    height, width = gathered.depth.shape
    own = np.arange(height * width, dtype=np.int32).reshape(height, width)
    rays, depth, found = gathered.camera.rays((width, height)), gathered.depth.ravel(), own
    for reach in range(REACH):
        grown = found.copy()
        for shift in _BESIDE:
            here, there = _pairs(shift, height, width)
            behind = found[there]
            takes = stays[here] & (grown[here] == own[here]) & goes_on[there]
            takes &= depth[behind] > (1 + JUMP) * gathered.depth[here]
            if reach == 0 and takes.any():
                takes &= _apart(gathered, rays, here, there)
            grown[here] = np.where(takes, behind, grown[here])
        goes_on = grown != found
        if not goes_on.any():
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


def _apart(
    gathered: GatheredView, rays: np.ndarray, here: tuple[slice, slice], there: tuple[slice, slice]
) -> np.ndarray:
    """bool: the two pixels' planes don't meet between them, nor come near to each other, so one hides a part of the other."""
    with np.errstate(divide="ignore", invalid="ignore"):
        at_here = gathered.depth[here] - _plane(gathered, rays, there, here)
        at_there = _plane(gathered, rays, here, there) - gathered.depth[there]
        missed = np.minimum(np.abs(at_here), np.abs(at_there))
    return (np.sign(at_here) == np.sign(at_there)) & (
        missed > JUMP * np.minimum(gathered.depth[here], gathered.depth[there])
    )


def _plane(gathered: GatheredView, rays: np.ndarray, of: tuple[slice, slice], at: tuple[slice, slice]) -> np.ndarray:
    """Depth of the surface of one pixel, gone on to another pixel; inf where it never comes there."""
    normal, depth = gathered.normal[of], gathered.depth[of]
    own, other = ((normal * rays[side]).sum(-1) for side in (of, at))
    return np.where(np.isfinite(depth) & (own * other > 0), depth * own / other, np.inf)

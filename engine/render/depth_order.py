"""The order in which see-through surfaces are blended: what may hide another one is drawn after it."""

from __future__ import annotations

import numpy as np

from engine.geometry import sides
from engine.geometry.charts import Charts

MOST = 1024  # charts that are compared with each other, the nearest ones; that takes 20 MB
TOUCHING = 1e-6  # blocks


def order_back_to_front(charts: Charts, index: np.ndarray) -> np.ndarray:
    """Return int [n], charts that face one eye, so that none is drawn before one that it hides.

    index: int [n], the same charts, the farthest first by any measure of distance. That order decides where charts hide each other
    in a circle, and among those beyond the MOST nearest.

    Rectangles that face the eye need no test of their outlines: one that lies behind the plane of another, or has the other in front
    of its own plane, can't hide it, wherever the eye is.
    """
    far, near = np.split(index, [max(0, len(index) - MOST)])
    hides = _may_hide(charts, near)
    hidden = hides.sum(axis=1)  # of those not drawn yet
    left, drawn = np.ones(len(near), bool), list[np.ndarray]()
    while left.any():
        ready = np.flatnonzero(left & (hidden == 0))
        if not ready.size:  # a circle
            ready = np.flatnonzero(left)[:1]
        drawn.append(ready)
        left[ready] = False
        hidden = hidden - hides[:, ready].sum(axis=1)
    return np.concatenate([far, *(near[part] for part in drawn)])


def _may_hide(charts: Charts, index: np.ndarray) -> np.ndarray:
    """Return bool [n,n]: whether chart a may hide chart b from an eye that both face."""
    along, side = charts.corners[index] @ sides.NORMAL.T, charts.side[index]  # [n,4,6]: the corners along each normal
    low, high = along.min(axis=1)[:, side].T, along.max(axis=1)[:, side].T  # [a,b]: b's extent along a's normal
    plane = low.diagonal()[:, None]
    in_front = low >= plane - TOUCHING  # b lies in front of a's plane
    behind = (high <= plane + TOUCHING).T  # a lies behind b's plane
    return ~(in_front | behind)

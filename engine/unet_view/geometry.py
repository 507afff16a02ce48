"""The U-Net's geometry as instance rows for GL: a plane per feature map, strokes for connections and flow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.unet_view.flow import Stream
from engine.unet_view.layout import Anatomy
from engine.unet_view.slab import PLANE_GAP, Slab
from scenes.camera import Camera

Tint = tuple[float, float, float]
Marks = tuple[tuple[int, float], ...]  # (block, strength of its highlight 0..1)
VEIL, DEEPEST = 0.10, 0.6  # share of the ground's colour added per plane of a stack, and its maximum
LINE = {"flow": 0.9, "bridge": 0.8, "words": 0.5}  # radii, points
EAR = 2.6  # radius of the dot where words enter, points
DROP, TAIL = 3.2, 0.5  # radii of a drop, points
RIM, FRAME = 0.6, 1.1  # width of a map's rim, radius of the line around the block at work, points
QUIET, LOUD = 0.6, 1.0  # share of a line's own colour over the ground's, normally and when highlighted


@dataclass(frozen=True)
class Tints:
    """Colours, 0..1. ground, glow: background at the edges and in the middle; rim: of maps; marked: highlights and the working block;
    flow, bridge, words: paths by their kind."""

    ground: Tint = (0.055, 0.067, 0.086)
    glow: Tint = (0.125, 0.145, 0.185)
    rim: Tint = (0.36, 0.40, 0.47)
    marked: Tint = (0.894, 0.910, 0.933)
    flow: Tint = (0.545, 0.584, 0.647)
    bridge: Tint = (0.412, 0.710, 0.471)
    words: Tint = (0.878, 0.643, 0.345)

    def of(self, kind: str) -> Tint:
        return getattr(self, kind)


TINTS = Tints()


def make_map_sheet(anatomy: Anatomy) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return (uint8 [H,W], all shown maps, one row per block; per block float64 [planes,4]: left, top, width, height)."""
    rows = [
        [block.strength, *block.maps[: slab.planes - 1]]
        for block, slab in zip(anatomy.blocks, anatomy.slabs, strict=True)
    ]
    whole = np.zeros((sum(len(row[0]) for row in rows), max(len(row) * row[0].shape[1] for row in rows)), np.uint8)
    places, top = [], 0
    for row in rows:
        tall, wide = row[0].shape
        whole[top : top + tall, : len(row) * wide] = np.hstack(row)
        places.append(np.array([(k * wide, top, wide, tall) for k in range(len(row))], float))
        top += tall
    return whole, places


def plane_rows(
    anatomy: Anatomy, places: list[np.ndarray], camera: Camera, tints: Tints, marks: Marks, scale: float
) -> np.ndarray:
    """Return float32 [n,14], one row per plane, the farthest first. Planes are parallel, so blending is right from anywhere."""
    rows, strength = [], dict(marks)
    for i, (slab, rects) in enumerate(zip(anatomy.slabs, places, strict=True)):
        mark = strength.get(i, 0.0)
        rim = (*_blend(tints.rim, tints.marked, mark), scale * (RIM + 0.7 * mark))
        for k, rect in enumerate(rects):
            place = slab.place - (0, 0, k * PLANE_GAP)
            rows.append((*place, slab.width, slab.height, *rect, min(DEEPEST, VEIL * k), *rim))
    table = np.array(rows)
    towards = -camera.axes[2][2]
    return table[np.argsort(table[:, 2] * towards, kind="stable")].astype(np.float32)


def connection_rows(anatomy: Anatomy, tints: Tints, marks: Marks, scale: float) -> np.ndarray:
    """Return float32 [n,12]: strokes along the paths."""
    rows, strength = [], dict(marks)
    for path in anatomy.paths:
        pieces = np.hstack([path.points[1:], path.points[:-1]])
        mark = strength.get(path.block, 0.0)
        ink = _blend(tints.ground, tints.of(path.kind), QUIET + (LOUD - QUIET) * mark)
        radius = LINE[path.kind] * scale * (1 + mark)
        rows.append(np.hstack([pieces, np.tile([radius, radius, *ink, 1.0], (len(pieces), 1))]))
        if path.kind == "words":  # where they enter
            dot = EAR * scale * (1 + 0.4 * mark)
            rows.append(np.array([[*path.points[-1], *path.points[-1], dot, dot, *tints.words, 1.0]]))
    return np.concatenate(rows).astype(np.float32)


def drop_rows(anatomy: Anatomy, stream: Stream, tints: Tints, now: float, scale: float) -> np.ndarray:
    """Return float32 [n,12]: strokes of the drops at a moment 0..1 of the call, the brightest last."""
    ends, bright, where = stream.place_drops(now)
    inks = np.array([tints.of(path.kind) for path in anatomy.paths])[where]
    inks = inks + (np.array(tints.marked) - inks) * 0.7 * bright[:, None]
    radii = np.stack([DROP * (0.5 + 0.5 * bright), np.full(len(bright), TAIL)], axis=1) * scale
    rows = np.hstack([ends.reshape(-1, 6), radii, inks, 0.3 + 0.7 * bright[:, None]])
    return rows[np.argsort(bright, kind="stable")].astype(np.float32)


def frame_rows(slab: Slab, tints: Tints, scale: float) -> np.ndarray:
    """Return float32 [4,12]: strokes around a block's front."""
    corners = slab.corners[:4]
    ends = np.hstack([corners, np.roll(corners, -1, axis=0)])
    return np.hstack([ends, np.tile([FRAME * scale, FRAME * scale, *tints.marked, 0.9], (4, 1))]).astype(np.float32)


def _blend(a: Tint, b: Tint, share: float) -> Tint:
    return tuple(x + (y - x) * share for x, y in zip(a, b, strict=True))  # type: ignore[return-value]

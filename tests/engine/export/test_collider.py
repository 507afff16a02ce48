"""The collider: boxes that are exactly the solid blocks, however these lie."""

from __future__ import annotations

import numpy as np
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.export.collider import box_mesh, collider_boxes
from scenes.extrude import Blocks, extrude_scene
from scenes.load import load_scene


def filled(boxes: np.ndarray, shape: tuple[int, ...], voxels: int) -> np.ndarray:
    """int [Y,Z,X]: how many boxes cover each cell."""
    count = np.zeros(shape, int)
    for x0, y0, z0, x1, y1, z1 in boxes:
        low, high = round(y0 * voxels), round(y1 * voxels)
        count[low:high, int(z0) : int(z1), int(x0) : int(x1)] += 1
    return count


@given(arrays(np.uint8, st.tuples(*[st.integers(1, 6)] * 3), elements=st.integers(0, 2)), st.sampled_from([1, 3, 12]))
def test_boxes_cover_what_is_solid_once(solid, voxels) -> None:
    boxes = collider_boxes(Blocks(solid, voxels))
    assert np.array_equal(filled(boxes, solid.shape, voxels), (solid > 0).astype(int))


def test_a_scene_takes_few_boxes() -> None:
    blocks = extrude_scene(load_scene("hamlet"))
    boxes = collider_boxes(blocks)
    columns = (np.diff((np.pad(blocks.solid, ((1, 0), (0, 0), (0, 0))) > 0).astype(int), axis=0) > 0).sum()
    assert 0 < len(boxes) < columns / 3


def test_box_meshes_are_closed_and_face_outward() -> None:
    boxes = np.array([(0, 0, 0, 1, 2, 3), (5, 1, 5, 7, 1.5, 6)], np.float32)
    mesh = trimesh.Trimesh(*box_mesh(boxes), process=False)
    assert mesh.is_watertight and mesh.is_winding_consistent
    assert np.isclose(mesh.volume, 6 + 1) and np.array_equal(mesh.bounds, [(0, 0, 0), (7, 2, 6)])

"""The mask that a soft brush paints: strong in its middle, fading, and measured only within its reach."""

from __future__ import annotations

import numpy as np
import pytest

from app.state.brush import SoftMask, distance
from scenes.camera import Camera


def test_a_soft_brush_is_strong_in_its_middle_and_fades() -> None:
    near = distance((40, 20), [(10.0, 10.0), (30.0, 10.0)], 100.0)
    assert near[9, 20] < 1 and near[0, 20] == pytest.approx(9.5) and near[9, 0] == pytest.approx(9.5, abs=0.1)
    mask, camera = SoftMask(), Camera()
    mask.dab(camera, (40, 20), [(10.0, 10.0), (30.0, 10.0)], 8.0, 1.0)
    assert mask.values[9, 20] == 1 and 0 < mask.values[4, 20] < 1 and mask.values[0, 20] == 0
    first = mask.values
    mask.dab(camera, (40, 20), [(10.0, 10.0)], 8.0, -1.0)
    assert mask.values is not first and mask.values[9, 10] == 0 and mask.values[9, 25] == 1
    assert mask.of(camera.with_changes(fov=20.0)) is None


def test_what_is_out_of_a_brush_s_reach_is_not_measured() -> None:
    way = [(5.0, 5.0), (30.0, 14.0), (31.0, 14.5), (90.0, -20.0)]
    whole, near = distance((60, 30), way, 1e3), distance((60, 30), way, 6.0)
    assert (near[whole < 6.0] == whole[whole < 6.0]).all()
    assert np.isinf(near[25, 5]) and (near >= whole).all()
    assert np.isinf(distance((60, 30), [(-50.0, 5.0)], 6.0)).all()

"""The contact sheet holds one picture for each choice, steps and subject."""

from __future__ import annotations

import numpy as np
import pytest

from diffusion.canvas import DreamSettings
from diffusion.contact import CHOICES, LABEL, SUBJECTS, sheet
from diffusion.dream import dream


@pytest.mark.parametrize("by", ["scale", "execution"])
def test_a_sheet(own, by):
    page = sheet(own, by, [1, 2], seed=3, subjects=SUBJECTS[-1:])
    side = own.native
    assert page.size == (side * len(CHOICES[by]), 2 * (side + LABEL))
    first = dream(own, SUBJECTS[-1].canvas(own, side // 8, 3), DreamSettings(steps=1, seed=3, **{by: CHOICES[by][0]}))
    assert np.array_equal(np.asarray(page)[LABEL : LABEL + side, :side], first.image)

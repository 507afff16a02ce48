"""Forms of a mask's edge."""

from __future__ import annotations

import torch

from diffusion.denoisers.mask_forms import MASK_FORMS


def test_a_lightened_mask_fades_outwards_only() -> None:
    mask = torch.zeros((1, 32, 32))
    mask[:, 8:24, 8:24] = 1
    blurred, lightened = (form(mask, 3.0) for form in (MASK_FORMS["blur"], MASK_FORMS["lighten"]))
    assert (lightened >= mask).all() and torch.equal(lightened[mask == 1], mask[mask == 1])
    assert torch.equal(lightened[mask == 0], blurred[mask == 0]) and 0.2 < float(lightened[0, 7, 16]) < 0.5
    assert all(torch.equal(form(mask, 0.0), mask) for form in MASK_FORMS.values())

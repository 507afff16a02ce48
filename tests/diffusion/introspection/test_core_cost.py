"""The measurements run and mean what they say; no time is asserted."""

from __future__ import annotations

from diffusion.introspection.core_cost import bookkeeping_ms, compare_with_pipeline, without_depth


def test_against_the_pipeline(sd, own, xl):
    for model in (sd, own, xl):
        figures = compare_with_pipeline(model, steps=2, times=1)
        assert set(figures) == {"pipeline_s", "dream_s", "ratio"} and all(v > 0 for v in figures.values())
    assert without_depth(sd) is sd and without_depth(own).unet.config.in_channels == own.channels


def test_bookkeeping():
    assert bookkeeping_ms(steps=2, size=16, times=1) > 0

"""The diffusion core beside diffusers' own pipeline, and what a step costs outside the U-Net."""

from __future__ import annotations

from app.bench.bench import Bench, Figures


def measure(bench: Bench) -> Figures:
    """Seconds for one picture with the same weights, steps, size and sampler, their ratio; milliseconds a step for a 64×64×4 latent."""
    from diffusion.introspection.core_cost import bookkeeping_ms, compare_with_pipeline

    figures = compare_with_pipeline(bench.model, steps=bench.times(2, 8), times=bench.times(1, 3))
    return {**figures, "step_outside_unet_ms": round(bookkeeping_ms(), 3)}

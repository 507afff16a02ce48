"""Time of one picture compared with diffusers' pipeline, and the cost of a step outside the U-Net."""

from __future__ import annotations

from app.bench.bench import Bench, Figures


def measure(bench: Bench) -> Figures:
    """Seconds of both for one picture with the same weights, steps, size and sampler, and their ratio; milliseconds outside
    the U-Net per step of a 64×64×4 latent. For a model that knows surfaces, which diffusers can't run, only the milliseconds."""
    from diffusion.introspection.core_cost import bookkeeping_ms, compare_with_pipeline

    compared = {}
    if not bench.model.knows_surfaces:
        compared = compare_with_pipeline(bench.model, steps=bench.times(2, 8), times=bench.times(1, 3))
    return {**compared, "step_outside_unet_ms": round(bookkeeping_ms(), 3)}

"""``python -m diffusion.training compare CONFIG``: train each schedule with each objective briefly, and compare their errors."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from diffusers import UNet2DConditionModel

from base.files import atomic_write
from diffusion.training.config import UnetConfig
from diffusion.training.data.latent_cache import draw_batch, held_out
from diffusion.training.learners.noising import BETAS, PREDICTIONS, make_scheduler, noised, split_prediction
from diffusion.training.learners.unet import seeded, train_unet

RATIOS = (0.03, 0.3, 3.0)
"""Signal-to-noise ratios at which the held-out error of x0 is measured, for every objective."""


@torch.no_grad()
def picture_errors(config: UnetConfig, batches: int = 2) -> dict[str, float]:
    """Mean squared error of x0 on held-out crops at each of RATIOS, of the run's averaged weights."""
    unet = UNet2DConditionModel.from_pretrained(Path(config.out) / "model" / "unet", torch_dtype=torch.float32).eval()
    abar = make_scheduler(config.schedule, config.objective, config.zero_snr).alphas_cumprod
    snr = abar / (1 - abar)
    data, found = held_out(config), {}
    for ratio in RATIOS:
        t = (snr.clamp_min(1e-9).log() - np.log(ratio)).abs().argmin()
        errors = []
        for index in range(batches):
            batch = draw_batch(data, config.batch, config.crop, 0.0, np.random.default_rng(index))
            a = abar[t].expand(len(batch.latents))
            x = noised(batch.latents, torch.randn(batch.latents.shape, generator=seeded(1, index)), a)
            said = unet(torch.cat((x, batch.depth), 1), t, batch.context).sample
            errors.append(float((split_prediction(config.objective, said, x, a)[0] - batch.latents).square().mean()))
        found[f"x0 error at SNR {ratio:g}"] = float(np.mean(errors))
    return found


def compare(config: UnetConfig) -> dict[str, dict[str, float]]:
    """Train every pair in its own folder below `config.out` (runs resume); writes the figures to `compare.json` there."""
    folder, found = Path(config.out), {}
    for schedule in BETAS:
        for objective in PREDICTIONS:
            one = replace(
                config,
                out=str(folder / f"{schedule}-{objective}"),
                schedule=schedule,
                objective=objective,
                zero_snr=objective != "eps",
            )
            train_unet(one)
            found[f"{schedule}, {objective}"] = {k: round(v, 4) for k, v in picture_errors(one).items()}
            print(schedule, objective, found[f"{schedule}, {objective}"], flush=True)
    with atomic_write(folder / "compare.json") as temporary:
        temporary.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found

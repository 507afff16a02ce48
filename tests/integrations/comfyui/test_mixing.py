"""Batch Unsampler and the Iterative Mixing KSamplers: what this project's functions give, for every convention of noise."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from base.errors import InputError
from diffusion.denoisers.differential import initial_x
from diffusion.denoisers.passes import rewind_steps
from diffusion.denoisers.skip_residual import make_mixer
from diffusion.sampling.noise import start_noise
from diffusion.sampling.schedules import Timeline
from diffusion.sampling.solvers import SAMPLERS
from diffusion.sampling.solvers.options import solver_options
from diffusion.sampling.unsampling import make_noised_sequence
from diffusion.settings import DreamSettings
from integrations.comfyui.mixing_nodes import IterativeMixingKSampler, IterativeMixingKSamplerAdvanced
from integrations.comfyui.mixing_run import NoisedSequence, mix_through
from integrations.comfyui.unsampling_nodes import BatchUnsampler
from tests.integrations.comfyui.stand_in import SCALE, FlowNoising, TinyModel, calculate_sigmas, condition

STEPS, SEED, CFG = 6, 5, 3.0
POSITIVE, NEGATIVE = 0.8, -0.3
EVERYWHERE = torch.ones(8, 6, dtype=torch.bool)


def latents() -> Tensor:
    return torch.from_numpy(start_noise(4, 8, 6, seed=9))


def unsampled(model: TinyModel, **changes: Any) -> tuple[dict[str, Tensor], Tensor]:
    settings = {"seed": SEED, "steps": STEPS, "scheduler": "normal", "start_at_step": 0, "end_at_step": 10_000}
    picture = {"samples": model.process_latent_out(latents()[None])}
    return BatchUnsampler().unsample(model, picture, **{**settings, "mix_noise": "same", **changes})


def guided(x: Tensor, sigma: float) -> Tensor:
    """The prediction of the stand-in's model under classifier-free guidance."""

    def of(mean: float) -> Tensor:
        return (x + sigma**2 * mean) / (1 + sigma**2)

    return of(NEGATIVE) + CFG * (of(POSITIVE) - of(NEGATIVE))


def direct(settings: DreamSettings, sequence: Tensor, sigmas: tuple[float, ...], noise: Tensor) -> Tensor:
    """A run and its rewinds, written with this project's functions and without the nodes'."""
    timeline = Timeline(sigmas)
    adjust = make_mixer(sequence[-1:], noise, EVERYWHERE, timeline, settings)
    options = solver_options(settings, noise, timeline)
    x = sequence[:1]
    for start in (0, *rewind_steps(timeline.steps, settings.rewind_min, settings.rewind_max)):
        if start:
            x = initial_x(noise, sigmas[start], x, EVERYWHERE)
        levels = torch.tensor(sigmas[start:], dtype=torch.float64)
        x = SAMPLERS[settings.sampler](guided, x, levels, adjust=adjust, **options)
    return x


def simple(model: TinyModel, batch: dict[str, Tensor], **changes: Any) -> Tensor:
    settings = {
        "positive": condition(POSITIVE),
        "negative": condition(NEGATIVE),
        "seed": SEED,
        "steps": STEPS,
        "cfg": CFG,
        "sampler_name": "dpmpp_2m",
        "scheduler": "normal",
        "denoise": 1.0,
        "alpha_1": 1.5,
        "reverse_input_batch": False,
        "blending_schedule": "cosine",
    }
    (made,) = IterativeMixingKSampler().sample(model, latent_image_batch=batch, **{**settings, **changes})
    return model.process_latent_in(made["samples"])


def advanced(model: TinyModel, batch: dict[str, Tensor], **changes: Any) -> Tensor:
    settings = {
        "positive": condition(POSITIVE),
        "negative": condition(NEGATIVE),
        "seed": SEED,
        "cfg": CFG,
        "sampler_name": "euler",
        "scheduler": "normal",
        "denoise": 1.0,
        "reverse_input_batch": False,
        "mix": 1.0,
    }
    (made,) = IterativeMixingKSamplerAdvanced().sample(model, latent_image_batch=batch, **{**settings, **changes})
    return model.process_latent_in(made["samples"])


@pytest.mark.parametrize("mix_noise", ["same", "fresh"])
def test_the_batch_is_the_noised_sequence(mix_noise: str) -> None:
    model = TinyModel()
    batch, sigmas = unsampled(model, mix_noise=mix_noise)
    assert sigmas.equal(calculate_sigmas(model.model_sampling, "normal", STEPS))
    noise = torch.from_numpy(start_noise(4, 8, 6, SEED))
    expected = make_noised_sequence(latents(), noise, sigmas, SEED if mix_noise == "fresh" else None)
    torch.testing.assert_close(batch["samples"] * SCALE, expected)


def test_a_part_of_the_batch() -> None:
    whole, levels = unsampled(TinyModel())
    part, part_levels = unsampled(TinyModel(), start_at_step=2, end_at_step=4)
    assert part["samples"].equal(whole["samples"][2:5])
    assert part_levels.equal(levels[2:5])


def test_flow_models_get_their_own_mixture() -> None:
    model = TinyModel(FlowNoising())
    batch, sigmas = unsampled(model)
    noise = torch.from_numpy(start_noise(4, 8, 6, SEED))
    shares = sigmas[:, None, None, None]
    expected = (1 - shares) * latents() + shares * noise
    torch.testing.assert_close(batch["samples"] * SCALE, expected, atol=2e-3, rtol=0)  # t = 1 is sigma 4096


@pytest.mark.parametrize("form", ["cosine", "linear", "logistic", "demofusion"])
def test_the_sampler_mixes_as_our_functions_do(form: str, steps_told: list[int]) -> None:
    model = TinyModel()
    batch, sigmas = unsampled(model)
    levels = tuple(sigmas.tolist())
    settings = DreamSettings(sampler="dpmpp_2m", seed=SEED, mix=1.0, mix_form=form, mix_alpha=1.5)
    noise = torch.from_numpy(start_noise(4, 8, 6, SEED))[None]
    sequence = make_noised_sequence(latents(), noise[0], sigmas)
    made = simple(model, batch, blending_schedule=form)
    torch.testing.assert_close(made, direct(settings, sequence, levels, noise), atol=2e-5, rtol=1e-4)
    assert steps_told == list(range(STEPS))
    free = direct(DreamSettings(sampler="dpmpp_2m", seed=SEED), sequence, levels, noise)
    assert (made - free).abs().max() > 0.01  # the batch had an effect


@pytest.mark.parametrize(
    "changes",
    [
        {"mix_blend": "slerp"},
        {"mix_start": 0.1, "mix_stop": 1.5, "mix_clamp": 0.9, "mix_min": 0.1, "mix_max": 0.8},
        {"mix_perlin": 0.5, "mix_perlin_mode": "latents"},
        {"mix_perlin": 0.5, "mix_perlin_mode": "matched_noise"},
        {"rewind_min": 0.5, "rewind_max": 0.9},
        {"sampler_name": "euler_ancestral", "noise": "seeded"},
        {"sampler_name": "ddim", "eta": 0.6, "noise": "seeded"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_every_setting_of_the_advanced_one_is_ours(changes: dict[str, Any]) -> None:
    model = TinyModel()
    batch, sigmas = unsampled(model)
    ours = {"sampler": changes.get("sampler_name", "euler")} | {k: v for k, v in changes.items() if k != "sampler_name"}
    settings = DreamSettings(seed=SEED, mix=1.0, **ours)
    noise = torch.from_numpy(start_noise(4, 8, 6, SEED))[None]
    sequence = make_noised_sequence(latents(), noise[0], sigmas)
    made = advanced(model, batch, **changes)
    expected = direct(settings, sequence, tuple(sigmas.tolist()), noise)
    torch.testing.assert_close(made, expected, atol=5e-5, rtol=1e-3)
    assert not torch.allclose(made, advanced(model, batch), atol=1e-3)


def test_flow_models_mix_the_same() -> None:
    """Only the convention differs: a flow model with the same levels and the same answers gives the same latents."""
    plain, flow = TinyModel(), TinyModel(FlowNoising())
    sigmas = calculate_sigmas(plain.model_sampling, "normal", STEPS)
    batch, _ = unsampled(plain)
    shares = sigmas / (1 + sigmas)
    mixture = {"samples": batch["samples"] * (1 - shares)[:, None, None, None]}
    one, other = advanced(plain, batch, sigmas=sigmas), advanced(flow, mixture, sigmas=shares)
    torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-3)


def test_a_reversed_batch_and_a_late_start() -> None:
    model = TinyModel()
    batch, sigmas = unsampled(model)
    turned = {"samples": batch["samples"].flip(0)}
    assert simple(model, turned, reverse_input_batch=True).equal(simple(model, batch))
    settings = DreamSettings(sampler="dpmpp_2m", seed=SEED, mix=1.0, mix_form="cosine", mix_alpha=1.5)
    sequence = NoisedSequence(model.process_latent_in(batch["samples"]), tuple(sigmas.tolist()))
    torch.testing.assert_close(simple(model, batch, denoise=0.5), mix_through(guided, sequence, settings, first=3))


@pytest.mark.parametrize("noising", [None, FlowNoising()], ids=["stable diffusion", "flow"])
def test_a_noise_mask_keeps_the_picture(noising: FlowNoising | None) -> None:
    model, mask = TinyModel(noising), torch.zeros(1, 1, 8, 6)
    mask[..., :3] = 1
    picture = {"samples": model.process_latent_out(latents()[None]), "noise_mask": mask}
    batch, _ = BatchUnsampler().unsample(model, picture, SEED, STEPS, "normal", 0, 10_000, "same")
    made = simple(model, batch)[0]
    torch.testing.assert_close(made[..., 3:], latents()[..., 3:])
    assert (made - latents())[..., :3].abs().min() > 1e-4


def test_a_batch_with_fresh_noise_is_mixed_level_by_level() -> None:
    model = TinyModel()
    batch, sigmas = unsampled(model, mix_noise="fresh")
    seen = []

    def denoise(x: Tensor, sigma: float) -> Tensor:
        seen.append(x)
        return guided(x, sigma)

    sequence = NoisedSequence(model.process_latent_in(batch["samples"]), tuple(sigmas.tolist()))
    settings = DreamSettings(sampler="euler", mix=1.0, mix_min=0.0, mix_max=0.0)  # the coarse latents alone
    mix_through(denoise, sequence, settings)
    torch.testing.assert_close(torch.cat(seen), sequence.levels[:-1], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (lambda m, b: simple(m, b, steps=4), "latent_image_batch holds 7 latents; 4 steps need 5"),
        (lambda m, b: advanced(m, {"samples": b["samples"][:1]}), "latent_image_batch holds 1 latent; it needs at least 2"),
        (lambda m, b: advanced(m, b, sigmas=torch.linspace(9, 1, 7)), "ends at noise level 1; the last latent must be the picture"),
        (lambda m, b: advanced(m, b, mix_stop=5.0), "Iterative Mixing KSampler Advanced: mix_stop is 5.0; allowed is 0.0 to 4.0"),
        (lambda m, b: BatchUnsampler().unsample(m, b, 0, 4, "normal", 0, 9, "same"), "latent_image is a batch of 7"),
        (lambda m, b: unsampled(m, start_at_step=7), "start_at_step is 7; it must be before end_at_step, at most 6"),
        (lambda m, b: BatchUnsampler().unsample(m, {"samples": torch.ones(1, 4, 2, 8, 8)}, 0, 4, "normal", 0, 9, "same"), "5 dimensions"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_in_a_sentence(run: Any, sentence: str) -> None:
    model = TinyModel()
    batch, _ = unsampled(model)
    with pytest.raises(InputError) as refused:
        run(model, batch)
    assert sentence in str(refused.value)


def test_a_model_with_noise_of_its_own_kind_is_refused() -> None:
    class Strange(FlowNoising):
        def noise_scaling(
            self, sigma: Tensor, noise: Tensor, latent_image: Tensor, max_denoise: bool = False
        ) -> Tensor:
            return noise + latent_image

    with pytest.raises(InputError, match="adds noise in its own way"):
        unsampled(TinyModel(Strange()))

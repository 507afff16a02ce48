"""TNR Guider and Solver: what this project's functions give, behind ComfyUI's objects."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from base.errors import InputError
from base.step_schedule import parse_scheduled
from diffusion.denoisers.guidance import with_guidance
from diffusion.sampling.noise import start_noise
from diffusion.sampling.schedules import Timeline
from diffusion.sampling.solvers import SAMPLERS
from diffusion.sampling.solvers.options import solver_options
from diffusion.settings import DreamSettings
from integrations.comfyui.guidance_nodes import RULES, SolverSelect, TNRGuider
from tests.integrations.comfyui.stand_in import FlowNoising, TinyModel, calculate_sigmas, condition

MEANS = {"positive": 0.8, "negative": -0.3, "empty": 0.1}
NUMBERS = {
    "guidance_start": 0.0,
    "guidance_end": 1.0,
    "norm_rescale": 0.0,
    "naive_rescale": 0.0,
    "threshold_scale": 0.0,
    "threshold_percentile": 0.995,
}


def branches_at(x: Tensor, sigma: float, names: tuple[str, ...]) -> dict[str, Tensor]:
    return {name: (x + sigma**2 * MEANS[name]) / (1 + sigma**2) for name in names}


def noise() -> Tensor:
    return torch.from_numpy(start_noise(4, 8, 6, seed=2))[None]


def guider(model: TinyModel, **changes: Any) -> Any:
    conditions = {name: condition(mean) for name, mean in MEANS.items()}
    settings = {"guidance": "tnr", "scale": 3.0, **conditions, **NUMBERS}
    return TNRGuider().make(model, **{**settings, **changes})[0]


def solver(name: str, **changes: Any) -> Any:
    return SolverSelect().make(**{"sampler": name, "noise": "surface", "eta": 0.0, "seed": 1, **changes})[0]


def levels_of(model: TinyModel, steps: int = 5) -> list[float]:
    """The noise levels of `run` in this project's convention."""
    levels = calculate_sigmas(model.model_sampling, "normal", steps).tolist()
    flows = isinstance(model.model_sampling, FlowNoising)
    return [min(t / max(1 - t, 1e-9), 4096.0) for t in levels] if flows else levels


def run(model: TinyModel, guider: Any, sampler: Any, picture: Tensor | None = None, steps: int = 5) -> Tensor:
    """Latents as the model sees them after what SamplerCustomAdvanced does."""
    sigmas = calculate_sigmas(model.model_sampling, "normal", steps)
    latent = torch.zeros_like(noise()) if picture is None else model.process_latent_out(picture)
    return model.process_latent_in(guider.sample(noise(), latent, sampler, sigmas, seed=1))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("noising", [None, FlowNoising()], ids=["stable diffusion", "flow"])
def test_each_rule_guides_as_ours(rule: str, noising: FlowNoising | None) -> None:
    model = TinyModel(noising)
    settings = DreamSettings(guidance=rule, scale=3.0, guidance_start=0.0)
    sigmas = torch.tensor(levels_of(model), dtype=torch.float64)
    picture = torch.full_like(noise(), 0.2)
    denoise = with_guidance(branches_at, settings, Timeline(tuple(sigmas.tolist())), noise(), picture)
    sigma = float(sigmas[0])
    # as ComfyUI begins: t = 1 is noise alone
    start = noise() * sigma if noising else picture + noise() * (1 + sigma**2) ** 0.5
    expected = SAMPLERS["euler"](denoise, start, sigmas)
    made = run(model, guider(model, guidance=rule), solver("euler"), picture)
    torch.testing.assert_close(made, expected, atol=2e-2 if noising else 2e-5, rtol=1e-3)


def test_the_guiders_settings_are_ours() -> None:
    model = TinyModel()
    plain = run(model, guider(model), solver("euler"))
    for changes in (
        {"scale": 6.0},
        {"guidance_start": 0.5},
        {"guidance_end": 0.5},
        {"norm_rescale": 0.7},
        {"naive_rescale": 0.7},
        {"threshold_scale": 1.5, "threshold_percentile": 0.9},
        {"scale_over_steps": "0:7, 1:1"},
    ):
        ours = {name: value for name, value in changes.items() if name != "scale_over_steps"}
        if "scale_over_steps" in changes:
            ours["scale"] = parse_scheduled(changes["scale_over_steps"])
        settings = DreamSettings(**{"guidance": "tnr", "scale": 3.0, **NUMBERS, **ours})
        sigmas = torch.tensor(levels_of(model), dtype=torch.float64)
        denoise = with_guidance(
            branches_at, settings, Timeline(tuple(sigmas.tolist())), noise(), torch.zeros_like(noise())
        )
        start = noise() * (1 + float(sigmas[0]) ** 2) ** 0.5
        expected = SAMPLERS["euler"](denoise, start, sigmas)
        made = run(model, guider(model, **changes), solver("euler"))
        torch.testing.assert_close(made, expected, atol=2e-5, rtol=1e-4)
        assert not torch.allclose(made, plain, atol=1e-3), changes


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("noising", [None, FlowNoising()], ids=["stable diffusion", "flow"])
def test_each_solver_takes_our_steps(name: str, noising: FlowNoising | None) -> None:
    model = TinyModel(noising)
    sigmas = torch.tensor(levels_of(model), dtype=torch.float64)
    settings = DreamSettings(sampler=name, seed=1)
    start = noise() * (float(sigmas[0]) if noising else (1 + float(sigmas[0]) ** 2) ** 0.5)
    options = solver_options(settings, noise(), Timeline(tuple(sigmas.tolist())))

    def denoise(x: Tensor, sigma: float) -> Tensor:
        return branches_at(x, sigma, ("positive",))["positive"]

    expected = SAMPLERS[name](denoise, start, sigmas, **options)
    made = run(model, guider(model, guidance="none"), solver(name))
    torch.testing.assert_close(made, expected, atol=2e-2 if noising else 5e-5, rtol=1e-3)


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda m: guider(m, negative=None), "negative is not connected; the guidance tnr needs it"),
        (
            lambda m: guider(m, guidance="tnr_three", empty=None),
            "empty is not connected; the guidance tnr_three needs it",
        ),
        (lambda m: guider(m, scale_over_steps="0:7, x"), "scale_over_steps"),
        (lambda m: guider(m, scale=99.0), "TNR Guider: scale is 99.0; allowed is -20.0 to 30.0"),
        (
            lambda m: guider(m).sample(
                torch.zeros(1, 4, 8, 6), torch.zeros(1, 4, 8, 6), solver("euler"), torch.tensor([5.0, 0.0])
            ),
            "noise is empty",
        ),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(act: Any, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        act(TinyModel())
    assert sentence in str(refused.value)


def test_one_prediction_needs_one_condition() -> None:
    made = guider(TinyModel(), guidance="tnr_one", negative=None, empty=None)
    assert set(made.original_conds) == {"positive"}

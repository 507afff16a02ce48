"""What stands in for ComfyUI at the border: the few of its functions that the nodes call, and a model whose answers are known.

The model believes that each latent is normal with deviation 1 around what its condition says, so its prediction is exact.
"""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

SCALE = 0.18215
LEVELS = torch.linspace(0.03, 14.6, 1000)


class Noising:
    """model_sampling of Stable Diffusion: x = x0 + sigma·n."""

    sigmas, sigma_max = LEVELS, LEVELS[-1]

    def noise_scaling(self, sigma: Tensor, noise: Tensor, latent_image: Tensor, max_denoise: bool = False) -> Tensor:
        return noise * ((1 + sigma**2).sqrt() if max_denoise else sigma) + latent_image

    def inverse_noise_scaling(self, sigma: Tensor, latent: Tensor) -> Tensor:
        return latent

    def expected(self, x: Tensor, sigma: Tensor, mean: Tensor) -> Tensor:
        """E[x0 | x] for x0 normal around `mean` with deviation 1."""
        return (x + sigma**2 * mean) / (1 + sigma**2)


class FlowNoising(Noising):
    """model_sampling of flow models: x = (1 - t)·x0 + t·n."""

    sigmas, sigma_max = torch.linspace(0.001, 1, 1000), torch.tensor(1.0)

    def noise_scaling(self, sigma: Tensor, noise: Tensor, latent_image: Tensor, max_denoise: bool = False) -> Tensor:
        return sigma * noise + (1 - sigma) * latent_image

    def inverse_noise_scaling(self, sigma: Tensor, latent: Tensor) -> Tensor:
        return latent / (1 - sigma)

    def expected(self, x: Tensor, sigma: Tensor, mean: Tensor) -> Tensor:
        return ((1 - sigma) * x + sigma**2 * mean) / ((1 - sigma) ** 2 + sigma**2)


class TinyModel:
    """A MODEL, and the network inside of it."""

    load_device = torch.device("cpu")

    def __init__(self, model_sampling: Noising | None = None, scale: float = SCALE) -> None:
        self.model_sampling, self.scale, self.model = model_sampling or Noising(), scale, self

    def get_model_object(self, name: str) -> Any:
        return getattr(self, name)

    def process_latent_in(self, latent: Tensor) -> Tensor:
        return latent * self.scale

    def process_latent_out(self, latent: Tensor) -> Tensor:
        return latent / self.scale

    def predict(self, x: Tensor, sigma: Tensor, condition: list) -> Tensor:
        """x0 for one CONDITIONING: the mean of its entries, weighted by their masks."""
        sigma = sigma.view(-1, 1, 1, 1)
        total, weights = torch.zeros_like(x), torch.zeros_like(x)
        for vectors, further in condition:
            mask = further.get("mask", torch.ones(1, *x.shape[-2:]))[:, None]
            total = total + mask * self.model_sampling.expected(x, sigma, vectors.mean())
            weights = weights + mask
        return total / weights


def condition(mean: float) -> list:
    """A CONDITIONING that asks for latents around a number."""
    return [[torch.full((1, 1, 4), mean), {}]]


class TinyClip:
    """A CLIP: the vectors of a text are the number of its letters."""

    def tokenize(self, text: str) -> str:
        return text

    def encode_from_tokens_scheduled(self, tokens: str) -> list:
        return [[torch.full((1, 1, 4), float(len(tokens))), {"text": tokens}]]


class CFGGuider:
    def __init__(self, model: TinyModel) -> None:
        self.model_patcher, self.cfg, self.original_conds = model, 1.0, {}

    def inner_set_conds(self, conds: dict[str, list]) -> None:
        self.original_conds |= conds

    def set_conds(self, positive: list, negative: list) -> None:
        self.inner_set_conds({"positive": positive, "negative": negative})

    def set_cfg(self, cfg: float) -> None:
        self.cfg = cfg

    def __call__(self, x: Tensor, timestep: Tensor, model_options: Any = None, seed: int | None = None) -> Tensor:
        return self.predict_noise(x, timestep, model_options, seed)

    def predict_noise(self, x: Tensor, timestep: Tensor, model_options: Any = None, seed: int | None = None) -> Tensor:
        wanted = [self.conds["positive"], self.conds["negative"]]
        positive, negative = calc_cond_batch(self.inner_model, wanted, x, timestep, model_options)
        return negative + self.cfg * (positive - negative)

    def sample(
        self,
        noise: Tensor,
        latent_image: Tensor,
        sampler: KSAMPLER,
        sigmas: Tensor,
        denoise_mask: Tensor | None = None,
        callback: Any = None,
        disable_pbar: bool = False,
        seed: int | None = None,
    ) -> Tensor:
        self.inner_model, self.conds = self.model_patcher.model, dict(self.original_conds)
        if latent_image.any():
            latent_image = self.inner_model.process_latent_in(latent_image)
        extra = {"model_options": {}, "seed": seed}
        made = sampler.sample(self, sigmas, extra, callback, noise, latent_image, denoise_mask, disable_pbar)
        return self.inner_model.process_latent_out(made)


class Masked:
    """What a sampler calls: the guider behind a noise mask."""

    def __init__(self, guider: CFGGuider, noise: Tensor, picture: Tensor) -> None:
        self.inner_model, self.noise, self.picture = guider, noise, picture

    def __call__(self, x: Tensor, sigma: Tensor, denoise_mask: Any, model_options: Any, seed: int | None) -> Tensor:
        assert sigma.shape == (len(x),)
        if denoise_mask is None:
            return self.inner_model(x, sigma, model_options, seed)
        level = sigma.view(-1, 1, 1, 1)
        noised = self.inner_model.inner_model.model_sampling.noise_scaling(level, self.noise, self.picture)
        made = self.inner_model(torch.lerp(noised, x, denoise_mask), sigma, model_options, seed)
        return torch.lerp(self.picture, made, denoise_mask)


class KSAMPLER:
    def __init__(self, sampler_function: Any) -> None:
        self.sampler_function = sampler_function

    def sample(self, guider, sigmas, extra_args, callback, noise, latent_image, denoise_mask, disable_pbar) -> Tensor:
        noising, steps = guider.inner_model.model_sampling, len(sigmas) - 1
        x = noising.noise_scaling(sigmas[0], noise, latent_image, bool(sigmas[0] >= noising.sigma_max))

        def told(event: dict[str, Any]) -> None:
            if callback is not None:
                callback(event["i"], event["denoised"], event["x"], steps)

        arguments = {**extra_args, "denoise_mask": denoise_mask}
        made = self.sampler_function(
            Masked(guider, noise, latent_image), x, sigmas, extra_args=arguments, callback=told, disable=disable_pbar
        )
        return noising.inverse_noise_scaling(sigmas[-1], made)


def calc_cond_batch(model: TinyModel, conds: list, x: Tensor, timestep: Tensor, model_options: Any) -> list[Tensor]:
    return [model.predict(x, timestep, condition) for condition in conds]


def calculate_sigmas(model_sampling: Noising, scheduler_name: str, steps: int) -> Tensor:
    places = torch.linspace(len(model_sampling.sigmas) - 1, 0, steps).round().long()
    return torch.cat([model_sampling.sigmas[places], torch.zeros(1)])


def modules(folder: Path, steps_told: list[int]) -> dict[str, types.ModuleType]:
    """ComfyUI's modules by name. folder: where its input and output folders are; steps_told: gets the step of each callback."""

    def module(name: str, **content: Any) -> types.ModuleType:
        made = types.ModuleType(name)
        vars(made).update(content)
        return made

    samplers = module(
        "comfy.samplers",
        KSampler=types.SimpleNamespace(SCHEDULERS=["normal", "karras"]),
        KSAMPLER=KSAMPLER,
        CFGGuider=CFGGuider,
        calc_cond_batch=calc_cond_batch,
        calculate_sigmas=calculate_sigmas,
    )
    utils = module("comfy.utils", PROGRESS_BAR_ENABLED=False)
    return {
        "comfy": module("comfy", samplers=samplers, utils=utils),
        "comfy.samplers": samplers,
        "comfy.utils": utils,
        "latent_preview": module(
            "latent_preview", prepare_callback=lambda model, steps: lambda step, *further: steps_told.append(step)
        ),
        "folder_paths": module(
            "folder_paths",
            get_input_directory=lambda: str(folder / "input"),
            get_output_directory=lambda: str(folder / "output"),
        ),
    }

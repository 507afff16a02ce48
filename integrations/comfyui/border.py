"""The border to ComfyUI: everything that asks its modules for something, so that all else runs without it."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from base.errors import InputError

from .convention import Convention, convention_of

Solve = Callable[[Callable[[Tensor, float], Tensor], Tensor, tuple[float, ...], Tensor, Callable[..., None]], Tensor]
"""(denoise, x [B,C,h,w], sigmas falling, the noise in x, after each step (step, sigma, x, denoised)) → x at the last sigma."""
Ask = Callable[[tuple[str, ...]], dict[str, Tensor]]
"""names of conditions → the model's prediction for each at the x of the running step"""
Start = Callable[[Ask, Tensor, Tensor, tuple[float, ...]], Callable[[Tensor, float], Tensor]]
"""(ask, noise [B,C,h,w], latents [B,C,h,w], sigmas) → the denoiser of one run: (x, sigma) → x0"""
SAME = 1e-3  # relative difference of noise levels that are one: float32 knows t near 1 no better


def scheduler_names() -> list[str]:
    """ComfyUI's ways to space steps."""
    import comfy.samplers

    return list(comfy.samplers.KSampler.SCHEDULERS)


def sigmas_of(model: Any, scheduler: str, steps: int) -> Tensor:
    """SIGMAS [steps + 1] of a model."""
    import comfy.samplers

    return comfy.samplers.calculate_sigmas(model.get_model_object("model_sampling"), scheduler, steps).cpu()


def convention_of_model(model: Any) -> Convention:
    """How a MODEL writes noisy latents."""
    return convention_of(model.get_model_object("model_sampling"))


def latents_in(model: Any, samples: Tensor) -> Tensor:
    """LATENT samples as the model sees them; empty ones stay empty, as in ComfyUI's samplers. Raises InputError for videos."""
    if samples.ndim != 4:
        raise InputError("latent", "", f"has {samples.ndim} dimensions; latents of pictures have 4")
    samples = samples.float().cpu()
    return model.get_model_object("process_latent_in")(samples) if bool(samples.any()) else samples


def latents_out(model: Any, samples: Tensor) -> Tensor:
    """The inverse of `latents_in`."""
    return model.get_model_object("process_latent_out")(samples)


def make_sampler(solve: Solve) -> Any:
    """A SAMPLER that takes its steps with `solve`, in this project's convention."""
    import comfy.samplers

    def run(model: Any, x: Tensor, sigmas: Tensor, extra_args: Any = None, callback: Any = None, disable: Any = None):
        of = convention_of(model.inner_model.inner_model.model_sampling)
        levels = of.levels(sigmas)

        def denoise(x: Tensor, sigma: float) -> Tensor:
            level = of.inverse(sigma) * x.new_ones(x.shape[0])
            return model(x * of.signal(sigma), level, **(extra_args or {}))

        def after(step: int, sigma: float, x: Tensor, denoised: Tensor) -> None:
            if callback is not None:
                callback({"i": step, "denoised": denoised, "x": x, "sigma": of.inverse(sigma)})

        return solve(denoise, x / of.signal(levels[0]), levels, model.noise, after) * of.signal(levels[-1])

    return comfy.samplers.KSAMPLER(run)


def make_guider(model: Any, conditions: Mapping[str, Any], start: Start) -> Any:
    """A GUIDER of our own. conditions: name → CONDITIONING; start: called once a run."""
    import comfy.samplers

    class Guider(comfy.samplers.CFGGuider):
        def sample(self, noise: Tensor, latent_image: Tensor, sampler: Any, sigmas: Tensor, *rest: Any, **named: Any):
            self.levels = convention_of_model(model).levels(sigmas)
            device = model.load_device  # where ComfyUI takes both as well
            latents = latents_in(model, latent_image).to(device)
            self.denoise = start(self.ask, noise.to(device), latents, self.levels)
            return super().sample(noise, latent_image, sampler, sigmas, *rest, **named)

        def predict_noise(self, x: Tensor, timestep: Tensor, model_options: Any = None, seed: Any = None) -> Tensor:
            of = convention_of(self.inner_model.model_sampling)
            sigma = of.level(float(timestep[0]))
            nearest = min(self.levels, key=lambda level: abs(level - sigma))
            sigma = nearest if abs(nearest - sigma) <= SAME * nearest else sigma
            self.asked = x, timestep, model_options or {}
            return self.denoise(x / of.signal(sigma), sigma)

        def ask(self, names: tuple[str, ...]) -> dict[str, Tensor]:
            wanted = [self.conds[name] for name in names]
            found = comfy.samplers.calc_cond_batch(self.inner_model, wanted, *self.asked)
            return dict(zip(names, found, strict=True))

    guider = Guider(model)
    guider.inner_set_conds(dict(conditions))
    return guider


def make_cfg_guider(model: Any, positive: Any, negative: Any, cfg: float) -> Any:
    """ComfyUI's own GUIDER: classifier-free guidance."""
    import comfy.samplers

    guider = comfy.samplers.CFGGuider(model)
    guider.set_conds(positive, negative)
    guider.set_cfg(cfg)
    return guider


def run_guider(
    guider: Any, noise: Tensor, latent: Mapping[str, Any], sampler: Any, sigmas: Tensor, seed: int
) -> Tensor:
    """LATENT samples after a run, with ComfyUI's progress bar and previews."""
    import comfy.utils
    import latent_preview

    callback = latent_preview.prepare_callback(guider.model_patcher, len(sigmas) - 1)
    return guider.sample(
        noise,
        latent["samples"],
        sampler,
        sigmas,
        denoise_mask=latent.get("noise_mask"),
        callback=callback,
        disable_pbar=not comfy.utils.PROGRESS_BAR_ENABLED,
        seed=seed,
    ).cpu()


def encode_text(clip: Any, text: str) -> list:
    """The CONDITIONING of a prompt, with ComfyUI's syntax for weights."""
    return clip.encode_from_tokens_scheduled(clip.tokenize(text))


def input_path(name: str) -> Path:
    """A file or folder in ComfyUI's input folder. Raises InputError for a name that leads out of it."""
    import folder_paths

    return _inside(Path(folder_paths.get_input_directory()), name)


def output_path(name: str) -> Path:
    """The same in its output folder."""
    import folder_paths

    return _inside(Path(folder_paths.get_output_directory()), name)


def _inside(folder: Path, name: str) -> Path:
    try:
        path = (folder / name).resolve()
    except (OSError, ValueError, RuntimeError) as error:  # a circle of links, a name that no file can have
        raise InputError(name, "", f"is no file name ({error})") from error
    if not name.strip() or not path.is_relative_to(folder.resolve()) or path == folder.resolve():
        raise InputError(name or "the name", "", f"is not inside {folder}, where workflows may read and write")
    return path

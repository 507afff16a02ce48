"""Correct predictions while noise is high: soft clamp, centre, maximise ("Explaining the SDXL latent space", T. A. Vass)."""

from __future__ import annotations

from torch import Tensor

from base.step_schedule import largest, value_at
from diffusion.sampling.denoiser import Denoise, Prediction, predict
from diffusion.sampling.schedules import Timeline
from diffusion.settings import DreamSettings

BOUNDARY = 4.0  # latents of unit variance rarely exceed this


def soft_clamp(latents: Tensor, amount: float, threshold: float = 3.5, boundary: float = BOUNDARY) -> Tensor:
    """Compress values beyond ±threshold, channel by channel, so that the largest becomes ±boundary; amount 0..1."""
    size = latents.abs()
    largest = size.amax((-2, -1), keepdim=True).clamp_min(boundary)
    squeezed = threshold + (size - threshold) * (boundary - threshold) / (largest - threshold)
    clamped = size.where(size <= threshold, squeezed).copysign(latents)
    return latents + amount * (clamped - latents)


def centre(latents: Tensor, amount: float) -> Tensor:
    """Subtract each channel's mean, which carries brightness and colour balance; amount 0..1."""
    return latents - amount * latents.mean((-2, -1), keepdim=True)


def maximise(latents: Tensor, amount: float, boundary: float = BOUNDARY) -> Tensor:
    """Stretch each channel about its mean until its largest deviation is `boundary`; amount 0..1. Flat channels are unchanged."""
    mean = latents.mean((-2, -1), keepdim=True)
    largest = (latents - mean).abs().amax((-2, -1), keepdim=True)
    gain = (boundary / largest.clamp_min(1e-6)).where(largest > 1e-3, 1.0)
    return mean + (latents - mean) * (1 + amount * (gain - 1))


def with_correction(denoise: Denoise, timeline: Timeline, settings: DreamSettings) -> Denoise:
    """The denoiser with x0 corrected during the first `correct_until` of the run; the denoiser itself if all amounts are 0."""
    amounts = settings.correct_clamp, settings.correct_centre, settings.correct_maximise
    if not any(largest(amount) for amount in amounts):
        return denoise

    def corrected(x: Tensor, sigma: float) -> Prediction:
        prediction = predict(denoise, x, sigma)
        if timeline.progress(sigma) >= settings.correct_until:
            return prediction
        clamped, centred, maximised = (value_at(amount, timeline.place(sigma)) for amount in amounts)
        denoised = maximise(centre(soft_clamp(prediction.denoised, clamped), centred), maximised)
        return Prediction(denoised, denoised if prediction.anchor is prediction.denoised else prediction.anchor)

    return corrected

"""Parts of an `InspectionRequest` besides the network's blocks: stages of the decoder, ablations, names of what the steps show, and a
picture noised to the level of each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from app.loop.messages import InspectionRequest, NoisedSteps, NoisingRequest
from diffusion.canvas import Cancelled


def inspect_further(model: Any, asked: InspectionRequest, inside: Any, cancelled: Callable[[], bool]) -> dict[str, Any]:
    """Return the fields of `InspectionResult` that were requested. inside: its `UnetProbe`. Raises Cancelled."""
    found: dict[str, Any] = {}
    if asked.decoder:
        from diffusion.introspection.decoder_probe import probe_decoder

        found["decoder"] = probe_decoder(model, inside.denoised, asked.canvas.surface, cancelled=cancelled)
    if asked.cut:
        from diffusion.introspection.ablation import ablate

        found["ablation"] = ablate(model, asked.canvas, asked.settings, asked.start, asked.sigma, cancelled=cancelled)
    if asked.predictions:
        from diffusion.introspection.classifier import load_embedded_reader
        from diffusion.introspection.concepts import read_concepts

        pictures = _decode_predictions(model, asked, cancelled)
        found["concepts"] = read_concepts(load_embedded_reader(), pictures, asked.canvas.regions, asked.canvas.change)
    if asked.noising is not None:
        found["noised"] = _noise_picture(model, asked.noising, asked.canvas.noise, cancelled)
    return found


def _noise_picture(model: Any, asked: NoisingRequest, noise: np.ndarray, cancelled: Callable[[], bool]) -> NoisedSteps:
    """Noise a picture to each level and decode it, or use the linear map if decoding is slow. noise: float32 [C,h,w], unit normal."""
    import torch

    from diffusion.sampling.unsampling import scale_for_model
    from diffusion.text2image.unsample import unsample

    found = unsample(model, asked.picture, noise, asked.settings)
    # not by `preview` of small decoders: every second latent pixel alone turns bricks into stripes
    show, pictures = (model.decode if model.decodes_fast else model.sketch), []
    for latents in scale_for_model(found.latents, torch.tensor(found.sigmas)):
        if cancelled():
            raise Cancelled
        pictures.append(show(latents))
    return NoisedSteps(found.steps, found.sigmas, tuple(pictures))


def _decode_predictions(model: Any, asked: InspectionRequest, cancelled: Callable[[], bool]) -> Iterator[np.ndarray]:
    """Decode all predictions, one at a time."""
    import torch

    from diffusion.dream import decode_prediction

    for prediction in asked.predictions:
        if cancelled():
            raise Cancelled
        yield decode_prediction(model, asked.canvas, torch.from_numpy(prediction)[None])

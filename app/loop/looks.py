"""What an `Inspection` may ask for besides the network's blocks: the decoder's stages, what is lost without connections, names of what
steps show, and a picture at the noise level of each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from app.loop.messages import Inspection, Noised, Noising
from diffusion.canvas import Cancelled


def further_looks(model: Any, asked: Inspection, inside: Any, cancelled: Callable[[], bool]) -> dict[str, Any]:
    """The fields of `Inspected` that were asked for. inside: its `UnetProbe`. Raises Cancelled."""
    found: dict[str, Any] = {}
    if asked.decoder:
        from diffusion.introspection.decoder_probe import probe_decoder

        found["decoder"] = probe_decoder(model, inside.denoised, asked.canvas.surface, cancelled=cancelled)
    if asked.cut:
        from diffusion.introspection.ablation import ablate

        found["ablation"] = ablate(model, asked.canvas, asked.settings, asked.start, asked.sigma, cancelled=cancelled)
    if asked.predictions:
        from diffusion.introspection.classifier import shipped_reader
        from diffusion.introspection.concepts import read_concepts

        pictures = _decoded(model, asked, cancelled)
        found["concepts"] = read_concepts(shipped_reader(), pictures, asked.canvas.regions, asked.canvas.change)
    if asked.noising is not None:
        found["noised"] = _noised(model, asked.noising, asked.canvas.noise, cancelled)
    return found


def _noised(model: Any, asked: Noising, noise: np.ndarray, cancelled: Callable[[], bool]) -> Noised:
    """The noised sequence of a picture, decoded, or by the linear map where decoding takes long. noise: float32 [C,h,w], unit normal."""
    import torch

    from diffusion.sampling.unsampling import as_seen
    from diffusion.text2image.unsample import unsample

    found = unsample(model, asked.picture, noise, asked.settings)
    # not by `preview` of small decoders: every second latent pixel alone turns bricks into stripes
    show, pictures = (model.decode if model.decodes_fast else model.sketch), []
    for latents in as_seen(found.latents, torch.tensor(found.sigmas)):
        if cancelled():
            raise Cancelled
        pictures.append(show(latents))
    return Noised(found.steps, found.sigmas, tuple(pictures))


def _decoded(model: Any, asked: Inspection, cancelled: Callable[[], bool]) -> Iterator[np.ndarray]:
    """The pictures of all predictions, one at a time."""
    import torch

    from diffusion.dream import decode_prediction

    for prediction in asked.predictions:
        if cancelled():
            raise Cancelled
        yield decode_prediction(model, asked.canvas, torch.from_numpy(prediction)[None])

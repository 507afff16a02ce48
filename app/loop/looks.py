"""What an `Inspection` may ask for besides the network's blocks: the decoder's stages, what is lost without connections, and names
of what steps show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from app.loop.messages import Inspection
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
    return found


def _decoded(model: Any, asked: Inspection, cancelled: Callable[[], bool]) -> Iterator[np.ndarray]:
    """The pictures of all predictions, one at a time."""
    import torch

    from diffusion.dream import decode_prediction

    for prediction in asked.predictions:
        if cancelled():
            raise Cancelled
        yield decode_prediction(model, asked.canvas, torch.from_numpy(prediction)[None])

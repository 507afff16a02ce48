"""Look into the decoder: the output of each of its stages, from the latents of a dream."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.canvas import Cancelled, Surface
from diffusion.introspection.feature_maps import feature_maps
from diffusion.introspection.unet_probe import Block
from diffusion.models.model import Model
from diffusion.models.plain_decoder import PlainDecoder
from diffusion.models.surface_autoencoder import FOLD
from diffusion.models.surface_model import SurfaceModel

NOWHERE = Surface()


@torch.inference_mode()
def probe_decoder(
    model: Model,
    latents: np.ndarray,
    surface: Surface = NOWHERE,
    *,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Block, ...]:
    """Record the stages that decode latents, float32 [C,h,w], as blocks "in", "middle", "up" and "out"; level 0 has the picture's size.

    surface: the canvas' surface, for decoders that use it; cancelled: called after every stage. Returns () for an autoencoder that
    is neither Stable Diffusion's (AutoencoderKL) nor the embedded model's. Raises Cancelled.
    """
    run = _RUNS.get(type(model.vae).__name__)
    if run is None:
        return ()
    notes = _Notes(model.vae.device, cancelled)
    run(model, torch.from_numpy(latents)[None], surface, notes)
    return notes.blocks()


@dataclass
class _Notes:
    """The stages so far: (kind, number, rows of its input, output [C,h,w]), and the times between them, seconds."""

    device: torch.device
    cancelled: Callable[[], bool]
    stages: list[tuple[str, int, int, Tensor]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def begin(self) -> None:
        self.times.append(self._now())

    def add(self, kind: str, number: int, rows: int, output: Tensor) -> None:
        if self.cancelled():
            raise Cancelled
        self.stages.append((kind, number, rows, output[0].float()))
        self.times.append(self._now())

    def blocks(self) -> tuple[Block, ...]:
        tallest = self.stages[-1][-1].shape[-2]
        return tuple(
            Block(
                kind=kind,
                number=number,
                level=round(math.log2(tallest / rows)),
                attends_to_text=False,
                shape=tuple(output.shape),  # type: ignore[arg-type]
                seconds=after - before,
                **feature_maps(output)._asdict(),
            )
            for (kind, number, rows, output), (before, after) in zip(self.stages, pairwise(self.times), strict=True)
        )

    def _now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()


def _run_plain(model: Model, latents: Tensor, _surface: Surface, notes: _Notes) -> None:
    """Run Stable Diffusion's decoder as `PlainDecoder`."""
    codec, decoder = model.codec, PlainDecoder.of(model.vae)
    own = latents.to(model.vae.device, model.vae.dtype) / codec.scale + codec.shift
    rows = own.shape[-2]
    notes.begin()
    for name, output in decoder.stages(own):
        kind, _, number = name.partition(" ")
        notes.add(kind, int(number or 1), rows, output)
        rows = output.shape[-2]


def _run_surface(model: Model, latents: Tensor, surface: Surface, notes: _Notes) -> None:
    """Run the embedded model's decoder with the surface."""
    decoder = model.vae.decoder

    def note(kind: str, number: int, _module: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        shown = F.pixel_shuffle(output, FOLD) if kind == "out" else output
        notes.add(kind, number, inputs[0].shape[-2], shown)

    levels = (("up", number, level) for number, level in enumerate(decoder.levels, 1))
    parts = (("in", 1, decoder.begin), *levels, ("out", 1, decoder.end))
    hooks = [module.register_forward_hook(partial(note, kind, number)) for kind, number, module in parts]
    try:
        notes.begin()
        here = latents.to(model.device)
        _ = model.decode_surface(here, surface) if isinstance(model, SurfaceModel) else model.decode_tensor(here)
    finally:
        for hook in hooks:
            hook.remove()


_RUNS = {"AutoencoderKL": _run_plain, "SurfaceAutoencoder": _run_surface}

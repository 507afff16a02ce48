"""Measure what a network loses without some of its connections, by repeating a call while they carry zeros.

Forward hooks replace the inputs. They are removed afterwards, and the network is not changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from diffusion.canvas import Cancelled, Canvas
from diffusion.introspection.emergence import explained_share, split_bands
from diffusion.introspection.repeated_call import RepeatedCall
from diffusion.models.model import Model
from diffusion.models.surface_unet import SurfaceUNet
from diffusion.settings import DreamSettings

# The connections to cut: all skip connections, or all connections from lower levels to the finest one.
PARTS = ("skips", "below")


@dataclass(frozen=True, eq=False)
class Ablation:
    """part: of PARTS; coarse, fine: share of the whole network's prediction that remains, 0..1, in large shapes and in details;
    sketch: uint8 [h,w,3], the prediction without that part."""

    part: str
    coarse: float
    fine: float
    sketch: np.ndarray


@torch.inference_mode()
def ablate(
    model: Model,
    canvas: Canvas,
    settings: DreamSettings,
    x: np.ndarray,
    sigma: float,
    *,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Ablation, ...]:
    """Repeat the model call of one step without each of PARTS. Arguments as in `diffusion.introspection.unet_probe.probe_unet`."""
    call = RepeatedCall.of(model, canvas, settings, x, sigma)

    def sketch() -> np.ndarray:
        if cancelled():
            raise Cancelled
        return model.sketch(call.predict())

    whole = split_bands(sketch())
    even = np.ones(canvas.change.shape)
    found = []
    for part in PARTS:
        with _cut(call.network, part):
            picture = sketch()
        coarse, fine = (explained_share(a, b, even) for a, b in zip(split_bands(picture), whole, strict=True))
        found.append(Ablation(part, coarse, fine, picture))
    return tuple(found)


@contextmanager
def _cut(unet: Any, part: str) -> Iterator[None]:
    hooks = list((_cut_surface if isinstance(unet, SurfaceUNet) else _cut_diffusers)(unet, part))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _cut_surface(unet: SurfaceUNet, part: str) -> Iterator[Any]:
    """The first block of each level on the way up takes the lower level and then the skip connection, as equal halves of its channels."""

    def silence(_module: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        below, skip = inputs[0].chunk(2, 1)
        halves = (below, torch.zeros_like(skip)) if part == "skips" else (torch.zeros_like(below), skip)
        return torch.cat(halves, 1), *inputs[1:]

    levels = list(unet.rising) if part == "skips" else [unet.rising[0]]
    for level in levels:
        yield next(iter(level.children())).register_forward_pre_hook(silence)


def _cut_diffusers(unet: Any, part: str) -> Iterator[Any]:
    def silence(_module: Any, inputs: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        skips, below = named["res_hidden_states_tuple"], named["hidden_states"]
        if part == "skips":
            return inputs, named | {"res_hidden_states_tuple": tuple(map(torch.zeros_like, skips))}
        return inputs, named | {"hidden_states": torch.zeros_like(below)}

    blocks = list(unet.up_blocks)
    for block in blocks if part == "skips" else blocks[-1:]:
        yield block.register_forward_pre_hook(silence, with_kwargs=True)

"""The network at work: one U-Net call of a dream, and what went on in it: block by block, and word by word.

Nothing of the network is changed for it: hooks listen while it computes what it always computes, and are taken away again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers.models.attention_processor import Attention
from torch import Tensor

from diffusion.canvas import Cancelled, Canvas
from diffusion.denoisers.few_step import uses_few_step
from diffusion.dream import unguided
from diffusion.models.model import Model
from diffusion.sampling.denoiser import predict
from diffusion.settings import DreamSettings

MAPS = 16  # channels shown of a block
Facts = tuple[str, int, int, bool]  # kind, number, level, listens: as of a Block
SPREAD = 2.5  # deviations of a channel from its mean to black or white


@dataclass(frozen=True)
class Block:
    """One block of the U-Net, in the order in which the data goes through.

    kind: in, down, middle, up or out; number: from 1 among its kind; level: 0 at full resolution, 1 at half, …; listens: whether it hears
    the prompt; shape: [C,h,w] of what it hands on; seconds: it took; channels: those of `maps`, the most varied first; maps: uint8
    [K,h,w]; strength: uint8 [h,w], how much goes on where: the norm over all channels, the largest white; energy: the root mean square
    of all that it hands on.
    """

    kind: str
    number: int
    level: int
    listens: bool
    shape: tuple[int, int, int]
    seconds: float
    channels: tuple[int, ...]
    maps: np.ndarray
    strength: np.ndarray
    energy: float

    @property
    def name(self) -> str:
        return f"{self.kind} {self.number}" if self.kind in ("down", "up") else self.kind


@dataclass(frozen=True)
class WordAttention:
    """Where a region's prompt is heard. words: the last stands for what is none; where: float32 [words,h,w], each latent pixel's attention,
    summing to 1 over the words; share: float32 [h,w], how far the prompt is the pixel's own."""

    prompt: str
    words: tuple[str, ...]
    where: np.ndarray
    share: np.ndarray


@dataclass(frozen=True)
class UnetProbe:
    """One call. prompts: the largest region first; denoised: float32 [C,h,w], its answer; few: whether the few-step network gave it."""

    blocks: tuple[Block, ...]
    prompts: tuple[WordAttention, ...]
    denoised: np.ndarray
    few: bool


@torch.inference_mode()
def probe_unet(
    model: Model,
    canvas: Canvas,
    settings: DreamSettings,
    x: np.ndarray,
    sigma: float,
    *,
    cancelled: Callable[[], bool] = lambda: False,
) -> UnetProbe:
    """One call more for a step of a dream. x: float32 [C,h,w], what the step started from (`StepEvent.start`), at noise level sigma.

    `cancelled` is asked before every block. Raises Cancelled.
    """
    few = uses_few_step(settings, model.few_steps, canvas.guide is not None)
    denoise = unguided(model, canvas, settings)
    unet = model.few if few and model.few is not None else model.unet
    with _recording(unet, x.shape[-2:], cancelled) as notes:
        denoised = predict(denoise, torch.from_numpy(x)[None].to(model.device), sigma).denoised
    prompts = dict.fromkeys(region.prompt for region in canvas.regions)
    return UnetProbe(tuple(notes.blocks), notes.heard(model, list(prompts)), denoised[0].float().cpu().numpy(), few)


class _ProbeRecorder:
    """What the hooks write down. sizes: pixels → (h,w) of each resolution."""

    def __init__(self, size: tuple[int, int], device: torch.device, cancelled: Callable[[], bool]) -> None:
        self.blocks: list[Block] = []
        self._device, self._cancelled = device, cancelled
        self._sizes = {}
        height, width = size
        while height * width not in self._sizes:
            self._sizes[height * width] = height, width
            height, width = (height + 1) // 2, (width + 1) // 2
        self._began = self._noting = 0.0
        self._attention: dict[int, list[Tensor]] = {}
        self._contexts = self._masks = torch.empty(0)

    def begin(self, *_: Any) -> None:
        if self._cancelled():
            raise Cancelled
        self._began, self._noting = self._now(), 0.0

    def end(self, kind: str, number: int, level: int, listens: bool, output: Any) -> None:
        seconds = self._now() - self._began - self._noting
        numbers = (output[0] if isinstance(output, tuple) else output)[0].float()
        deviations = numbers.std((1, 2), correction=0)
        chosen = deviations.argsort(descending=True, stable=True)[:MAPS]
        scale = (SPREAD * deviations[chosen]).clamp_min(1e-12)[:, None, None]
        scaled = (numbers[chosen] - numbers[chosen].mean((1, 2), keepdim=True)) / scale
        norm = numbers.norm(dim=0)
        self.blocks.append(
            Block(
                kind=kind,
                number=number,
                level=level,
                listens=listens,
                shape=tuple(numbers.shape),  # type: ignore[arg-type]
                seconds=seconds,
                channels=tuple(chosen.tolist()),
                maps=_grey(scaled / 2 + 0.5),
                strength=_grey(norm / norm.max().clamp_min(1e-12)),
                energy=float(numbers.square().mean().sqrt()),
            )
        )

    def hear(self, attention: Attention, inputs: tuple[Any, ...], named: Mapping[str, Any], _: Any) -> None:
        """Cross-attention's weights, which no kernel tells: once more from queries and keys, the mean over heads."""
        began = self._now()
        hidden = inputs[0]
        regions = named.get("regions") or {"contexts": named["encoder_hidden_states"], "masks": {}}
        pixels, contexts = hidden.shape[1], regions["contexts"]
        query = attention.to_q(hidden)[0].unflatten(-1, (attention.heads, -1)).transpose(0, 1).float()
        weights = []
        for context in contexts:
            key = attention.to_k(context)  # pyright: ignore[reportOptionalCall]
            key = key.unflatten(-1, (attention.heads, -1)).transpose(0, 1).float()
            weights.append((query @ key.transpose(1, 2) * query.shape[-1] ** -0.5).softmax(-1).mean(0).T)
        self._attention.setdefault(pixels, []).append(torch.stack(weights))
        if pixels == max(self._attention):
            self._contexts, self._masks = contexts, regions["masks"].get(pixels, hidden.new_ones(1, pixels))
        self._noting += self._now() - began

    def heard(self, model: Model, prompts: list[str]) -> tuple[WordAttention, ...]:
        """By the finest resolution that listens, the mean over its layers."""
        if not self._attention:
            return ()
        pixels = max(self._attention)
        mean = torch.stack(self._attention[pixels]).mean(0)
        size, known = self._sizes[pixels], dict(zip(prompts, model.context(prompts), strict=True))
        found = []
        for weights, context, mask in zip(mean, self._contexts, self._masks, strict=True):
            prompt = next(prompt for prompt in prompts if torch.equal(known[prompt][0, : len(context)], context))
            words = model.text.words(prompt)
            where = torch.stack([weights[list(rows)].sum(0) for _, rows in words]).unflatten(1, size)
            share = mask.float().unflatten(0, size)
            found.append(
                WordAttention(
                    prompt, tuple(word for word, _ in words), where.cpu().numpy(), share.contiguous().cpu().numpy()
                )
            )
        return tuple(sorted(found, key=lambda heard: -heard.share.sum()))

    def _now(self) -> float:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return time.perf_counter()


def _grey(picture: Tensor) -> np.ndarray:
    """uint8 from 0..1; what lies beyond is cut."""
    return (picture * 255).round().clamp(0, 255).to(torch.uint8).cpu().numpy()


def parts(unet: Any) -> Iterator[tuple[str, int, int, Any]]:
    """(kind, number, level, module) of a diffusers U-Net's blocks, in the order of the data."""
    downs, ups = list(unet.down_blocks), list(unet.up_blocks)
    yield "in", 1, 0, unet.conv_in
    for level, block in enumerate(downs):
        yield "down", level + 1, level, block
    if unet.mid_block is not None:
        yield "middle", 1, len(downs) - 1, unet.mid_block
    for place, block in enumerate(ups):
        yield "up", place + 1, len(ups) - 1 - place, block
    yield "out", 1, 0, unet.conv_out


@contextmanager
def _recording(unet: Any, size: tuple[int, int], cancelled: Callable[[], bool]) -> Iterator[_ProbeRecorder]:
    notes = _ProbeRecorder(size, unet.device, cancelled)
    hooks = []
    try:
        for kind, number, level, module in parts(unet):
            ears = [m for m in module.modules() if isinstance(m, Attention) and m.is_cross_attention]

            def end(_module: Any, _inputs: Any, output: Any, facts: Facts = (kind, number, level, bool(ears))) -> None:
                notes.end(*facts, output)

            hooks += [module.register_forward_pre_hook(notes.begin), module.register_forward_hook(end)]
            hooks += [ear.register_forward_hook(notes.hear, with_kwargs=True) for ear in ears]
        yield notes
    finally:
        for hook in hooks:
            hook.remove()

"""Record one U-Net call of a dream: the output of each block, and the attention to each word of a prompt.

Forward hooks record while the network runs as usual; they are removed afterwards, and the network is not changed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from diffusers.models.attention_processor import Attention
from torch import Tensor

from diffusion.canvas import Cancelled, Canvas
from diffusion.denoisers.context_filters import contexts_of
from diffusion.introspection.feature_maps import feature_maps
from diffusion.introspection.repeated_call import RepeatedCall
from diffusion.introspection.unet_blocks import iterate_blocks
from diffusion.models.model import Model
from diffusion.models.surface_unet import LEAST_SHARE, SurfaceUNet
from diffusion.models.surface_unet import Attention as SurfaceAttention
from diffusion.settings import DreamSettings

Facts = tuple[str, int, int, bool]  # kind, number, level, attends_to_text; see `Block`


@dataclass(frozen=True)
class Block:
    """One block of the U-Net.

    kind: "in", "down", "middle", "up" or "out"; number: counted from 1 within its kind
    level: 0 at full resolution, 1 at half, …
    attends_to_text: whether it has cross-attention
    shape: [C,h,w] of its output; seconds: run time
    channels, maps: indices and pictures uint8 [K,h,w] of the output channels that vary most, the most varied first
    strength: uint8 [h,w], the norm of the output over all channels; the largest is white
    energy: root mean square of the output
    """

    kind: str
    number: int
    level: int
    attends_to_text: bool
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
    """How much each latent pixel attends to each word of a region's prompt.

    words: the prompt's words; the last one stands for the tokens that belong to no word
    where: float32 [words,h,w], attention weights; they sum to 1 over the words
    share: float32 [h,w] in 0..1, the weight of this prompt's region
    """

    prompt: str
    words: tuple[str, ...]
    where: np.ndarray
    share: np.ndarray

    @cached_property
    def weights(self) -> np.ndarray:
        """float64 [words]: the mean weight of each word in the prompt's region."""
        return np.array([np.average(where, weights=self.share) for where in self.where])


@dataclass(frozen=True)
class UnetProbe:
    """One recorded call. blocks: in data order; prompts: the largest region first; denoised: float32 [C,h,w], the predicted x0;
    few_step: whether the few-step network ran."""

    blocks: tuple[Block, ...]
    prompts: tuple[WordAttention, ...]
    denoised: np.ndarray
    few_step: bool


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
    """Repeat the model call of one step of a dream and record it.

    x: float32 [C,h,w], the latents at the start of the step (`StepEvent.start_latents`); sigma: their noise level;
    cancelled: called before every block. Raises Cancelled.
    """
    call = RepeatedCall.of(model, canvas, settings, x, sigma)
    tokens = model.context([canvas.regions[0].prompt])[0].shape[1]
    with _record_blocks(call.network, x.shape[-2:], tokens, cancelled) as notes:
        denoised = call.predict()
    prompts = dict.fromkeys(region.prompt for region in canvas.regions)
    return UnetProbe(
        tuple(notes.blocks),
        notes.word_attention(model, list(prompts), call.settings),
        denoised.float().cpu().numpy(),
        call.few_step,
    )


class _ProbeRecorder:
    """Collects the values that hooks record. size: (h,w) of the latents; tokens: of a prompt."""

    def __init__(self, size: tuple[int, int], tokens: int, device: torch.device, cancelled: Callable[[], bool]) -> None:
        self._tokens = tokens
        self.blocks: list[Block] = []
        self._device, self._cancelled = device, cancelled
        self._sizes = {}  # number of pixels → (h,w), for each resolution of the U-Net
        height, width = size
        while height * width not in self._sizes:
            self._sizes[height * width] = height, width
            height, width = (height + 1) // 2, (width + 1) // 2
        self._began = self._noting = 0.0
        self._attention: dict[int, list[Tensor]] = {}
        self._contexts = self._masks = torch.empty(0)

    def start_block(self, *_: Any) -> None:
        if self._cancelled():
            raise Cancelled
        self._began, self._noting = self._now(), 0.0

    def finish_block(self, kind: str, number: int, level: int, attends_to_text: bool, output: Any) -> None:
        seconds = self._now() - self._began - self._noting
        numbers = (output[0] if isinstance(output, tuple) else output)[0].float()
        seen = feature_maps(numbers)
        self.blocks.append(
            Block(
                kind=kind,
                number=number,
                level=level,
                attends_to_text=attends_to_text,
                shape=tuple(numbers.shape),  # type: ignore[arg-type]
                seconds=seconds,
                **seen._asdict(),
            )
        )

    def record_attention(self, attention: Attention, inputs: tuple[Any, ...], named: Mapping[str, Any], _: Any) -> None:
        """Recompute the cross-attention weights from queries and keys, because fused kernels don't return them; mean over heads."""
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

    def record_surface_attention(
        self, attention: SurfaceAttention, inputs: tuple[Any, ...], _named: Mapping[str, Any], _output: Any
    ) -> None:
        """Recompute the weights within each region's prompt; mean over heads. The network gets all prompts in one call."""
        began = self._now()
        x, contexts, bias = inputs  # of all prompts one after the other: [1,R·T,D], [1,pixels,R·T]
        by_prompt = (-1, self._tokens)
        logits = attention.logits(x, contexts)[0][0].unflatten(-1, by_prompt).float()
        weights = logits.softmax(-1).mean(0)  # [pixels,R,T]
        self._attention.setdefault(len(weights), []).append(weights.permute(1, 2, 0))
        self._contexts = contexts[0].unflatten(0, by_prompt)
        self._masks = bias[0, :, :: self._tokens].exp().T - LEAST_SHARE
        self._noting += self._now() - began

    def word_attention(self, model: Model, prompts: list[str], settings: DreamSettings) -> tuple[WordAttention, ...]:
        """The mean attention over the layers of the finest resolution that has cross-attention."""
        if not self._attention:
            return ()
        pixels = max(self._attention)
        mean = torch.stack(self._attention[pixels]).mean(0)
        size, known = self._sizes[pixels], contexts_of(model, prompts, settings)
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


@contextmanager
def _record_blocks(
    unet: Any, size: tuple[int, int], tokens: int, cancelled: Callable[[], bool]
) -> Iterator[_ProbeRecorder]:
    notes = _ProbeRecorder(size, tokens, unet.device, cancelled)
    hooks = []
    try:
        for block in iterate_blocks(unet):
            facts = (block.kind, block.number, block.level, bool(block.listeners))

            def end(_module: Any, _inputs: Any, output: Any, facts: Facts = facts) -> None:
                notes.finish_block(*facts, output)

            hooks += [block.first.register_forward_pre_hook(notes.start_block), block.last.register_forward_hook(end)]
            record = notes.record_surface_attention if isinstance(unet, SurfaceUNet) else notes.record_attention
            hooks += [heard.register_forward_hook(record, with_kwargs=True) for heard in block.listeners]
        yield notes
    finally:
        for hook in hooks:
            hook.remove()

"""IP-Adapter (arXiv 2308.06721): a picture that guides a dream along with the prompt. CLIP encodes it; the U-Net attends to it separately.

A context of a styled dream has N + 1 more rows than the prompt has tokens: those of the picture, and one with their weight in its
first number. They come before SDXL's pooled vector. So one tensor describes a prompt and its picture, and code that batches,
cuts or selects contexts works for every model.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from base.errors import InputError
from base.files import expand_user
from base.pictures import flat, open_picture
from base.reading import is_file

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_DEVIATION = (0.26862954, 0.26130258, 0.27577711)
"""Mean and standard deviation of the colours in CLIP's training pictures, 0..1 (arXiv 2103.00020, released code)."""
KEPT = 64  # pictures whose tokens are cached


class Style(NamedTuple):
    """tokens: [B,N,D] of each context's picture; weight: [B]."""

    tokens: Tensor
    weight: Tensor


class StyleAdapter:
    """Makes a picture's tokens.

    encoder: transformers' CLIPVisionModelWithProjection; projection: diffusers' image projection, from its output to [1,N,D]
    pooled: whether the projection takes the encoder's one vector, instead of the states of its second-to-last layer
    tokens: N
    """

    def __init__(self, encoder: Any, projection: nn.Module, pooled: bool, device: torch.device) -> None:
        self._encoder, self._projection, self._pooled = encoder, projection, pooled
        self._device, self._known = device, OrderedDict[tuple[str, int], Tensor]()
        self.tokens = self._see("").shape[1]

    def rows(self, picture: str, weight: float, like: Tensor) -> Tensor:
        """[1,N + 1,D] for a picture file, or for "" (the unconditional picture), in the dtype of the context `like`.

        Raises InputError for a file that isn't a picture.
        """
        tokens = like.new_zeros((1, self.tokens, like.shape[-1])) if weight == 0 else self._see(picture).to(like)
        last = like.new_zeros((1, 1, like.shape[-1]))
        last[..., 0] = weight
        return torch.cat([tokens, last], 1)

    @torch.inference_mode()
    def _see(self, picture: str) -> Tensor:
        path = expand_user(picture)
        if picture and not is_file(path):
            raise InputError(path, "", "is not a file; <style:…> and --style-picture name a picture")
        key = (str(path), path.stat().st_mtime_ns) if picture else ("", 0)
        if key not in self._known:
            self._known[key] = self._projection(self._encode(path if picture else None))
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        return self._known[key]

    def _encode(self, path: Path | None) -> Tensor:
        """The encoder's output for a picture. For None: zeros, or the hidden states of a blank input if hidden states are used."""
        image = Image.new("RGB", (8, 8)) if path is None else flat(open_picture(path, "a style picture"), 255)
        pixels = clip_pixels(image.convert("RGB"), int(self._encoder.config.image_size))
        pixels = pixels.to(self._device, self._encoder.dtype)
        pixels = torch.zeros_like(pixels) if path is None else pixels
        if self._pooled:
            vector = self._encoder(pixels).image_embeds
            return torch.zeros_like(vector) if path is None else vector
        return self._encoder(pixels, output_hidden_states=True).hidden_states[-2]


def clip_pixels(image: Image.Image, size: int) -> Tensor:
    """float32 [1,3,size,size] as CLIP was trained on: the shorter side resized, the middle cut out, the colours normalised."""
    width, height = image.size
    short = min(width, height)
    resized = image.resize((size * width // short, size * height // short), Image.Resampling.BICUBIC)
    left, top = (resized.width - size) // 2, (resized.height - size) // 2
    colours = np.asarray(resized.crop((left, top, left + size, top + size)), np.float32) / 255
    normal = (colours - np.array(CLIP_MEAN, np.float32)) / np.array(CLIP_DEVIATION, np.float32)
    return torch.from_numpy(np.moveaxis(normal, -1, 0).copy())[None]


def split_style(rows: Tensor, tokens: int) -> tuple[Tensor, Style | None]:
    """(rows of the prompt, its style) from the token rows [B,T + N + 1,D] of a context; tokens: N, 0 without an adapter."""
    if tokens == 0:
        return rows, None
    return rows[:, : -tokens - 1], Style(rows[:, -tokens - 1 : -1], rows[:, -1, 0])


def join_style(context: Tensor, rows: Tensor, pooled: int) -> Tensor:
    """A context [1,T,D] with the rows of a style [1,N + 1,D], before the pooled vector if there is one."""
    cut = context.shape[1] - (1 if pooled else 0)
    return torch.cat([context[:, :cut], rows, context[:, cut:]], 1)

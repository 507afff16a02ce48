"""CLIP text encoders: one for Stable Diffusion 1.x and 2.x; two, plus a pooled vector, for Stable Diffusion XL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from diffusion.models.prompt_words import Words, group_words


@dataclass(frozen=True, eq=False)
class Clip:
    """One CLIP. tokenizer: transformers' CLIPTokenizer; model: CLIPTextModel or CLIPTextModelWithProjection, on its device."""

    tokenizer: Any
    model: Any

    def tokens(self, prompts: list[str]) -> Tensor:
        """int64 [B,T], padded; longer prompts are truncated, as in diffusers."""
        length = self.model.config.max_position_embeddings
        return self.tokenizer(
            prompts, padding="max_length", max_length=length, truncation=True, return_tensors="pt"
        ).input_ids

    def words(self, prompt: str) -> Words:
        special, starts_word = self.tokenizer.all_special_tokens, True
        pieces = []
        for token in self.tokenizer.convert_ids_to_tokens(self.tokens([prompt])[0].tolist()):
            pieces.append("" if token in special else " " * starts_word + token.removesuffix("</w>"))
            starts_word = token in special or token.endswith("</w>")
        return group_words(pieces)

    @torch.inference_mode()
    def __call__(self, prompt: str) -> Any:
        """The model's output for a prompt; its first member is the last hidden state or, with projection, the pooled vector.

        Prompts are encoded one at a time: in a batch the last bits depend on the other prompts, and dreams would not repeat exactly.
        """
        return self.model(self.tokens([prompt]).to(self.model.device), output_hidden_states=True)


class ClipEncoder:
    """Stable Diffusion 1.x and 2.x: the last hidden state, 77 rows."""

    pooled = 0

    def __init__(self, clip: Clip) -> None:
        self.clips = (clip,)

    def encode(self, prompts: list[str]) -> Tensor:
        return torch.cat([self.clips[0](prompt)[0] for prompt in prompts])

    def words(self, prompt: str) -> Words:
        return self.clips[0].words(prompt)


class SdxlEncoder:
    """Stable Diffusion XL (arXiv 2307.01952, 2.1): the second-to-last hidden states of both CLIPs side by side, 77 rows, then one row
    with the second CLIP's pooled vector.

    pooled: width of the pooled vector; zeroed: whether the unconditional prompt is all zeros, as in training the base model, or encoded.
    """

    def __init__(self, clips: Sequence[Clip], zeroed: bool = True) -> None:
        self.clips, self._zeroed = tuple(clips), zeroed
        self.pooled = int(clips[-1].model.config.projection_dim)

    def encode(self, prompts: list[str]) -> Tensor:
        return torch.cat([self._one(prompt) for prompt in prompts])

    @torch.inference_mode()
    def _one(self, prompt: str) -> Tensor:
        outputs = [clip(prompt) for clip in self.clips]
        rows = torch.cat([output.hidden_states[-2] for output in outputs], -1)
        whole = F.pad(outputs[-1][0], (0, rows.shape[-1] - self.pooled))
        context = torch.cat([rows, whole[:, None]], 1)
        return torch.zeros_like(context) if self._zeroed and not prompt else context

    def words(self, prompt: str) -> Words:
        return self.clips[0].words(prompt)

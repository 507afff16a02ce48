"""CLIP text encoders: one for Stable Diffusion 1.x and 2.x; two, plus a pooled vector, for Stable Diffusion XL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from diffusion.models.prompt_syntax import split_encoders
from diffusion.models.prompt_tokens import Chunk, Token, tokenize
from diffusion.models.prompt_weights import compute_weighted_states
from diffusion.models.prompt_words import Words, group_words
from diffusion.models.sdxl_conditioning import token_rows


@dataclass(frozen=True, eq=False)
class Clip:
    """One CLIP. tokenizer: transformers' CLIPTokenizer; model: CLIPTextModel or CLIPTextModelWithProjection, on its device."""

    tokenizer: Any
    model: Any

    @property
    def size(self) -> int:
        """Rows of a chunk: the start token, up to size - 2 words, the end token and padding."""
        return int(self.model.config.max_position_embeddings)

    def chunks(self, prompt: str) -> tuple[Chunk, ...]:
        """The prompt's weighted tokens in chunks of at most size - 2 (75), as in AUTOMATIC1111's web UI."""
        return tokenize(prompt, self._tokens, self.size - 2)

    def words(self, prompt: str) -> Words:
        """The words of a prompt with their rows among those of all chunks."""
        pieces: list[str] = []
        for chunk in self.chunks(prompt):
            words = (" " * token.starts + token.piece.removesuffix("</w>") for token in chunk)
            pieces += ["", *words, *[""] * (self.size - 1 - len(chunk))]
        return group_words(pieces)

    @torch.inference_mode()
    def __call__(self, chunk: Chunk, mask: Tensor | None = None) -> Any:
        """The model's output for a chunk; its first member is the last hidden state or, with projection, the pooled vector.

        Chunks are encoded one at a time: in a batch the last bits depend on the other prompts, so dreams wouldn't repeat exactly.
        """
        start, end = self.tokenizer.bos_token_id, self.tokenizer.eos_token_id
        padding = [self.tokenizer.pad_token_id] * (self.size - 2 - len(chunk))
        ids = torch.tensor([[start, *(token.id for token in chunk), end, *padding]])
        where = self.model.device
        return self.model(
            ids.to(where), attention_mask=None if mask is None else mask.to(where), output_hidden_states=True
        )

    def _tokens(self, words: str) -> list[Token]:
        ids = self.tokenizer(words, add_special_tokens=False).input_ids
        pieces = self.tokenizer.convert_ids_to_tokens(ids)
        starts = [True, *(piece.endswith("</w>") for piece in pieces)]
        return [Token(*token) for token in zip(ids, pieces, starts, strict=False)]


def pad_contexts(contexts: Sequence[Tensor], empty: Tensor, pooled: int) -> list[Tensor]:
    """Pad contexts [1,T,D] to one length with the token rows of the empty prompt, as compel does.

    pooled: width of the pooled vector, which stays in the last row; 0 without one.
    """
    longest = max(context.shape[1] for context in contexts)
    filler = token_rows(empty, pooled)
    padded = []
    for context in contexts:
        missing = longest - context.shape[1]
        if missing:
            rows = token_rows(context, pooled)
            parts = [rows, *[filler] * (missing // filler.shape[1]), context[:, rows.shape[1] :]]
            context = torch.cat(parts, 1)
        padded.append(context)
    return padded


class ClipEncoder:
    """Stable Diffusion 1.x and 2.x: the last hidden state, 77 rows for each chunk."""

    pooled = 0

    def __init__(self, clip: Clip) -> None:
        self.clips = (clip,)

    def encode(self, prompts: list[str]) -> Tensor:
        clip = self.clips[0]
        contexts = [_encode_chunks(clip, prompt, lambda output: output[0]) for prompt in prompts]
        return torch.cat(pad_contexts(contexts, clip(())[0], self.pooled))

    def words(self, prompt: str) -> Words:
        return self.clips[0].words(prompt)


class SdxlEncoder:
    """Stable Diffusion XL (arXiv 2307.01952, 2.1): the second-to-last hidden states of both CLIPs side by side, 77 rows for each chunk,
    then one row with the second CLIP's pooled vector of the first chunk, to which weights don't apply. Each CLIP may get its own text
    (`prompt_syntax.split_encoders`); the shorter one is padded with the rows of the empty prompt.

    pooled: width of the pooled vector; zeroed: whether the unconditional prompt is all zeros, as in training the base model, or encoded.
    """

    def __init__(self, clips: Sequence[Clip], zeroed: bool = True) -> None:
        self.clips, self._zeroed = tuple(clips), zeroed
        self.pooled = int(clips[-1].model.config.projection_dim)

    def encode(self, prompts: list[str]) -> Tensor:
        return torch.cat(pad_contexts([self._one(prompt) for prompt in prompts], self._one(""), self.pooled))

    @torch.inference_mode()
    def _one(self, prompt: str) -> Tensor:
        states, parts = (lambda output: output.hidden_states[-2]), split_encoders(prompt)
        read = [_encode_chunks(clip, part, states) for clip, part in zip(self.clips, parts, strict=True)]
        longest = max(rows.shape[1] for rows in read)
        filled = [
            torch.cat([rows, *[states(clip(()))] * ((longest - rows.shape[1]) // clip.size)], 1)
            for clip, rows in zip(self.clips, read, strict=True)
        ]
        rows, last = torch.cat(filled, -1), self.clips[-1]
        whole = F.pad(last(last.chunks(parts[-1])[0])[0], (0, rows.shape[-1] - self.pooled))
        context = torch.cat([rows, whole[:, None]], 1)
        return torch.zeros_like(context) if self._zeroed and not prompt else context

    def words(self, prompt: str) -> Words:
        return self.clips[0].words(split_encoders(prompt)[0])


def _encode_chunks(clip: Clip, prompt: str, states_of: Callable[[Any], Tensor]) -> Tensor:
    """[1,T,D]: the states of all chunks of a prompt, one after the other. states_of: the model's output → [1,77,D]."""
    chunks = clip.chunks(prompt)
    weighted = any(token.weight != 1 for chunk in chunks for token in chunk)
    empty = states_of(clip(()))[0] if weighted else torch.zeros(())
    parts = [
        compute_weighted_states(lambda mask, c=chunk: states_of(clip(c, mask))[0], chunk, 1, empty) for chunk in chunks
    ]
    return torch.cat(parts)[None]

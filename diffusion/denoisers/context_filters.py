"""Change a prompt's context before the model receives it (from the diffusion notebook): drop singular values, rotate vectors."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from base.step_schedule import value_at
from diffusion.models.model import Model
from diffusion.models.sdxl_conditioning import token_rows
from diffusion.settings import DreamSettings


def contexts_of(model: Model, prompts: list[str], settings: DreamSettings, place: float = 0.0) -> dict[str, Tensor]:
    """Prompt → its context [1,T,D] filtered by the settings at a position in the run, 0..1; that of the empty prompt is unchanged."""
    contexts = dict(zip(prompts, model.context(prompts), strict=True))
    if settings.embedding_rank == 0 and value_at(settings.embedding_turn, place) == 0:
        return contexts
    return {
        prompt: filter_context(context, model.text.pooled, settings, place) if prompt else context
        for prompt, context in contexts.items()
    }


def filter_context(context: Tensor, pooled: int, settings: DreamSettings, place: float = 0.0) -> Tensor:
    """A context [1,T,D] with its token rows filtered. pooled: width of the pooled vector in the last row, 0 without one."""
    drop, turned = value_at(settings.embedding_drop, place), value_at(settings.embedding_turn, place)
    rows = token_rows(context, pooled)
    found = rows[0].float()
    if settings.embedding_rank:
        found = keep_largest(found, settings.embedding_rank, drop)
    if turned:
        found = turn(found, turned, settings.seed)
    return torch.cat([found[None].to(context), context[:, rows.shape[1] :]], 1)


def keep_largest(rows: Tensor, rank: int, drop: float) -> Tensor:
    """[T,D] whose singular values beyond the `rank` largest are multiplied by 1 - drop."""
    left, values, right = torch.linalg.svd(rows, full_matrices=False)
    values = torch.cat([values[:rank], values[rank:] * (1 - drop)])
    return left @ (values[:, None] * right)


def turn(rows: Tensor, amount: float, seed: int) -> Tensor:
    """[T,D]: each row mixed with its image under a random orthogonal map, rows·(1 - amount) + rows·Q·amount, at its own length."""
    mixed = rows * (1 - amount) + rows @ _orthogonal(rows.shape[1], seed).to(rows) * amount
    length = rows.norm(dim=1, keepdim=True)
    return mixed * (length / mixed.norm(dim=1, keepdim=True).clamp_min(1e-12))


@lru_cache(maxsize=4)
def _orthogonal(size: int, seed: int) -> Tensor:
    """A random orthogonal matrix [D,D], uniform over all of them (QR of a Gaussian one, signs fixed)."""
    q, r = torch.linalg.qr(torch.randn((size, size), generator=torch.Generator().manual_seed(seed)))
    return q * r.diagonal().sign()

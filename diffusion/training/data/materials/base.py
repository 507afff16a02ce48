"""What a material is: the layers it draws on a patch, its nouns, and where it is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from diffusion.training.data.materials.patterns import Patch


@dataclass(frozen=True)
class Layers:
    """What a material's surface is made of.

    albedo: [3,S,S] 0..1, sRGB. height: [S,S] in blocks. gloss: 0 matt .. 1 mirror, number or [S,S].
    glow: [3,S,S] light of its own, sRGB, or None.
    """

    albedo: Tensor
    height: Tensor
    gloss: Tensor | float = 0.05
    glow: Tensor | None = None


@dataclass(frozen=True)
class Material:
    """One material.

    nouns: words for it in training captions; `held_out`: words for it that training never sees.
    place: "any" surface, "wall", "floor" or "sky". weight: how often it is drawn.
    """

    name: str
    draw: Callable[[Patch], Layers]
    nouns: tuple[str, ...]
    held_out: tuple[str, ...]
    place: str = "any"
    weight: float = 1.0

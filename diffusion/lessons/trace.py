"""What was measured of a dream: the facts that the questions of the stations are checked with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from diffusion.introspection.emergence import Emergence

if TYPE_CHECKING:  # they need torch
    from diffusion.introspection.ablation import Ablation
    from diffusion.introspection.concepts import Concepts
    from diffusion.introspection.unet_probe import UnetProbe


@dataclass(frozen=True, eq=False)
class Trace:
    """A finished dream, as far as it was measured.

    sigmas, guidance, change: of each step; guidance is NaN where there was none, change 0 at the first step
    start, end: float32 [C,h,w], the noise (of variance 1) and the finished latents
    emergence, concepts: per region
    probe, ablation: of one step; step: which, from 0
    changed, finished: texels of a view that changed between two visits, and that were finished at the first
    """

    sigmas: tuple[float, ...] = ()
    guidance: tuple[float, ...] = ()
    change: tuple[float, ...] = ()
    start: np.ndarray | None = None
    end: np.ndarray | None = None
    emergence: tuple[Emergence, ...] = ()
    concepts: tuple[Concepts, ...] = ()
    probe: UnetProbe | None = None
    ablation: tuple[Ablation, ...] = ()
    step: int = 0
    changed: int | None = None
    finished: int = 0

    @property
    def noise_shares(self) -> np.ndarray:
        """float64 [steps]: sigma / (1 + sigma), the share of noise in what each step starts from."""
        sigmas = np.array(self.sigmas, np.float64)
        return sigmas / (1 + sigmas)


@dataclass(frozen=True)
class Answer:
    """choice: the one of the station's choices that the measurement supports; None if it can't tell. text: the figures."""

    choice: int | None
    text: str

"""Noise levels: the sigma of each timestep of a model, and the spacing of a run's steps between noise and picture.

Convention of Karras et al. (2022) throughout: x = x0 + sigma·n. A variance-preserving model sees x / sqrt(1 + sigma²).
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import scipy  # scipy imports its parts at first use, which shortens the start-up
import torch
from torch import Tensor

# A zero-terminal-SNR schedule ends at alpha_bar = 0, sigma = infinity. It is clamped to sigma = 4096 = 2¹² (diffusers' Euler scheduler
# does the same): x0 is then a 4096th of the noise, so the error of the clamp is 2.4e-4, below the resolution of float16 weights.
SMALLEST_ALPHA_BAR = 2.0**-24
# Spacings that are even in sigma would spend most of their steps beyond this on a zero-terminal-SNR model (80: Karras' own sigma_max).
LARGEST_SPACED_SIGMA = 80.0


@dataclass(frozen=True)
class NoiseSchedule:
    """A model's noise levels. alphas_cumprod: float64 [T], falling, in [0, 1], the share of signal at each timestep."""

    alphas_cumprod: Tensor

    @cached_property
    def sigmas(self) -> Tensor:
        """float64 [T], rising, finite: sqrt((1 - alpha_bar) / alpha_bar)."""
        kept = self.alphas_cumprod.double().clamp(SMALLEST_ALPHA_BAR, 1 - 1e-12)
        return ((1 - kept) / kept).sqrt()

    @cached_property
    def _log_sigmas(self) -> list[float]:
        return self.sigmas.log().tolist()

    @property
    def steps(self) -> int:
        return len(self._log_sigmas)

    @property
    def sigma_min(self) -> float:
        return math.exp(self._log_sigmas[0])

    @property
    def sigma_max(self) -> float:
        return math.exp(self._log_sigmas[-1])

    def timestep(self, sigma: float) -> float:
        """The (fractional) timestep of a noise level, linear in log sigma; clamped to both ends."""
        wanted, known = math.log(max(sigma, 1e-30)), self._log_sigmas
        above = bisect_left(known, wanted)
        if above == 0:
            return 0.0
        if above == len(known):
            return float(len(known) - 1)
        low, high = known[above - 1], known[above]
        return above - 1 + (wanted - low) / (high - low)

    def sigma(self, timestep: float) -> float:
        """The noise level of a (fractional) timestep, the inverse of `timestep`."""
        position = min(max(timestep, 0.0), self.steps - 1.0)
        low = min(int(position), self.steps - 2)
        part = position - low
        return math.exp((1 - part) * self._log_sigmas[low] + part * self._log_sigmas[low + 1])

    def part(self, least: float, most: float) -> NoiseSchedule:
        """The levels between two shares of the timesteps, at least two."""
        if (least, most) == (0.0, 1.0):
            return self
        first = min(round(least * (self.steps - 1)), self.steps - 2)
        last = max(round(most * (self.steps - 1)), first + 1)
        return NoiseSchedule(self.alphas_cumprod[first : last + 1])

    def at(self, timesteps: Sequence[float]) -> Tensor:
        """float64 [n+1]: the sigmas of falling timesteps, then 0."""
        return torch.tensor([self.sigma(t) for t in timesteps] + [0.0], dtype=torch.float64)


def _denoised_from_eps(out: Tensor, x: Tensor, sigma: float) -> Tensor:
    return x - sigma * out


def _denoised_from_v(out: Tensor, x: Tensor, sigma: float) -> Tensor:
    return x / (sigma**2 + 1) - out * (sigma / math.sqrt(sigma**2 + 1))


def _denoised_from_x0(out: Tensor, x: Tensor, sigma: float) -> Tensor:
    return out


# A model's output → x0, which all solvers use. (out, x, sigma) → denoised; names as in diffusers' scheduler configurations.
PREDICTIONS: dict[str, Callable[[Tensor, Tensor, float], Tensor]] = {
    "epsilon": _denoised_from_eps,
    "v_prediction": _denoised_from_v,
    "sample": _denoised_from_x0,
}


def model_spacing(schedule: NoiseSchedule, steps: int, power: float = 1.0) -> Tensor:
    """Even in timesteps from the last to the first (k-diffusion's `get_sigmas`)."""
    return schedule.at(torch.linspace(schedule.steps - 1, 0, steps, dtype=torch.float64).tolist())


def trailing_spacing(schedule: NoiseSchedule, steps: int, power: float = 1.0) -> Tensor:
    """Even in timesteps, starting exactly at the last (arXiv 2305.08891, table 2): the one for zero-terminal SNR and few steps."""
    stride = schedule.steps / steps
    return schedule.at([max(round(schedule.steps - i * stride) - 1, 0) for i in range(steps)])


def karras_spacing(schedule: NoiseSchedule, steps: int, power: float = 1.0) -> Tensor:
    """Even in sigma^(1/7) (arXiv 2206.00364, eq. 5): dense at low noise."""
    return _space_by_sigma(schedule, steps, lambda s: s ** (1 / 7), lambda s: s**7)


def exponential_spacing(schedule: NoiseSchedule, steps: int, power: float = 1.0) -> Tensor:
    """Even in log sigma; suits the multistep solvers."""
    return _space_by_sigma(schedule, steps, torch.log, torch.exp)


def linspace_power_spacing(schedule: NoiseSchedule, steps: int, power: float = 1.0) -> Tensor:
    """Timesteps (T - 1)·linspace(1, 0)^power, as in the diffusion notebook: power > 1 is dense at low noise, 1 is `model`."""
    ramp = torch.linspace(1, 0, steps, dtype=torch.float64) ** power
    return schedule.at((ramp * (schedule.steps - 1)).tolist())


def beta_spacing(schedule: NoiseSchedule, steps: int, power: float = 1.0) -> Tensor:
    """Timesteps at the quantiles of Beta(0.6, 0.6): dense at both ends (arXiv 2407.12173)."""
    quantiles = 1 - torch.linspace(0, 1, steps + 1, dtype=torch.float64)[:-1]
    return schedule.at(
        (torch.from_numpy(scipy.special.betaincinv(0.6, 0.6, quantiles.numpy())) * (schedule.steps - 1)).tolist()
    )


def _space_by_sigma(
    schedule: NoiseSchedule, steps: int, warp: Callable[[Tensor], Tensor], unwarp: Callable[[Tensor], Tensor]
) -> Tensor:
    ends = torch.tensor([min(schedule.sigma_max, LARGEST_SPACED_SIGMA), schedule.sigma_min], dtype=torch.float64)
    high, low = warp(ends)
    sigmas = unwarp(high + (low - high) * torch.linspace(0, 1, steps, dtype=torch.float64))
    sigmas[0] = schedule.sigma_max  # the run starts from pure noise, whatever the spacing
    return torch.cat([sigmas, sigmas.new_zeros(1)])


Spacing = Callable[[NoiseSchedule, int, float], Tensor]
# (schedule, steps, power) → float64 [steps + 1], strictly falling to 0. Only linspace_power uses the power.
SPACINGS: dict[str, Spacing] = {
    "trailing": trailing_spacing,
    "model": model_spacing,
    "karras": karras_spacing,
    "exponential": exponential_spacing,
    "linspace_power": linspace_power_spacing,
    "beta": beta_spacing,
}


def make_sigmas(
    schedule: NoiseSchedule, spacing: str, steps: int, power: float = 1.0, least: float = 0.0, most: float = 1.0
) -> Tensor:
    """float64, strictly falling to 0, at most steps + 1 long; equal levels (beta at 200 steps) are merged.

    least, most: the part of the model's timesteps that is used, 0 <= least < most <= 1 (the diffusion notebook). The last step goes
    from the level of `least` to 0.
    """
    return torch.unique(SPACINGS[spacing](schedule.part(least, most), steps, power)).flip(0)


@dataclass(frozen=True)
class Timeline:
    """The position of a noise level in a run. With it, everything that changes over a run is a function of sigma alone.

    sigmas: the *full* schedule, falling to 0, even if the run starts in the middle of it.
    """

    sigmas: tuple[float, ...]

    @property
    def steps(self) -> int:
        return len(self.sigmas) - 1

    @cached_property
    def _falling(self) -> list[float]:
        return [-s for s in self.sigmas]  # bisect needs rising numbers

    def step_index(self, sigma: float) -> int:
        """The step that sigma belongs to: i for sigmas[i+1] < sigma <= sigmas[i]; the end of a step belongs to the next one."""
        started = bisect_right(self._falling, -sigma * (1 - 1e-9))
        return min(max(started - 1, 0), self.steps - 1)

    def progress(self, sigma: float) -> float:
        """step / steps: 0 for the first step, below 1 for the last."""
        return self.step_index(sigma) / self.steps

    def place(self, sigma: float) -> float:
        """step / (steps - 1): 0 for the first step, 1 for the last; 0 for the only one."""
        return self.step_index(sigma) / max(self.steps - 1, 1)

    def next_sigma(self, sigma: float) -> float:
        """The noise level at which sigma's step ends."""
        return self.sigmas[self.step_index(sigma) + 1]

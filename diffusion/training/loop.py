"""The training loop that all runs share: batch, compiled step, update, log, checkpoint."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from base.errors import InputError
from diffusion.training.config import RunConfig
from diffusion.training.config_files import save_config
from diffusion.training.masters import Masters

Parts = dict[str, Tensor]


def learning_rate(config: RunConfig, step: int) -> float:
    """Return the learning rate: linear warm-up, then `lr`, then linear to `lr_end` over the last share `cooldown` of the steps."""
    left = (config.steps - step) / max(1.0, config.cooldown * config.steps)
    return min(1.0, (step + 1) / max(1, config.warmup)) * (config.lr_end + (config.lr - config.lr_end) * min(1.0, left))


def parts_of(inputs: tuple[Tensor, ...], count: int) -> Iterator[tuple[Tensor, ...]]:
    """Split a step's inputs [count·B,…] into `count` parts of B pictures."""
    yield from zip(*(x.chunk(count) for x in inputs), strict=True)


@contextmanager
def use_averaged_weights(masters: Masters) -> Iterator[None]:
    """Put the averaged weights into the network for the duration of the block."""
    masters.use_weights(masters.averages)
    try:
        yield
    finally:
        masters.use_weights(masters.weights)


def run_steps(
    config: RunConfig,
    network: nn.Module,
    loss: Callable[..., Parts],
    batch: Callable[[int], tuple[Tensor, ...]],
    *,
    on_sample: Callable[[int], dict[str, float]] | None = None,
    on_save: Callable[[Masters], object] | None = None,
) -> Masters:
    """Train until `config.steps` (or for `config.minutes`, if above 0), resuming from `config.out`.

    batch(step) → inputs for `config.pictures_in_step` pictures, each [B,…]; loss(*inputs) → the loss's parts, whose sum is minimised; parts
    whose names begin with "_" are only logged. Gradients are the mean of those of `config.accumulate` parts of a batch. The loss uses
    `network`, which turns into the working copy before its first call. on_sample(step) → figures of the averaged weights;
    on_save(masters) runs after each checkpoint. Raises InputError when the loss isn't finite; the last checkpoint stays as it was.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device)
    masters = Masters(network, config)
    masters.load(out)
    save_config(config, out / "config.yaml")

    def total(*inputs: Tensor) -> tuple[Tensor, Parts]:
        parts = loss(*inputs)
        return torch.stack([p.float() for n, p in parts.items() if not n.startswith("_")]).sum(), parts

    # each shape is compiled by itself, because inductor fails on this network with dynamic shapes
    step_of = torch.compile(total, dynamic=False) if config.compiled else total
    sums: dict[str, list[float]] = defaultdict(list)
    started = last = saved = time.perf_counter()
    with (out / "log.jsonl").open("a", encoding="utf-8") as log:

        def write(line: dict[str, float]) -> None:
            log.write(json.dumps(line) + "\n")
            log.flush()

        while masters.step < config.steps:
            rate = learning_rate(config, masters.step)
            for inputs in parts_of(batch(masters.step), config.accumulate):
                value, parts = step_of(*(x.to(device) for x in inputs))
                if not bool(torch.isfinite(value)):
                    problem = "gave a loss that is no number; the last good checkpoint is kept: lower lr or clip"
                    raise InputError(out, f"step {masters.step}", problem)
                value.backward()
                masters.collect(1 / config.accumulate)
                for name, part in {"loss": value, **parts}.items():
                    sums[name.lstrip("_")].append(float(part.detach()))
            norm = masters.update(rate)
            sums["grad_norm"].append(norm)
            over = config.minutes > 0 and time.perf_counter() - started > config.minutes * 60
            final = masters.step == config.steps or over
            if masters.step % config.log_every == 0 or final:
                now = time.perf_counter()
                means = {name: round(sum(v) / len(v), 5) for name, v in sums.items()}
                speed = round(len(sums["grad_norm"]) / (now - last), 3)
                write(means | {"step": masters.step, "lr": round(rate, 7), "steps_per_s": speed})
                sums.clear()
                last = now
            old = time.perf_counter() - saved > 60 * config.save_minutes
            if masters.step % config.save_every == 0 or old or final:
                masters.save(out)
                saved = time.perf_counter()
                if on_save:
                    on_save(masters)
            if on_sample and (masters.step % config.sample_every == 0 or final):
                with use_averaged_weights(masters), torch.no_grad():
                    figures = on_sample(masters.step)
                write({"step": masters.step, **{k: round(v, 5) for k, v in figures.items()}})
                last = time.perf_counter()
            if final:
                break
    return masters

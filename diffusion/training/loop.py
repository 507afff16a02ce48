"""The training loop shared by all models: steps, EMA, log, checkpoints, samples."""

from __future__ import annotations

import json
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from diffusers.training_utils import EMAModel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

from base.errors import InputError
from diffusion.training.checkpoint import State, load_checkpoint, save_checkpoint
from diffusion.training.config import RunConfig, save_config

Loss = Callable[[nn.Module, int, torch.device], tuple[Tensor, dict[str, float]]]


def learning_rate(config: RunConfig, step: int) -> float:
    """Linear warm-up, then cosine from `lr` to `lr_end` (0.05 lr where the config has none) over the run."""
    end = getattr(config, "lr_end", 0.05 * config.lr)
    if step < config.warmup:
        return config.lr * (step + 1) / config.warmup
    part = (step - config.warmup) / max(1, config.steps - config.warmup)
    return end + (config.lr - end) * 0.5 * (1 + math.cos(math.pi * min(1.0, part)))


@contextmanager
def averaged(state: State) -> Iterator[None]:
    """Use the averaged (EMA) weights of the model inside the `with` block."""
    parameters = list(state.model.parameters())
    state.ema.store(parameters)
    state.ema.copy_to(parameters)
    try:
        yield
    finally:
        state.ema.restore(parameters)


def run(
    config: RunConfig,
    model: nn.Module,
    loss_of: Loss,
    *,
    on_sample: Callable[[State, int], dict[str, float]] | None = None,
    on_save: Callable[[State], None] | None = None,
    extra: dict[str, float] | None = None,
) -> State:
    """Train until `config.steps` (or for `config.minutes`, if above 0), resuming from `config.out`.

    loss_of(model, step, device) → (loss, figures to log). on_sample(state, step) → figures, on_save(state) is called after each checkpoint;
    both see the raw weights and may switch to the averaged ones. extra: initial `State.extra`.
    Raises InputError if the loss isn't finite; the last checkpoint is kept.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    accelerator = Accelerator(
        mixed_precision=config.precision,
        cpu=not torch.cuda.is_available(),
        log_with=list(config.trackers) or None,
        project_dir=str(out),
    )
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=config.lr, betas=config.betas, weight_decay=config.weight_decay
    )
    model.to(accelerator.device)
    ema = EMAModel(model.parameters(), decay=config.ema_decay, use_ema_warmup=True, power=0.75)
    state = State(model, optimizer, ema, 0, dict(extra or {}))
    resumed = load_checkpoint(out, state)
    wrapped, optimizer = accelerator.prepare(model, optimizer)
    if accelerator.is_main_process:
        save_config(config, out / "config.yaml")
    if config.trackers:
        accelerator.init_trackers("rayverie", {k: str(v) for k, v in asdict(config).items()})
    log = (out / "log.jsonl").open("a", encoding="utf-8")
    sums: dict[str, list[float]] = defaultdict(list)
    started = last = time.perf_counter()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[loss]}"),
    )
    with log, Progress(*columns, disable=not accelerator.is_main_process) as bar:
        task = bar.add_task("resumed" if resumed else "training", total=config.steps, completed=state.step, loss="")
        while state.step < config.steps:
            step = state.step
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(config, step)
            loss, figures = loss_of(wrapped, step, accelerator.device)
            if not bool(torch.isfinite(loss)):
                raise InputError(
                    out,
                    f"step {step}",
                    "gave a loss that is not finite; the last good checkpoint is kept: lower lr or clip",
                )
            optimizer.zero_grad(set_to_none=True)
            accelerator.backward(loss)
            norm = accelerator.clip_grad_norm_(model.parameters(), config.clip)
            optimizer.step()
            ema.step(model.parameters())
            state.step += 1
            for name, value in {"loss": float(loss.detach()), "grad_norm": float(norm), **figures}.items():  # pyright: ignore[reportArgumentType]
                sums[name].append(value)
            over = config.minutes > 0 and time.perf_counter() - started > config.minutes * 60
            final = state.step == config.steps or over
            if state.step % config.log_every == 0 or final:
                now = time.perf_counter()
                line = {k: round(sum(v) / len(v), 5) for k, v in sums.items()}
                line |= {
                    "step": state.step,
                    "lr": learning_rate(config, step),
                    "steps_per_s": round(len(sums["loss"]) / (now - last), 3),
                }
                _log(accelerator, log, line, state.step)
                bar.update(task, completed=state.step, loss=f"loss {line['loss']:.4f}")
                sums.clear()
                last = now
            if accelerator.is_main_process and (state.step % config.save_every == 0 or final):
                save_checkpoint(out, state)
                if on_save:
                    on_save(state)
            if accelerator.is_main_process and on_sample and (state.step % config.sample_every == 0 or final):
                with torch.no_grad():
                    seen = on_sample(state, state.step)
                _log(accelerator, log, {"step": state.step, **{k: round(v, 5) for k, v in seen.items()}}, state.step)
                last = time.perf_counter()
            if final:
                break
    if config.trackers:
        accelerator.end_training()
    return state


def _log(accelerator: Accelerator, log: Any, line: dict[str, float], step: int) -> None:
    if accelerator.is_main_process:
        log.write(json.dumps(line) + "\n")
        log.flush()
        accelerator.log(line, step=step)

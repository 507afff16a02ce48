"""The documents of a lesson as JSON values: architecture.json and metadata.json, whose fields docs/lessons.md explains."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from base.settings import to_json
from diffusion.introspection.roles import ROLES
from diffusion.introspection.unet_probe import UnetProbe
from diffusion.lessons.checks import CHECKS
from diffusion.lessons.recording import RecordedStep, Recording
from diffusion.lessons.stations import STATIONS, describe_stations
from diffusion.models.model import Model
from diffusion.sampling.schedules import NoiseSchedule

VERSION = 1  # of both documents
BINS, REACH = 32, 4.0  # of histograms: bins between -REACH and REACH
POINTS = 101  # of the schedule's curves


def architecture(model: Model, probe: UnetProbe) -> dict[str, Any]:
    """The network's blocks and connections, with the sizes that they had in a call."""
    blocks = [
        {
            "name": block.name,
            "kind": block.kind,
            "number": block.number,
            "level": block.level,
            "channels": block.shape[0],
            "height": block.shape[1],
            "width": block.shape[2],
            "attends_to_text": block.attends_to_text,
            "role": ROLES[block.kind],
        }
        for block in probe.blocks
    ]
    ups = {block["level"]: place for place, block in enumerate(blocks) if block["kind"] == "up"}
    return {
        "rayverie_architecture": VERSION,
        "model": model.id,
        "parameters": {"denoiser": _parameters(model.unet), "autoencoder": _parameters(model.vae)},
        "latent_channels": model.channels,
        "levels": model.levels,
        "prediction": "v" if model.prediction == "v_prediction" else model.prediction,
        "blocks": blocks,
        "skips": [[i, ups[b["level"]]] for i, b in enumerate(blocks) if b["kind"] == "down" and b["level"] in ups],
    }


def metadata(model: Model, lessons: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """lessons: one for each recording, from `lesson`."""
    return {
        "rayverie_lesson": VERSION,
        "model": model.id,
        "schedule": schedule_curves(model.schedule),
        **describe_stations(),
        "lessons": list(lessons),
    }


def lesson(name: str, recording: Recording, files: Sequence[Mapping[str, str]], tiles: Mapping[str, Any]) -> dict:
    """name: also of its folder; files: each step's pictures, by what they show; tiles: see `diffusion.lessons.pictures`."""
    sigmas = [*(step.sigma for step in recording.steps), 0.0]
    whole = recording.emergence[0]
    prompts = recording.steps[0].probe.prompts
    steps = [
        _step(step, sigmas[i + 1])
        | {"coarse": _short(whole.coarse[i]), "fine": _short(whole.fine[i]), "files": files[i]}
        for i, step in enumerate(recording.steps)
    ]
    return {
        "name": name,
        "prompt": recording.settings.prompt,
        "folder": name,
        "settings": to_json(recording.settings),
        "size": list(recording.image.shape[1::-1]),
        "latents": list(recording.end.shape),
        "words": list(prompts[0].words) if prompts else [],
        "attention": list(prompts[0].where.shape[1:]) if prompts else [],
        "tiles": dict(tiles),
        "steps": steps,
        "concepts": [
            {
                "prompt": one.prompt,
                "names": list(one.names),
                "confidence": [[_short(v) for v in row] for row in one.confidence],
            }
            for one in recording.concepts
        ],
        "answers": {
            station.name: asdict(CHECKS[station.name](recording.trace(station.setting.place))) for station in STATIONS
        },
    }


def schedule_curves(schedule: NoiseSchedule) -> dict[str, Any]:
    """Beta, alpha-bar, signal, noise and the log of the signal-to-noise ratio over the model's timesteps, at POINTS places."""
    kept = schedule.alphas_cumprod.double().clamp(1e-12, 1)
    before = torch.cat([kept.new_ones(1), kept[:-1]])
    places = sorted({round(i * (schedule.steps - 1) / (POINTS - 1)) for i in range(POINTS)})
    curves = {
        "beta": 1 - kept / before,
        "alpha_bar": kept,
        "signal": kept.sqrt(),
        "noise": (1 - kept).clamp_min(0).sqrt(),
        "log_snr": (kept / (1 - kept).clamp_min(1e-12)).log(),
    }
    return {"timesteps": schedule.steps, "at": places} | {
        name: [_short(float(curve[place]), 6) for place in places] for name, curve in curves.items()
    }


def histogram(values: np.ndarray) -> list[int]:
    """Counts of BINS bins; what lies beyond counts in the outermost."""
    return np.histogram(values.clip(-REACH, REACH), BINS, (-REACH, REACH))[0].tolist()


def _step(step: RecordedStep, after: float) -> dict[str, Any]:
    whole = math.sqrt(1 + step.sigma**2)
    return {
        "sigma": _short(step.sigma, 6),
        "sigma_next": _short(after, 6),
        "timestep": _short(step.timestep, 6),
        "signal": _short(1 / whole, 6),
        "noise": _short(step.sigma / whole, 6),
        "log_snr": _short(-2 * math.log(step.sigma), 6),
        "guidance": _short(step.guidance),
        "change": _short(step.change),
        "histogram": {"noisy": histogram(step.start / whole), "prediction": histogram(step.denoised)},
        "blocks": [{"seconds": _short(b.seconds), "energy": _short(b.energy)} for b in step.probe.blocks],
        "words": [
            {"least": _short(where.min(), 6), "most": _short(where.max(), 6), "mean": _short(mean, 6)}
            for prompt in step.probe.prompts[:1]
            for where, mean in zip(prompt.where, prompt.weights, strict=True)
        ],
        "ablation": {one.part: {"coarse": _short(one.coarse), "fine": _short(one.fine)} for one in step.ablation},
    }


def _short(value: float, digits: int = 4) -> float | None:
    """A number of few digits, None for NaN, which JSON has no word for."""
    return None if math.isnan(value) else float(f"{value:.{digits}g}")


def _parameters(module: Any) -> int:
    return sum(tensor.numel() for tensor in module.parameters())

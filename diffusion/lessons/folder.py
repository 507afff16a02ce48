"""A folder with lessons: documents, a folder of pictures for each lesson, and the page that plays them from the disk."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from base.outputs import Output, make_mark_test, refuse_nameless
from diffusion.lessons.documents import architecture, lesson, metadata
from diffusion.lessons.player import MARKS, write_data, write_page, write_text
from diffusion.lessons.recording import RecordedStep, Recording
from diffusion.lessons.sprites import channel_pictures, is_ours, save, sprite
from diffusion.models.model import Model
from diffusion.text2image.latent_files import is_latent_file, save_latents

LATENTS = ("predictions.safetensors", "noisy.safetensors")
MAPS = 6  # feature maps of a block, besides its strength
MOST_NAME = 40  # characters of a lesson's name


def names_of(prompts: Sequence[str]) -> list[str]:
    """A name for each prompt, which is its folder's too: small letters, digits and hyphens, all different."""
    names: list[str] = []
    for prompt in prompts:
        short = re.sub(r"[^a-z0-9]+", "-", prompt.lower()).strip("-")[:MOST_NAME].strip("-") or "lesson"
        same = sum(name == short or re.fullmatch(rf"{re.escape(short)}-\d+", name) is not None for name in names)
        names.append(f"{short}-{same + 1}" if same else short)
    return names


def lesson_outputs(flag: str, folder: Path, names: Sequence[str]) -> list[Output]:
    """The files of an export, with those of an earlier one. Raises InputError for a folder without a name of its own."""
    refuse_nameless(flag, folder)
    found = [Output(flag, folder / name, make_mark_test(mark)) for name, mark in MARKS.items()]
    for name in names:
        pictures = {folder / name / "final.webp", *(folder / name).glob("*.webp")}
        found += [Output(flag, path, is_ours) for path in sorted(pictures)]
        found += [Output(flag, folder / name / file, is_latent_file) for file in LATENTS]
    return found


def write_lessons(model: Model, recordings: Mapping[str, Recording], folder: Path, *, latents: bool = True) -> None:
    """Write lessons by their names. latents: also write each step's latents as safetensors, for `rayverie latents`."""
    lessons = []
    for name, recording in recordings.items():
        for stale in (folder / name).glob("*.webp"):
            if is_ours(stale):
                stale.unlink()
        files, tiles = _save_pictures(recording, folder / name)
        if latents:
            _save_latents(model, recording, folder / name)
        lessons.append(lesson(name, recording, files, tiles))
    first = next(iter(recordings.values()))
    described = architecture(model, first.steps[0].probe)
    document = metadata(model, lessons)
    write_text(folder / "architecture.json", json.dumps(described, indent=1, ensure_ascii=False) + "\n")
    write_text(folder / "metadata.json", json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    write_data(folder, document, described, encode_attention(recordings))
    write_page(folder)


def encode_attention(recordings: Mapping[str, Recording]) -> dict[str, list[str]]:
    """By the lessons' names, each step's words as base64 of uint8 [words,h,w]: the numbers of the picture `words`, which a page can't
    read from a file."""
    return {name: [_encode_words(step) for step in one.steps] for name, one in recordings.items()}


def _encode_words(step: RecordedStep) -> str:
    pictures = (_stretch(where).tobytes() for prompt in step.probe.prompts[:1] for where in prompt.where)
    return base64.b64encode(b"".join(pictures)).decode()


def _save_pictures(recording: Recording, folder: Path) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """(each step's files by what they show, the tiles of each kind of sprite)"""
    found, tiles = [], {}
    save(folder / "final.webp", recording.image)
    for number, step in enumerate(recording.steps, 1):
        sheets = {kind: sprite(rows) for kind, rows in _sheets(step).items()}
        tiles = {kind: placed for kind, (_, placed) in sheets.items()}
        pictures = {"picture": step.picture, "noisy": step.noisy} | {kind: page for kind, (page, _) in sheets.items()}
        names = {kind: f"{kind}_{number:02}.webp" for kind in pictures}
        for kind, picture in pictures.items():
            save(folder / names[kind], picture, lossless=kind in ("noisy", "words"))
        found.append(names)
    return found, tiles


def _sheets(step: RecordedStep) -> dict[str, list[list[np.ndarray]]]:
    """channels: a row of the predicted latents, a row of the noisy ones; blocks: a row for each block, its strength first;
    words: one row, from the least weight of a word to the most."""
    sheets = {
        "channels": [channel_pictures(step.denoised), channel_pictures(step.start)],
        "blocks": [[block.strength, *block.maps[:MAPS]] for block in step.probe.blocks],
    }
    if step.probe.prompts:
        sheets["words"] = [[_stretch(where) for where in step.probe.prompts[0].where]]
    return sheets


def _stretch(where: np.ndarray) -> np.ndarray:
    """uint8 of a word's weights, from its least to its most."""
    low, high = float(where.min()), float(where.max())
    return np.rint(255 * (where - low) / max(high - low, 1e-12)).astype(np.uint8)


def _save_latents(model: Model, recording: Recording, folder: Path) -> None:
    sigmas = [step.sigma for step in recording.steps]
    for file, field in zip(LATENTS, ("denoised", "start"), strict=True):
        stacked = np.stack([getattr(step, field) for step in recording.steps])
        save_latents(folder / file, torch.from_numpy(stacked), sigmas, model.space)

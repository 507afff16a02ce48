"""The data set: chunks of pictures on disk, drawn once from a seed and read by every training run."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from base.files import atomic_write, refuse_unwritable
from diffusion.training.config import DataConfig
from diffusion.training.data.bank import Bank, build_bank, random_surface
from diffusion.training.data.captioned import is_own_folder
from diffusion.training.data.captions import Mood, Surface
from diffusion.training.data.materials import MATERIALS
from diffusion.training.data.own_pictures import check_pictures
from diffusion.training.data.pictures import choose_held_out_worlds
from diffusion.training.data.views import Picture, paint, random_world, surfaces_seen
from diffusion.training.data.worlds import world_note

KINDS = {"boxes": 0.48, "lone": 0.12, "wall": 0.20, "floor": 0.13, "sky": 0.07}
"""The share of each kind of picture; "lone" is a world of boxes of one material."""
NIGHT_SKIES = ("starry sky", "aurora")
LIGHT_SHARE = {"noon": 0.52, "sunset": 0.17, "night": 0.15, "fog": 0.16}


def random_mood(rng: np.random.Generator) -> Mood:
    light = str(rng.choice(list(LIGHT_SHARE), p=list(LIGHT_SHARE.values())))
    style = str(rng.choice(["", "watercolour", "pencil"], p=[0.88, 0.06, 0.06]))
    return Mood(light, style, light != "noon" or rng.random() < 0.35)


def chunk_bank(config: DataConfig, index: int, device: str = "cpu") -> Bank:
    """The surfaces of a chunk; one in six is a sky."""
    rng = np.random.default_rng([config.seed, index, 0])
    skies = max(1, config.surfaces // 6)
    places = ["sky"] * skies + ["solid"] * (config.surfaces - skies)
    surfaces = [random_surface(rng, place) for place in places]
    return build_bank(surfaces, int(rng.integers(2**31)), device, config.texels)


def draw_picture(bank: Bank, rng: np.random.Generator, size: int, zoom: int = 1) -> tuple[Picture, list[int], Mood]:
    """Draw a random picture; return it with the bank indices of its four slots and its mood. zoom: as in `DataConfig`."""
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    mood = random_mood(rng)
    places = [MATERIALS[s.material].place for s in bank.surfaces]
    dark = [MATERIALS[s.material].name in NIGHT_SKIES for s in bank.surfaces]

    def choose(unlikely: list[bool], allowed: list[bool]) -> int:
        weights = np.array([a * (0.12 if u else 1.0) for u, a in zip(unlikely, allowed, strict=True)])
        return int(rng.choice(len(weights), p=weights / weights.sum()))

    solid, sky = [p != "sky" for p in places], [p == "sky" for p in places]
    ground = choose([p == "wall" for p in places], solid)
    wall = choose([p == "floor" for p in places], solid)
    other = choose([p == "floor" for p in places], solid)
    above = choose([d != (mood.light == "night") for d in dark], sky)
    chosen = {"boxes": [ground, wall, other, above], "wall": [wall] * 3 + [above]}.get(kind, [ground] * 3 + [above])
    world = random_world(rng, "boxes" if kind == "lone" else kind, size // zoom)
    world = replace(world, size=world.size * zoom, focal=world.focal * zoom)
    return paint(world, bank, chosen, mood, int(rng.integers(2**31))), chosen, mood


def chunk_path(config: DataConfig, index: int) -> Path:
    return Path(config.folder) / f"pictures-{config.seed}-{index:05d}.safetensors"


def write_chunk(config: DataConfig, index: int, device: str = "cpu") -> Path:
    """Draw chunk `index` unless its file exists. Returns the file."""
    path = chunk_path(config, index)
    if path.exists():
        return path
    bank = chunk_bank(config, index, device)
    rng = np.random.default_rng([config.seed, index, 1])
    images, depths, slots, notes = [], [], [], []
    for _ in range(config.pictures):
        picture, chosen, mood = draw_picture(bank, rng, config.size, config.zoom)
        images.append(picture.image.cpu())
        depths.append(picture.depth.half().cpu())
        slots.append(picture.slots.cpu())
        seen: dict[int, list[int]] = {}
        for slot in surfaces_seen(picture):
            seen.setdefault(chosen[slot], []).append(slot)
        surfaces = [[asdict(bank.surfaces[b]), s] for b, s in seen.items()]
        notes.append({"mood": asdict(mood), "surfaces": surfaces, "world": world_note(picture)})
    tensors = {"images": torch.stack(images), "depth": torch.stack(depths), "slots": torch.stack(slots)}
    with atomic_write(path) as temporary:
        save_file(tensors, temporary, metadata={"notes": json.dumps(notes)})
    return path


def prepare(config: DataConfig) -> Path | str:
    """Draw all missing chunks, or check each of the user's own pictures; return a summary of the data."""
    if is_own_folder(config.folder):
        return check_pictures(config)
    refuse_unwritable(chunk_path(config, 0))
    print(f"{config.folder} has no pictures of your own: {config.chunks} chunks are drawn into it.", file=sys.stderr)
    return write_chunks(config)


def write_chunks(config: DataConfig) -> Path:
    """Draw all missing chunks, those of held-out worlds first. Returns the file of the last one."""
    held_out = choose_held_out_worlds(config)
    for index in range(held_out.chunks):
        write_chunk(held_out, index)
    return [write_chunk(config, index) for index in range(config.chunks)][-1]


def surfaces_from_note(note: dict) -> tuple[list[tuple[Surface, list[int]]], Mood]:
    """Parse a picture's note into its visible surfaces, each with its slots, and its mood."""
    found = [
        (Surface(s["material"], tuple(s["adjectives"]), s["colour"]), [int(i) for i in slots])
        for s, slots in note["surfaces"]
    ]
    return found, Mood(**note["mood"])


def crops(images: Tensor, size: int, rng: np.random.Generator) -> Tensor:
    """A random square crop of each picture of [B,3,H,W]; half of them are mirrored."""
    out = []
    for image in images:
        y, x = (int(rng.integers(image.shape[i] - size + 1)) for i in (1, 2))
        crop = image[:, y : y + size, x : x + size]
        out.append(crop.flip(2) if rng.random() < 0.5 else crop)
    return torch.stack(out)

"""What the surface-aware denoiser can do: joints of the right period, in the right place, at every distance."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from base.errors import InputError
from base.files import atomic_write
from diffusion.models.minilm import MiniLMEncoder
from diffusion.models.surface_autoencoder import SurfaceAutoencoder
from diffusion.models.surface_conditions import Seen
from diffusion.models.surface_unet import SurfaceUNet
from diffusion.training.config import DenoiserConfig
from diffusion.training.contact_sheet import save_sheet
from diffusion.training.data.bank import build_bank
from diffusion.training.data.captions import Mood, Surface
from diffusion.training.data.materials import MATERIALS
from diffusion.training.data.seen_worlds import CELL, seen_world
from diffusion.training.data.views import SLOTS, Picture, World, paint
from diffusion.training.evaluation.joints import agreement
from diffusion.training.evaluation.structure import period
from diffusion.training.learners.cells import load_autoencoder
from diffusion.training.learners.flow import flow_of, sample
from diffusion.training.masters import recast

JOINTED = {"brick": 0, "planks": 0, "tiles": 0, "roof tiles": 0}
"""Materials whose joints repeat, and the axis along which they are measured."""
SIDE = 128  # pixels a side of the walls that are looked at
DISTANCES = (3.0, 4.0, 6.0, 8.0, 9.0)  # blocks
NEAR, FAR = 4.0, 8.0
BATCH = 40


@dataclass(frozen=True)
class Wall:
    """A lone wall seen face-on: its material, how far away it is (blocks), and how it truly looks."""

    name: str
    away: float
    truth: Picture


@dataclass(frozen=True)
class Painter:
    """A denoiser with the autoencoder of its latents. steps, guidance: of the samples."""

    unet: SurfaceUNet
    vae: SurfaceAutoencoder
    text: MiniLMEncoder
    steps: int
    guidance: float

    @torch.no_grad()
    def paint(self, pictures: list[Picture], prompts: list[str], seed: int = 0) -> Tensor:
        """uint8 [N,3,H,W]: what the network paints of worlds, all of whose surfaces have one prompt each."""
        painted = []
        for first in range(0, len(pictures), BATCH):
            part, said = pictures[first : first + BATCH], prompts[first : first + BATCH]
            seen = [seen_world(p.world, p.shifts, CELL)[0] for p in part]
            together = Seen(*(torch.stack(column) for column in zip(*(vars(s).values() for s in seen), strict=True)))
            shares = torch.ones(len(part), 1, *together.kind.shape[1:])
            contexts, empty = self.text.encode(said)[:, None], self.text.encode([""])[:, None]
            flow = flow_of(self.unet, together, shares, contexts)
            silent = flow_of(self.unet, together, shares, empty.expand_as(contexts))
            generator = torch.Generator().manual_seed(seed + first)
            channels = self.vae.config["latent_channels"]
            noise = torch.randn(len(part), channels, *together.kind.shape[1:], generator=generator)
            latents = sample(flow, silent, noise, self.steps, self.guidance).to(self.vae.dtype)
            shown = self.vae.decode(latents).sample.float()
            painted.append(((shown.clamp(-1, 1) + 1) * 127.5).round().byte())
        return torch.cat(painted)


def walls(names: tuple[str, ...], distances: tuple[float, ...], count: int, seed: int) -> list[Wall]:
    """`count` walls of each material at each distance, each with a pattern of its own, moved at random."""
    box = np.array([[[-200, -200, -100], [200, 200, 0]]], float)
    found, rng = [], np.random.default_rng(seed)
    for name in names:
        bank = build_bank([Surface(name) for _ in range(count)], seed)
        for away in distances:
            for which in range(count):
                world = World(box, np.array([1]), np.array([0, 40.0, away]), 0.0, 0.0, 8 * 27.7, SIDE)
                found.append(Wall(name, away, paint(world, bank, [which] * SLOTS, Mood(), int(rng.integers(2**31)))))
    return found


def joints(painter: Painter, count: int, sheet: Path | None = None) -> dict[str, float]:
    """Shares of the walls of JOINTED whose joints have the truth's period, and lie where the truth has them; near_over_far: the
    period in pixels NEAR away over that FAR away, the median of the materials. sheet: where truth and samples are shown."""
    looked_at = walls(tuple(JOINTED), DISTANCES, count, 41)
    prompts = [MATERIALS[w.name].nouns[0] for w in looked_at]
    painted = painter.paint([w.truth for w in looked_at], prompts)
    right: dict[str, list[bool]] = {}
    pixels: dict[tuple[str, float], list[float]] = {(w.name, w.away): [] for w in looked_at}
    for wall, shown in zip(looked_at, painted, strict=True):
        across = 1 - JOINTED[wall.name]  # joints that follow one another downwards recur along v
        seen, _, _ = seen_world(wall.truth.world, wall.truth.shifts)
        met = agreement(shown, wall.truth.image, seen.uv[across])
        right.setdefault(f"{wall.name} period", []).append(met.period_right())
        right.setdefault(f"{wall.name} phase", []).append(met.phase_right())
        pixels[wall.name, wall.away].append(period(shown, JOINTED[wall.name])[0])
    if sheet:
        pictures = [x for w, p in zip(looked_at, painted, strict=True) for x in (w.truth.image, p)]
        save_sheet(sheet, pictures[: 2 * 40], [f"{w.name} {w.away:g}" for w in looked_at[:40] for _ in (0, 1)], 10, 128)  # pyright: ignore[reportArgumentType]
    out = {name: float(np.mean(values)) for name, values in right.items()}
    for what in ("period", "phase"):
        out[what] = float(np.mean([v for name, v in out.items() if name.endswith(f" {what}")]))
    ratios = [np.median(pixels[name, NEAR]) / max(1.0, float(np.median(pixels[name, FAR]))) for name in JOINTED]
    out["near_over_far"] = float(np.median(ratios))
    return out


def load_painter(config: DenoiserConfig) -> Painter:
    """The denoiser of a run, as its last checkpoint exported it. InputError when there is none."""
    folder = Path(config.out) / "unet"
    if not (folder / "config.json").is_file():
        raise InputError(config.out, "unet", "isn't there yet; train the denoiser first")
    unet = SurfaceUNet.from_pretrained(folder).eval().requires_grad_(False)
    vae = load_autoencoder(Path(config.autoencoder))
    for network in (unet, vae):
        recast(network, config.numbers)
    return Painter(unet, vae, MiniLMEncoder(), config.sample_steps, config.guidance)


def evaluate(config: DenoiserConfig) -> Path:
    """Measure a run; the figures as JSON in its folder."""
    torch.set_num_threads(config.threads or torch.get_num_threads())
    path = Path(config.out) / "joints.json"
    found = joints(load_painter(config), max(1, config.count // 100), Path(config.out) / "joints.png")
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return path

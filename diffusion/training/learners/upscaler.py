"""Train the network that enlarges pictures: it learns to restore drawn pictures that were downscaled."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

from base.files import atomic_write
from diffusion.training.config import UpscalerConfig
from diffusion.training.contact_sheet import save_sheet
from diffusion.training.data.pictures import DrawnPictures, choose_held_out_worlds
from diffusion.training.loop import run_steps
from diffusion.training.masters import Masters
from diffusion.training.metrics import psnr, sharpness_ratio
from diffusion.training.start_weights import load_start_upscaler
from diffusion.upscaling.compact import Compact

NAME = "upscaler.safetensors"
REDUCTIONS = {
    Image.Resampling.BOX: 0.45,  # area average: what a camera with fewer pixels sees
    Image.Resampling.BICUBIC: 0.35,
    Image.Resampling.BILINEAR: 0.2,  # soft, like an autoencoder's pictures
}
"""Downscaling filter → how often it is used."""
QUALITIES = (80, 99)  # JPEG quality
USUAL = {"bicubic": Image.Resampling.BICUBIC, "lanczos": Image.Resampling.LANCZOS}
"""Common filters that a network is compared with."""
VALIDATION = 40  # pictures of unseen worlds


def degrade(small: Image.Image, config: UpscalerConfig, rng: np.random.Generator) -> Image.Image:
    """Return the small picture, sometimes with noise, sometimes compressed."""
    if rng.random() < config.disturbed:
        deviation = 255 * config.noise * rng.random()
        noisy = np.asarray(small, np.float32) + deviation * rng.standard_normal((*small.size[::-1], 3), np.float32)
        small = Image.fromarray(np.rint(noisy).clip(0, 255).astype(np.uint8))
    if rng.random() < config.disturbed:
        file = io.BytesIO()
        small.save(file, "JPEG", quality=int(rng.integers(*QUALITIES)), subsampling=int(rng.choice((0, 2))))
        small = Image.open(file).convert("RGB")
    return small


def make_training_pair(large: Tensor, config: UpscalerConfig, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return a small picture and its original, uint8 [3,h,w] and [3,H,W]: a random crop, rotated and downscaled at random."""
    crop, scale = config.crop, config.scale
    y, x = (int(rng.integers(large.shape[i] - crop + 1)) for i in (1, 2))
    cut = large[:, y : y + crop, x : x + crop].rot90(int(rng.integers(4)), (1, 2))
    cut = cut.flip(2) if rng.random() < 0.5 else cut
    picture = Image.fromarray(cut.permute(1, 2, 0).numpy())
    way = Image.Resampling(rng.choice([int(r) for r in REDUCTIONS], p=list(REDUCTIONS.values())))
    small = degrade(picture.resize((crop // scale, crop // scale), way), config, rng)
    return torch.from_numpy(np.array(small)).permute(2, 0, 1), cut


def upscaling_loss(shown: Tensor, truth: Tensor, edges: float) -> dict[str, Tensor]:
    """Return the mean absolute differences of pixels and, weighted by `edges`, of gradients."""
    apart = shown - truth
    gradients = apart.diff(dim=2).abs().mean() + apart.diff(dim=3).abs().mean()
    return {"pixels": apart.abs().mean(), "edges": edges * gradients}


def train_upscaler(config: UpscalerConfig) -> Path:
    """Train the network, or resume. Returns the file of its averaged weights, float16."""
    pictures, unseen = DrawnPictures(config.data), DrawnPictures(choose_held_out_worlds(config.data))
    torch.manual_seed(config.seed)
    network = Compact(config.scale, config.channels, config.layers)
    load_start_upscaler(network, config.start)
    held_out = [unseen.tensor("images", i) for i in range(0, unseen.count, max(1, unseen.count // VALIDATION))]

    def batch(step: int) -> tuple[Tensor, ...]:
        rng = np.random.default_rng([config.seed, step])
        chosen = rng.integers(pictures.count, size=config.pictures_in_step).tolist()
        pairs = [make_training_pair(pictures.tensor("images", i), config, rng) for i in chosen]
        small, large = (torch.stack(column) for column in zip(*pairs, strict=True))
        return small, large

    def loss(small: Tensor, large: Tensor) -> dict[str, Tensor]:
        shown = network(as_input(small, network)).float()
        return upscaling_loss(shown, large.float() / 255, config.edges)

    def on_sample(step: int) -> dict[str, float]:
        figures, sheet = compare(network, held_out)
        save_sheet(Path(config.out) / "samples" / f"{step:07d}.png", sheet, list(COLUMNS) * (len(sheet) // 4), 4, 256)
        return figures

    def on_save(masters: Masters) -> None:
        pictures.refresh()
        weights = {k: v.to("cpu", torch.float16).contiguous() for k, v in masters.averages.items()}
        with atomic_write(Path(config.out) / NAME) as temporary:
            save_file(weights, temporary, metadata={"scale": str(config.scale)})

    on_save(run_steps(config, network, loss, batch, on_sample=on_sample, on_save=on_save))
    return Path(config.out) / NAME


COLUMNS: tuple[str, ...] = ("small", "lanczos", "the network", "the truth")


@torch.no_grad()
def compare(network: Compact, held_out: list[Tensor]) -> tuple[dict[str, float], list[Tensor | np.ndarray]]:
    """Measure PSNR (dB) and sharpness (over the truth's) of the network and of USUAL, for area and bicubic downscaling; also return crops.

    held_out: uint8 [3,H,W].
    """
    figures: dict[str, list[float]] = {}
    sheet: list[Tensor | np.ndarray] = []
    for large in held_out:
        truth = large[None].float() / 255
        picture = Image.fromarray(large.permute(1, 2, 0).numpy())
        for way in (Image.Resampling.BOX, Image.Resampling.BICUBIC):
            small = picture.resize([side // network.scale for side in picture.size], way)  # type: ignore[arg-type]
            shown = {name: _tensor(small.resize(picture.size, usual)) for name, usual in USUAL.items()}
            shown["network"] = network(as_input(_tensor(small)[None], network))[0].float().cpu() * 255
            for name, result in shown.items():
                result = result.float().round().clamp(0, 255)[None] / 255
                figures.setdefault(f"psnr_{name}_{way.name.lower()}", []).append(float(psnr(result, truth)))
                sharp = float(sharpness_ratio(result, truth))
                figures.setdefault(f"sharpness_{name}_{way.name.lower()}", []).append(sharp)
            if way == Image.Resampling.BOX and len(sheet) < 32:
                nearest = _tensor(small.resize(picture.size, Image.Resampling.NEAREST))
                bytes_ = [nearest, shown["lanczos"], shown["network"].round().clamp(0, 255).byte(), large]
                sheet += [x[:, 128:256, 128:256] if large.shape[1] >= 256 else x for x in bytes_]
    return {name: sum(values) / len(values) for name, values in figures.items()}, sheet


def as_input(pictures: Tensor, network: Compact) -> Tensor:
    """Convert uint8 pictures [B,3,H,W] for the network."""
    weight = network.body[0].weight
    assert isinstance(weight, Tensor)
    return (pictures.to(weight.device).float() / 255).to(weight.dtype, memory_format=torch.channels_last)


def _tensor(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)

"""A material segmenter of latents, trained on drawn pictures. It teaches a student to show the materials that were asked for.

A student that only copies its teacher also copies the teacher's confusions of materials. The segmenter's gradient acts as classifier
guidance (arXiv 2105.05233) during training, so dreams pay nothing for it. As there, the segmenter sees noised latents, so that the
student can't satisfy it with faint patterns.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from base.errors import InputError
from base.files import atomic_write
from diffusion.training.checkpoint import State
from diffusion.training.config import SegmenterConfig, StudentConfig
from diffusion.training.data.latent_cache import cached, held_out
from diffusion.training.data.materials import MATERIALS
from diffusion.training.data.region_crops import RegionCrops, draw_region_crops
from diffusion.training.data.synonyms import material_of
from diffusion.training.learners.noising import STEPS, make_scheduler, noised, split_prediction
from diffusion.training.learners.unet import seeded
from diffusion.training.loop import averaged, run

FILE = "reader.safetensors"
NAMES = tuple(MATERIALS)
UNKNOWN = -100  # the label that torch's cross entropy ignores
SMOOTH = 0.05  # label smoothing, so that pixels already recognised don't gain more contrast
LEAST_NOISE, MOST_NOISE = 0.02, 0.35  # of the schedule: the least and the most noise that the segmenter sees


class Segmenter(nn.Module):
    """Noised latents [B,C,h,w], their depth [B,1,h,w] and the noise's deviation [B] → a score for each material [B,M,h,w]."""

    def __init__(self, latent_channels: int, width: int = 64) -> None:
        super().__init__()
        wide = 2 * width
        self.fine = _convolutions(latent_channels + 2, width, 2)
        self.middle = _convolutions(width, wide, 2)
        self.coarse = _convolutions(wide, wide, 3)
        self.up = _convolutions(2 * wide, wide, 1)
        self.out = nn.Sequential(_convolutions(width + wide, wide, 1), nn.Conv2d(wide, len(NAMES), 1))

    def forward(self, x: Tensor, depth: Tensor, deviation: Tensor) -> Tensor:
        fine = self.fine(torch.cat((x, depth, deviation.view(-1, 1, 1, 1).expand_as(depth)), 1))
        middle = self.middle(F.avg_pool2d(fine, 2))
        coarse = self.coarse(F.avg_pool2d(middle, 2))
        middle = self.up(torch.cat((middle, F.interpolate(coarse, size=middle.shape[2:])), 1))
        return self.out(torch.cat((fine, F.interpolate(middle, size=fine.shape[2:])), 1))


def _convolutions(given: int, width: int, count: int) -> nn.Sequential:
    layers = [
        (nn.Conv2d(given if i == 0 else width, width, 3, 1, 1), nn.GroupNorm(8, width), nn.SiLU()) for i in range(count)
    ]
    return nn.Sequential(*(layer for group in layers for layer in group))


def material_labels(region_crops: RegionCrops) -> Tensor:
    """The material index of every latent pixel by the crops' captions, int64 [B,s,s]; UNKNOWN where a caption names none."""
    count, side = len(region_crops.batch.latents), region_crops.weights.shape[-1]
    labels = torch.full((count, side, side), UNKNOWN)
    for caption, owner, weight in zip(region_crops.captions, region_crops.owners, region_crops.weights, strict=True):
        name = material_of(caption)
        labels[owner][weight > 0.5] = UNKNOWN if name is None else NAMES.index(name)
    return labels


def segmentation_loss(
    segmenter: nn.Module, region_crops: RegionCrops, abar: Tensor, generator: torch.Generator
) -> tuple[Tensor, float]:
    """(the segmenter's loss on drawn latents with noise between LEAST_NOISE and MOST_NOISE, share of pixels that are right)."""
    device = next(segmenter.parameters()).device
    batch, labels = region_crops.batch, material_labels(region_crops).to(device)
    x, deviation = _add_noise(batch.latents.to(device), abar, generator)
    scores = segmenter(x, batch.depth.to(device), deviation)
    return F.cross_entropy(scores, labels, ignore_index=UNKNOWN, label_smoothing=SMOOTH), _accuracy(scores, labels)


def _add_noise(latents: Tensor, abar: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Latents [B,C,h,w] with noise between LEAST_NOISE and MOST_NOISE, drawn for each, and its standard deviation [B]."""
    level = ((LEAST_NOISE + (MOST_NOISE - LEAST_NOISE) * torch.rand(len(latents), generator=generator)) * STEPS).long()
    a = abar[level].to(latents.device)
    return noised(latents, torch.randn(latents.shape, generator=generator).to(latents), a), (1 - a).sqrt()


def _accuracy(scores: Tensor, labels: Tensor) -> float:
    known = labels != UNKNOWN
    return float((scores.argmax(1) == labels)[known].float().mean()) if bool(known.any()) else 0.0


def obedience_loss(
    student: nn.Module,
    segmenter: Segmenter,
    region_crops: RegionCrops,
    words: Tensor,
    abar: Tensor,
    config: StudentConfig,
    generator: torch.Generator,
    device: torch.device,
) -> tuple[Tensor, float]:
    """(the segmenter's loss on the student's own pictures, share of pixels that show what was asked).

    The student samples from pure noise down to a random one of its steps; the segmenter sees its x0 there with noise between
    LEAST_NOISE and MOST_NOISE. words: the captions [R,T,D] as the student gets them. The segmenter itself isn't trained.
    """
    labels = material_labels(region_crops).to(device)
    region_crops = region_crops.to(device)
    batch, heard = region_crops.batch, region_crops.attention_kwargs(len(config.channels), words.to(device))
    count, span = len(batch.latents), STEPS // config.intervals
    last = int(torch.randint(config.intervals, (), generator=generator))
    x = torch.randn(batch.latents.shape, generator=generator).to(device)

    def seen(x: Tensor, interval: int) -> tuple[Tensor, Tensor]:
        t = (interval + 1) * span - 1
        said = student(torch.cat((x, batch.depth), 1), t, batch.context, cross_attention_kwargs=heard).sample.float()
        return split_prediction(config.objective, said, x, abar[t].expand(count).to(device))

    with torch.no_grad():
        for interval in range(config.intervals - 1, last, -1):
            x = noised(*seen(x, interval), abar[interval * span - 1].expand(count).to(device))
    read, deviation = _add_noise(seen(x, last)[0], abar, generator)
    scores = segmenter(read, batch.depth, deviation)
    loss = F.cross_entropy(scores, labels, ignore_index=UNKNOWN, label_smoothing=SMOOTH)
    return loss, _accuracy(scores, labels)


def train_segmenter(config: SegmenterConfig) -> Path:
    """Train the segmenter, or resume; its averaged weights are `out/reader.safetensors`."""
    data, unseen = cached(config, config.data), held_out(config)
    abar = make_scheduler(config.schedule, config.objective, config.zero_snr).alphas_cumprod.clone()
    torch.manual_seed(config.seed)
    segmenter = Segmenter(data.latents.shape[1], config.width)
    path = Path(config.out) / FILE

    def loss_of(wrapped: nn.Module, step: int, device: torch.device) -> tuple[Tensor, dict[str, float]]:
        drawn = draw_region_crops(data, config.batch, config.crop, np.random.default_rng([config.seed, step]))
        loss, right = segmentation_loss(wrapped, drawn, abar, seeded(config.seed, step))
        return loss, {"right": right}

    def on_sample(state: State, step: int) -> dict[str, float]:
        with averaged(state):
            tries = [draw_region_crops(unseen, 64, config.crop, np.random.default_rng(i)) for i in range(4)]
            found = [segmentation_loss(segmenter, drawn, abar, seeded(7, i))[1] for i, drawn in enumerate(tries)]
        return {"right_unseen": sum(found) / len(found)}

    def on_save(state: State) -> None:
        with averaged(state), atomic_write(path) as temporary:
            weights = {k: v.detach().cpu().contiguous() for k, v in segmenter.state_dict().items()}
            save_file(weights, temporary)

    run(config, segmenter, loss_of, on_sample=on_sample, on_save=on_save)
    return path


def load_segmenter(folder: Path) -> Segmenter:
    """Load the trained segmenter of a run. Raises InputError if there is none."""
    path = folder / FILE
    if not path.is_file():
        raise InputError(path, "", "isn't there: train a segmenter first (command reader), or set obedience=0")
    weights = load_file(path)
    segmenter = Segmenter(weights["fine.0.weight"].shape[1] - 2, weights["fine.0.weight"].shape[0])
    segmenter.load_state_dict(weights)
    return segmenter.eval().requires_grad_(False)

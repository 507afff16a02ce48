"""A reader of latents: what it is told, that it learns, and whom the student's disobedience reaches."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from diffusion.models.attention import RegionalProcessor
from diffusion.training.config import StudentConfig, UnetConfig
from diffusion.training.data.latent_cache import Latents
from diffusion.training.data.region_crops import RegionCrops, draw_region_crops
from diffusion.training.learners.material_segmenter import (
    NAMES,
    UNKNOWN,
    Segmenter,
    material_labels,
    obedience_loss,
    segmentation_loss,
)
from diffusion.training.learners.noising import make_scheduler
from diffusion.training.learners.unet import new_unet, seeded

CONFIG = StudentConfig(channels=(16, 16), groups=8, heads=2)
ABAR = make_scheduler("scaled_linear", "v", True).alphas_cumprod
LEFT, RIGHT = torch.full((2, 16, 8), -1.0), torch.full((2, 16, 8), 1.0)


def drawn(captions: tuple[str, str] = ("brick wall, noon", "wet grass")) -> RegionCrops:
    """Crops of one picture, −1 on its left and 1 on its right, with a caption each."""
    slots = torch.zeros(1, 4, 16, 16, dtype=torch.uint8)
    slots[0, 0, :, :8] = slots[0, 1, :, 8:] = 255
    data = Latents(
        latents=torch.cat((LEFT, RIGHT), 2)[None],
        depth=torch.ones(1, 16, 16),
        slots=slots,
        contexts=torch.randn(2, 24, 384, generator=torch.Generator().manual_seed(0)),
        picture=torch.zeros(2, dtype=torch.int32),
        covers=torch.tensor([1, 2], dtype=torch.uint8),
        whole=torch.zeros(2, dtype=torch.uint8),
        captions=captions,
    )
    return draw_region_crops(data, 3, 16, np.random.default_rng(0))


def test_labels_are_what_the_captions_name_where_they_are_heard() -> None:
    labels = material_labels(drawn())
    assert (labels[:, :, :8] == NAMES.index("brick")).all() and (labels[:, :, 8:] == NAMES.index("grass")).all()
    assert (material_labels(drawn(("brick wall", "gibberish")))[:, :, 8:] == UNKNOWN).all()


@pytest.mark.parametrize("side", [4, 7, 16])
def test_a_reader_takes_any_size(side: int) -> None:
    scores = Segmenter(2, 8)(torch.zeros(2, 2, side, side), torch.zeros(2, 1, side, side), torch.zeros(2))
    assert scores.shape == (2, len(NAMES), side, side)


def test_a_reader_learns_what_is_where_in_spite_of_noise() -> None:
    torch.manual_seed(0)
    reader, parted = Segmenter(2, 16), drawn()
    optimizer = torch.optim.Adam(reader.parameters(), lr=1e-2)
    for step in range(40):
        loss, right = segmentation_loss(reader, parted, ABAR, seeded(0, step))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert right > 0.9


def test_a_student_learns_to_be_read_as_it_was_asked() -> None:
    """Its pictures are pulled towards what the reader takes for the captions' materials, and the reader isn't pulled at all."""
    torch.manual_seed(0)
    reader, parted = Segmenter(2, 16), drawn()
    learning = torch.optim.Adam(reader.parameters(), lr=1e-2)
    for step in range(40):
        loss = segmentation_loss(reader, parted, ABAR, seeded(0, step))[0]
        learning.zero_grad()
        loss.backward()
        learning.step()
    reader.requires_grad_(False)
    student = new_unet(UnetConfig(channels=CONFIG.channels, groups=8, heads=2), 2)
    student.set_attn_processor(RegionalProcessor())
    optimizer = torch.optim.Adam(student.parameters(), lr=3e-3)
    found = []
    for step in range(30):
        told = (parted, parted.contexts, ABAR, CONFIG, seeded(1, step % 4), torch.device("cpu"))
        loss, share = obedience_loss(student, reader, *told)
        found.append(share)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert np.mean(found[-4:]) > np.mean(found[:4]) + 0.2
    assert all(p.grad is None or not p.requires_grad for p in reader.parameters())

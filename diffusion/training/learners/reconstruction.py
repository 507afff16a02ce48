"""Reconstruct pictures by an autoencoder, with and without known surfaces."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor

from base.files import atomic_write
from diffusion.models.surface_autoencoder import SurfaceAutoencoder
from diffusion.models.surface_conditions import SurfaceGeometry, borders, fine_channels
from diffusion.training.data.pictures import DrawnPictures
from diffusion.training.data.views import WHOLE, Window
from diffusion.training.data.world_geometry import compute_world_geometry
from diffusion.training.data.worlds import world_from_note
from diffusion.training.learners.features import as_input
from diffusion.training.metrics import psnr, sharpness_ratio, ssim


def decoder_conditions(notes: list[dict], windows: list[Window]) -> tuple[Tensor, ...]:
    """Return the geometry of windows of pictures (the fields of `SurfaceGeometry` with a leading B) and their borders bool [B,2,H,W]."""
    rows = []
    for note, window in zip(notes, windows, strict=True):
        seen, _, owner = compute_world_geometry(*world_from_note(note["world"]), 1, window)
        rows.append((*vars(seen).values(), borders(owner)))
    return tuple(torch.stack(column) for column in zip(*rows, strict=True))


@torch.no_grad()
def reconstruct(vae: SurfaceAutoencoder, pictures: Tensor, batch: int = 8) -> Tensor:
    """Encode and decode pictures [B,3,H,W] in 0..1."""
    out = []
    for part in pictures.split(batch):
        x = (part * 2 - 1).to(vae.device, vae.dtype).contiguous(memory_format=torch.channels_last)
        out.append(((vae.decode(vae.encode(x).latents).sample.float() + 1) / 2).clamp(0, 1).cpu())
    return torch.cat(out)


@torch.no_grad()
def reconstruct_told(vae: SurfaceAutoencoder, pictures: DrawnPictures, rows: list[int]) -> Tensor:
    """Encode and decode pictures, with the decoder conditioned on their surfaces. Returns [B,3,H,W] in 0..1."""
    shown = []
    for row in rows:
        *geometry, edges = decoder_conditions([pictures.note(row)], [WHOLE])
        x = as_input(pictures.tensor("images", row)[None], vae)
        hint = fine_channels(SurfaceGeometry(*geometry), edges).to(x)
        shown.append(((vae(x, hint).float() + 1) / 2).clamp(0, 1).cpu())
    return torch.cat(shown)


def quality(vae: SurfaceAutoencoder, images: Tensor) -> dict[str, float]:
    """Measure an autoencoder's reconstruction of pictures uint8 [B,3,H,W]."""
    truth = images.float() / 255
    shown = reconstruct(vae, truth)
    return {
        "psnr": float(psnr(shown, truth).mean()),
        "ssim": float(ssim(shown, truth).mean()),
        "sharpness": float(sharpness_ratio(shown, truth)),
    }


def export(vae: SurfaceAutoencoder, out: Path, notes: dict) -> None:
    """Write `out/vae` as an fp32 diffusers folder, and `out/vae.json` with `notes`."""
    vae.save_pretrained(out / "vae")
    with atomic_write(out / "vae.json") as temporary:
        temporary.write_text(json.dumps(notes, indent=1), encoding="utf-8")

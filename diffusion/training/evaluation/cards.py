"""The model cards of shipped models."""

from __future__ import annotations

EMBEDDED_CARD = """\
---
license: mit
tags: [text-to-image, procedural]
---
# Rayverie's embedded model

A small latent diffusion model that paints materials ("mossy stone wall, sunset") onto surfaces. Each latent pixel is
conditioned on its place on the surface, the surface's slant and distance, and the prompt of its own region. It is made
for walking through Rayverie's scenes on two CPU cores and draws nothing else: no people, animals, lettering or objects.

| | |
|---|---|
| denoiser | `SurfaceUNet` {channels}, {unet:.1f} M parameters, rectified flow, RMS norm per pixel |
| autoencoder | `SurfaceAutoencoder`, f8, {latents} channels, {vae:.1f} M parameters; its decoder knows each pixel's surface |
| text | MiniLM (sentence-transformers/all-MiniLM-L6-v2, not in this folder), see `diffusion/models/minilm.py` |
| data | {pictures:,} pictures of {materials} materials, drawn by `diffusion/training` from seed {seed}; no photographs |
| training | {steps:,} steps of {batch} crops of {crop}×{crop} latents, Muon and Adam, {weights} |

`diffusion/models/surface_conditions.py` computes the networks' geometry inputs; without a scene, `generate` uses a
wall, a floor or the sky. `docs/training.md` describes the training and lists the measured figures.
"""

OWN_CARD = """\
---
tags: [text-to-image]
---
# A model of {pictures:,} pictures with captions

A small latent diffusion model, trained with Rayverie, without knowledge of surfaces. `bank.safetensors` holds its
training captions, for `rayverie generate --match`.

| | |
|---|---|
| denoiser | `SurfaceUNet` {channels}, {unet:.1f} M parameters, rectified flow, RMS norm per pixel |
| autoencoder | `SurfaceAutoencoder`, f8, {latents} channels, {vae:.1f} M parameters |
| text | MiniLM (sentence-transformers/all-MiniLM-L6-v2, not in this folder) |
| data | {pictures:,} pictures of about {size}×{size} pixels |
| training | {steps:,} steps of {batch} pictures, Muon and Adam, {weights} |
"""

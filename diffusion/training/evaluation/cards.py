"""The cards of models that ship."""

from __future__ import annotations

EMBEDDED_CARD = """\
---
license: mit
tags: [text-to-image, procedural]
---
# Rayverie's embedded model

A small latent diffusion model that paints materials ("mossy stone wall, sunset") onto surfaces that it knows: each
latent pixel's place on its surface, the surface's slant and distance, and its own region's prompt. Made for walking
through Rayverie's scenes on two CPU cores; it draws nothing else: no people, animals, lettering or single objects.

| | |
|---|---|
| denoiser | `SurfaceUNet` {channels}, {unet:.1f} M parameters, rectified flow, RMS norm per pixel |
| autoencoder | `SurfaceAutoencoder`, f8, {latents} channels, {vae:.1f} M parameters; its decoder knows each pixel's surface |
| text | MiniLM (sentence-transformers/all-MiniLM-L6-v2, not in this folder), see `diffusion/models/minilm.py` |
| data | {pictures:,} pictures of {materials} materials, drawn by `diffusion/training` from seed {seed}; nobody's photographs |
| training | {steps:,} steps of {batch} crops of {crop}×{crop} latents, Muon and Adam, {weights} |

The networks get what `diffusion/models/surface_conditions.py` computes; without a scene, `generate` gives them
a wall, a floor or the sky. How it was trained, and its figures: `docs/training.md`.
"""

OWN_CARD = """\
---
tags: [text-to-image]
---
# A model of {pictures:,} pictures with captions

A small latent diffusion model, trained with Rayverie. It knows nothing of surfaces. `bank.safetensors` holds the
captions that it was trained on, for `rayverie generate --match`.

| | |
|---|---|
| denoiser | `SurfaceUNet` {channels}, {unet:.1f} M parameters, rectified flow, RMS norm per pixel |
| autoencoder | `SurfaceAutoencoder`, f8, {latents} channels, {vae:.1f} M parameters |
| text | MiniLM (sentence-transformers/all-MiniLM-L6-v2, not in this folder) |
| data | {pictures:,} pictures of about {size}×{size} pixels |
| training | {steps:,} steps of {batch} pictures, Muon and Adam, {weights} |
"""

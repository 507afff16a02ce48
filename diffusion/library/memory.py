"""How much memory a model needs: an estimate from the sizes of its networks."""

from __future__ import annotations

from diffusion.library.facts import Facts

HALF, FULL = 2, 4  # bytes of a weight: on CUDA all networks but the VAE are halved
PER_CHANNEL = 24
"""Bytes that decoding needs for each pixel and channel of the decoder: 3 GB per megapixel at Stable Diffusion's 128."""
NATIVE = 512
MINILM = 23_000_000 * FULL


def estimate_bytes(facts: Facts, device: str) -> int:
    """An estimate of what a model needs for its weights and for a dream of its own size, without the program itself.

    The weights as the loader keeps them (float16 on "cuda", float32 elsewhere, the VAE always float32), and the decoder's feature
    maps, which are larger than the U-Net's. What is given beside a model needs its weights only.
    """
    half = HALF if device.startswith("cuda") else FULL
    weights = sum(part.parameters * (FULL if part.name == "vae" else half) for part in facts.parts)
    if facts.kind != "model":
        return weights
    texts = 0 if any(part.name.startswith("text_encoder") for part in facts.parts) else MINILM
    return weights + texts + PER_CHANNEL * facts.width * (facts.native or NATIVE) ** 2

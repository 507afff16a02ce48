"""Estimate the memory that a model needs from the sizes of its networks."""

from __future__ import annotations

from diffusion.library.facts import Facts

HALF, FULL = 2, 4  # bytes per weight: on CUDA all networks except the VAE use half precision
PER_CHANNEL = 24
"""Bytes that decoding needs for each pixel and channel of the decoder: 3 GB per megapixel at Stable Diffusion's 128."""
NATIVE = 512
MINILM = 23_000_000 * FULL


def estimate_bytes(facts: Facts, device: str) -> int:
    """Estimate the memory for a model's weights and a dream at its native size, not counting the program itself.

    This is the weights as the loader keeps them (float16 on "cuda", float32 elsewhere, the VAE always float32) plus the decoder's
    feature maps, which are larger than the U-Net's. Additions, such as LoRAs, need memory only for their weights.
    """
    half = HALF if device.startswith("cuda") else FULL
    weights = sum(part.parameters * (FULL if part.name == "vae" else half) for part in facts.parts)
    if facts.kind != "model":
        return weights
    texts = 0 if any(part.name.startswith("text_encoder") for part in facts.parts) else MINILM
    return weights + texts + PER_CHANNEL * facts.width * (facts.native or NATIVE) ** 2

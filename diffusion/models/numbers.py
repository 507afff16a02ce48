"""Which number format networks compute in."""

from __future__ import annotations

import torch


def fast_dtype(device: torch.device | str) -> torch.dtype:
    """The fastest format that keeps the embedded networks' quality: float16 on a GPU; bfloat16 on CPUs with instructions for it
    (AMX, AVX-512 BF16); otherwise float32.
    """
    if torch.device(device).type != "cpu":
        return torch.float16
    return torch.bfloat16 if multiplies_bfloat16() else torch.float32


def multiplies_bfloat16() -> bool:
    """Whether the CPU has instructions for bfloat16 products. Other CPUs convert to float32 and back, which is slower than float32."""
    asked = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(bool(getattr(torch.cpu, name, bool)()) for name in asked)

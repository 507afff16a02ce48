"""Facts about a model, LoRA, ControlNet, IP-Adapter or VAE on disk, from its configurations and the headers of its weights."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

KINDS = {
    "model": "a model for --model",
    "lora": "a LoRA for --lora",
    "controlnet": "a ControlNet for --control",
    "ip-adapter": "an IP-Adapter for --ip-adapter",
    "vae": "an autoencoder",
}
"""Kind of model file or folder → what it is for."""
PRECISIONS = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "F8_E4M3": "float8",
    "F8_E5M2": "float8",
}


@dataclass(frozen=True)
class Part:
    """A network. parameters: their number; bytes: on disk; types: safetensors' types of numbers → parameters."""

    name: str
    parameters: int
    bytes: int
    types: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Facts:
    """What is known about a file or folder without loading it.

    kind: key of KINDS; family: e.g. "Stable Diffusion 1.x"; parts: its networks
    native: side in pixels of the pictures it was trained on, or None; width: channels of the decoder at full resolution, 0 without one
    missing: what it needs before it can be loaded, a phrase each; unsupported: why it can't be loaded even if complete, or ""
    raw: whether it also has the U-Net's weights from before averaging
    """

    path: Path
    kind: str
    family: str
    parts: tuple[Part, ...] = ()
    native: int | None = None
    width: int = 0
    missing: tuple[str, ...] = ()
    unsupported: str = ""
    raw: bool = False

    @property
    def complete(self) -> bool:
        return not self.missing

    @property
    def usable(self) -> bool:
        return self.complete and not self.unsupported

    @property
    def bytes(self) -> int:
        """Size of the weights that are read."""
        return sum(part.bytes for part in self.parts)

    @property
    def parameters(self) -> int:
        return sum(part.parameters for part in self.parts)

    @property
    def precision(self) -> str:
        """The type of nearly all weights, e.g. "float16"; "mixed" if there is no such type, "" without weights."""
        counts: Counter[str] = Counter()
        for part in self.parts:
            for kind, number in part.types:
                counts[PRECISIONS.get(kind, kind)] += number
        if not counts:
            return ""
        (most, number), *_ = counts.most_common(1)
        return most if number > 0.9 * sum(counts.values()) else "mixed"

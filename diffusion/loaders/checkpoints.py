"""What every source of a model offers, a pipeline folder (`pipeline_folder`) as well as a single file (`single_file`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import torch

from base.errors import InputError
from diffusion.models.clip import Clip


class Checkpoint(Protocol):
    """A model on disk. path: what sentences call it; name: what the model is called."""

    path: Path
    name: str

    def config(self, part: str, name: str = "config.json") -> dict[str, Any]:
        """A part's configuration. Raises InputError where it is missing."""
        ...

    def own(self) -> dict[str, Any]:
        """What the model says of itself to this program: `rayverie.json`."""
        ...

    def module(self, kind: Any, part: str, dtype: torch.dtype) -> Any:
        """A part with its weights, from safetensors alone, to be used and not trained. Raises InputError."""
        ...

    def clip(self, kind: Any, part: str, tokenizer: str, dtype: torch.dtype) -> Clip:
        """A text encoder, on the CPU. Raises InputError."""
        ...

    def weights(self) -> list[Path]:
        """The files that hold the denoiser's and the VAE's weights."""
        ...


def frozen_for_inference(module: Any) -> Any:
    """A module as it is used here. Channels last is what convolution kernels like, on CPUs and GPUs: a third of a decode's time here."""
    return module.to(memory_format=torch.channels_last).eval().requires_grad_(False)


def refuse_not_finite(path: Path, part: str, module: Any) -> None:
    """InputError, naming the tensor, for weights that are no numbers: they would paint black without a word."""
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise InputError(path, f"{part}.{name}", "holds NaN or infinite weights")


def describe_load_error(error: Exception) -> str:
    """What a part is said to be that can't be read. error: the reader's, of which the beginning is told, on one line."""
    said = " ".join(str(error).split()) or type(error).__name__
    return f"can't be loaded ({said if len(said) <= 160 else said[:160] + '…'})"

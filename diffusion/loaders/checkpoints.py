"""Where a model's parts come from: a diffusers pipeline folder here, a single file in `diffusion.loaders.single_file`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import torch

from base.errors import InputError
from base.files import read_json
from diffusion.loaders.embedded import OWN, SHIPPED, Reference
from diffusion.models.clip import Clip

LAYOUT = "a model is a diffusers folder with unet, vae, scheduler, and its text encoder"
PICKLES = (".ckpt", ".pt", ".pth", ".bin")


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


class Folder:
    """A pipeline folder in diffusers' layout."""

    def __init__(self, path: Path, name: str = "") -> None:
        self.path, self.name = path, name or path.resolve().name

    def config(self, part: str, name: str = "config.json") -> dict[str, Any]:
        path = self.path / part / name
        if not path.exists():
            raise InputError(self.path, str(Path(part) / name), f"is missing; {LAYOUT}")
        config = read_json(path, "a part's configuration")
        if not isinstance(config, dict):
            raise InputError(path, "", "is not a JSON object")
        return config

    def own(self) -> dict[str, Any]:
        return self.config(".", OWN) if (self.path / OWN).is_file() else {}

    def module(self, kind: Any, part: str, dtype: torch.dtype) -> Any:
        """The fp16 variant when that is all there is."""
        names = [p.name for p in (self.path / part).glob("*.safetensors*")]
        if not names:
            raise InputError(self.path, part, "has no .safetensors weights")
        try:
            module = kind.from_pretrained(
                self.path,
                subfolder=part,
                local_files_only=True,
                use_safetensors=True,
                variant=_variant(names),
                torch_dtype=dtype,
                low_cpu_mem_usage=False,
            )
        except Exception as error:  # damaged weights raise whatever their reader thinks of
            raise InputError(self.path, part, unloadable(error)) from error
        return at_rest(module)

    def clip(self, kind: Any, part: str, tokenizer: str, dtype: torch.dtype) -> Clip:
        from transformers import CLIPTokenizer
        from transformers.utils import logging

        if not (self.path / part / "config.json").is_file() or not (self.path / tokenizer).is_dir():
            raise InputError(self.path, f"{part} and {tokenizer}", f"are missing; {LAYOUT}")
        names = [p.name for p in (self.path / part).glob("*.safetensors*")]
        logging.disable_progress_bar()
        try:
            model = kind.from_pretrained(
                self.path / part, local_files_only=True, use_safetensors=True, variant=_variant(names), dtype=dtype
            )
            return Clip(CLIPTokenizer.from_pretrained(self.path / tokenizer, local_files_only=True), model)
        except Exception as error:
            raise InputError(self.path, part, unloadable(error)) from error

    def weights(self) -> list[Path]:
        return sorted([*self.path.glob("unet/*.safetensors"), *self.path.glob("vae/*.safetensors")])


def checkpoint(ref: Reference) -> Checkpoint:
    """The model that a reference names; see `diffusion.loaders.embedded.Reference`. Raises InputError where there is none."""
    shipped = SHIPPED.get("embedded" if ref is None else str(ref))
    if shipped is not None:
        if not (shipped / "model_index.json").is_file():
            name = "the embedded model" if ref is None else ref
            raise InputError(name, "", "is not in this installation; give a pipeline folder with --model")
        return Folder(shipped, shipped.name if ref is None else str(ref))
    path = Path(str(ref)).expanduser()
    if path.is_dir():
        return Folder(path)
    if path.is_file():
        return _file(path)
    try:
        from huggingface_hub import snapshot_download

        return Folder(Path(snapshot_download(str(ref), local_files_only=True)), str(ref))
    except (OSError, ValueError) as error:
        raise InputError(
            ref, "", "is neither a folder, nor a file, nor a model in the local hub cache; nothing is downloaded"
        ) from error


def _file(path: Path) -> Checkpoint:
    if path.suffix == ".safetensors":
        from diffusion.loaders.single_file import SingleFile

        return SingleFile(path)
    if path.suffix in PICKLES:
        raise InputError(path, "", "is a pickle, which can run any program when read; take the .safetensors file")
    raise InputError(path, "", f"is no .safetensors file; {LAYOUT}, or one .safetensors file with all of it")


def at_rest(module: Any) -> Any:
    """A module as it is used here. Channels last is what convolution kernels like, on CPUs and GPUs: a third of a decode's time here."""
    return module.to(memory_format=torch.channels_last).eval().requires_grad_(False)


def unloadable(error: Exception) -> str:
    """What a part is said to be that can't be read. error: the reader's, of which the beginning is told, on one line."""
    said = " ".join(str(error).split()) or type(error).__name__
    return f"can't be loaded ({said if len(said) <= 160 else said[:160] + '…'})"


def _variant(names: list[str]) -> str | None:
    """None for plain weights; fp16 when there are no others."""
    return None if any(".fp16." not in name for name in names) or not names else "fp16"

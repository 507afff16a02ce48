"""A network that keeps its configuration, saved and read as by diffusers, but without the seconds that importing diffusers takes."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any, Self

import torch
from safetensors.torch import save_file
from torch import nn

from diffusion.tensor_files import read_tensors

CONFIG, WEIGHTS = "config.json", "diffusion_pytorch_model.safetensors"


class ConfiguredModule(nn.Module):
    """Base of the embedded model's networks. config: the values of the constructor's arguments by name.

    A folder holds CONFIG, whose other fields are ignored, and WEIGHTS, or their variant such as "….fp16.safetensors".
    """

    config: dict[str, Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        module = super().__new__(cls)
        given = inspect.signature(cls).bind_partial(*args, **kwargs)  # partial, as copies are made without arguments
        given.apply_defaults()
        object.__setattr__(module, "config", dict(given.arguments))
        return module

    @property
    def dtype(self) -> torch.dtype:
        return next(self.parameters()).dtype

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    def save_pretrained(self, folder: Path | str, variant: str | None = None) -> None:
        """Write configuration and weights, or a variant of them such as "….non_ema.safetensors"; the folder is made."""
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        config = {"_class_name": type(self).__name__} | self.config
        (path / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        tensors = {name: tensor.contiguous() for name, tensor in self.state_dict().items()}
        save_file(tensors, path / _weights_name(variant), metadata={"format": "pt"})

    @classmethod
    def from_pretrained(
        cls,
        folder: Path | str,
        subfolder: str = "",
        variant: str | None = None,
        torch_dtype: torch.dtype = torch.float32,
        output_loading_info: bool = False,
        **_: object,
    ) -> Any:
        """Read a network from a folder. Arguments as diffusers names them; further ones of its loader have no meaning here.

        With `output_loading_info`, return also {"missing_keys": names}, and leave these parameters without values. Weights that the
        network doesn't have are ignored. Raises what the readers of JSON and of tensors raise, TypeError for a configuration that
        doesn't fit, and RuntimeError for weights of another shape, or missing ones.
        """
        path = Path(folder) / subfolder
        config = json.loads((path / CONFIG).read_text(encoding="utf-8"))
        known = inspect.signature(cls).parameters
        tensors = read_tensors(path / _weights_name(variant))
        with torch.device("meta"):  # without values, which would be replaced
            module = cls(**{name: value for name, value in config.items() if name in known})
        missing = module.load_state_dict(
            {name: tensor.to(torch_dtype) for name, tensor in tensors.items()},
            strict=False,
            assign=True,
        ).missing_keys
        if missing and not output_loading_info:
            raise RuntimeError(f"the weights of {missing[0]} are missing")
        module.eval()
        return (module, {"missing_keys": missing}) if output_loading_info else module


def _weights_name(variant: str | None) -> str:
    """The name of the file with the weights."""
    return WEIGHTS if variant is None else WEIGHTS.replace(".", f".{variant}.")

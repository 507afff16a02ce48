"""A network that stores its configuration. Its files are compatible with diffusers, but reading them avoids diffusers' slow import."""

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

    A folder holds CONFIG and WEIGHTS, or a variant such as "….fp16.safetensors". Other fields in CONFIG are ignored.
    """

    config: dict[str, Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        module = super().__new__(cls)
        given = inspect.signature(cls).bind_partial(
            *args, **kwargs
        )  # partial, because copying calls this without arguments
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
        """Write configuration and weights into a folder, which is created. variant: as in "….non_ema.safetensors"."""
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
        """Read a network from a folder. Arguments are named as in diffusers; other arguments of its loader are ignored.

        With `output_loading_info`, return also {"missing_keys": names}, and leave those parameters without values. Extra
        tensors are ignored. Raises the errors of the JSON and tensor readers, TypeError for a configuration that doesn't fit, and
        RuntimeError for missing weights or weights of the wrong shape.
        """
        path = Path(folder) / subfolder
        config = json.loads((path / CONFIG).read_text(encoding="utf-8"))
        known = inspect.signature(cls).parameters
        tensors = read_tensors(path / _weights_name(variant))
        with torch.device("meta"):  # on the meta device: initial values would only be replaced
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

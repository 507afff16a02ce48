"""Start a run from the weights of a model folder."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from base.errors import InputError
from diffusion.loaders.embedded import SHIPPED


def model_folder(name: str) -> Path:
    """Return the folder of a run or a model; "embedded" names the model that comes with the program."""
    return SHIPPED.get(name, Path(name))


def load_start_weights(module: nn.Module, folder: str, part: str, new: str = "") -> None:
    """Load weights of a model folder's part into a new module, unless `folder` is "". Raises InputError if they don't fit.

    new: prefix of weights that the folder may lack.
    """
    if not folder:
        return
    path = model_folder(folder) / part / "diffusion_pytorch_model.safetensors"
    try:
        weights = {k: v.float() for k, v in load_file(path).items()}
        lacking = {k: v for k, v in module.state_dict().items() if new and k.startswith(new)}
        module.load_state_dict(lacking | weights)
    except (OSError, RuntimeError, SafetensorError) as error:
        raise InputError(path, "", f"can't be started from ({str(error).splitlines()[0].rstrip('.:')})") from error

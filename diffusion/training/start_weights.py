"""Start a run from the weights of a model folder."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from base.errors import InputError
from diffusion.loaders.embedded import SHIPPED
from diffusion.upscaling.compact import Compact, add_identity_layers
from diffusion.upscaling.embedded import FILE
from diffusion.upscaling.weights import read_compact


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


def load_start_upscaler(network: Compact, start: str) -> None:
    """Load the weights of a Compact network's file into a new network that has at least as many layers, unless `start` is "".

    The layers that the file lacks begin as identities. start: the file; "embedded" names the one that comes with the program.
    Raises InputError if the weights don't fit.
    """
    if not start:
        return
    path = FILE if start == "embedded" else Path(start)
    found = read_compact(path)
    had, wanted = ((n.scale, n.channels, n.layers) for n in (found, network))
    if had[:2] != wanted[:2] or had[2] > wanted[2]:
        problem = f"has scale, channels and layers {had}, the new network {wanted}; only layers may be added"
        raise InputError(path, "", problem)
    network.load_state_dict(add_identity_layers(found, network.layers).state_dict())

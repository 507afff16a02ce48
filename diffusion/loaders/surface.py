"""Load a surface-aware model: a pipeline folder whose U-Net is a `SurfaceUNet` and whose VAE is a `SurfaceAutoencoder`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence

import torch

from base.errors import InputError
from base.grid import CELL
from base.safetensors_header import read_header
from diffusion.loaders.checkpoints import Checkpoint
from diffusion.loaders.config_fields import refuse_fields, refuse_unknown
from diffusion.loaders.embedded import OWN, check_defaults
from diffusion.loaders.identity import fingerprint, read_preview_map, space_id
from diffusion.loaders.lora import Lora
from diffusion.loaders.running import dtype_of
from diffusion.models.known_words import ReadingEncoder, open_reader
from diffusion.models.minilm import WIDTH, MiniLMEncoder
from diffusion.models.numbers import fast_dtype
from diffusion.models.surface_autoencoder import SurfaceAutoencoder
from diffusion.models.surface_conditions import FINE, HARMONICS, SHAPE
from diffusion.models.surface_denoiser import flow_schedule
from diffusion.models.surface_model import SurfaceModel
from diffusion.models.surface_unet import SurfaceUNet
from diffusion.models.text_encoders import CachedEncoder

CONDITIONS = {"harmonics": HARMONICS, "shape": SHAPE, "sentence": WIDTH}
"""Fields of a U-Net's configuration that describe its conditions, and the values that this program supports."""

MEANINGLESS = ("few", "prediction", "depth")
"""Keys of `rayverie.json` for other kinds of models."""


def is_surface_model(source: Checkpoint) -> bool:
    """Whether the model's U-Net is a `SurfaceUNet`."""
    return not (source.path / "transformer").is_dir() and source.config("unet").get("_class_name") == "SurfaceUNet"


def load_surface_model(
    source: Checkpoint, where: torch.device, loras: Sequence[Lora], numbers: str = "auto"
) -> SurfaceModel:
    """Load it. numbers: --dtype.

    Raises InputError for configurations that don't fit this program or each other, and for LoRAs, which this model can't use.
    """
    path, own, unet, vae = source.path, source.own(), source.config("unet"), source.config("vae")
    refuse_fields(path / OWN, "own", own)
    refuse_fields(path, "surface_unet", unet)
    refuse_fields(path, "surface_vae", vae)
    refuse_unknown(path, "unet", unet, _arguments(SurfaceUNet))
    if loras:
        raise InputError(loras[0].path, "", f"changes layers of Stable Diffusion, which {source.name} doesn't have")
    for key in MEANINGLESS:
        if key in own:
            raise InputError(path / OWN, key, "has no meaning for a model that knows surfaces; leave it out")
    for name, known in CONDITIONS.items():
        if unet.get(name) != known:
            raise InputError(path, f"unet.{name}", f"is {unet.get(name)}; this version needs {known}")
    if vae.get("_class_name") != "SurfaceAutoencoder":
        raise InputError(path, "vae._class_name", f"is {vae.get('_class_name')}; this U-Net needs SurfaceAutoencoder")
    refuse_unknown(path, "vae", vae, _arguments(SurfaceAutoencoder))
    if vae.get("latent_channels") != unet.get("latent_channels"):
        what = f"is {unet.get('latent_channels')}; the vae has {vae.get('latent_channels')}"
        raise InputError(path, "unet.latent_channels", what)
    if vae.get("surface_channels", 0) not in (0, FINE):
        raise InputError(path, "vae.surface_channels", f"is {vae['surface_channels']}; 0 or {FINE} work")
    dtype = dtype_of(numbers, fast_dtype(where))
    network = source.module(SurfaceUNet, "unet", dtype).to(where)
    lowest, heads = network.config["channels"][-1], network.config["heads"]
    if lowest % heads:
        raise InputError(path, "unet.heads", f"is {heads}; it must divide the last of unet.channels, {lowest}")
    autoencoder = source.module(SurfaceAutoencoder, "vae", torch.float32)
    _refuse_extra_tensors(source, {"unet": network, "vae": autoencoder})
    space = f"SurfaceAutoencoder-{space_id(autoencoder)}"
    channels = int(unet["latent_channels"])
    encoder = MiniLMEncoder()
    reader = open_reader(path, encoder)
    return SurfaceModel(
        id=f"{source.name}-{fingerprint(source.weights())}",
        space=space,
        unet=network,
        vae=autoencoder.to(where, torch.float32 if dtype == torch.float16 else dtype),
        text=CachedEncoder(encoder if reader is None else ReadingEncoder(encoder, reader), where, dtype),
        schedule=flow_schedule(),
        prediction="flow",
        device=where,
        dtype=dtype,
        channels=channels,
        multiple=CELL * 2 ** (len(network.config["channels"]) - 1),
        native=int(own.get("native", 256)),
        depth=None,
        scale=float(autoencoder.config["scaling_factor"]),
        shift=0.0,
        linear=read_preview_map(path, own, channels),
        defaults=check_defaults(own, path / OWN),
        surfaces=bool(own.get("surfaces", True)),
    )


def _arguments(kind: type) -> list[str]:
    """The fields of a network's configuration."""
    return list(inspect.signature(kind).parameters)


def _refuse_extra_tensors(source: Checkpoint, networks: Mapping[str, torch.nn.Module]) -> None:
    """Raise InputError for a tensor that its network doesn't have, which would otherwise be ignored silently."""
    known = {part: network.state_dict().keys() for part, network in networks.items()}
    for file in source.weights():
        for name in read_header(file).tensors:
            if name not in known[file.parent.name]:
                raise InputError(file, name, f"is a tensor that the {file.parent.name} of this model does not have")

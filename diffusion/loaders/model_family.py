"""The supported models: check a model's configurations, and refuse others with one clear sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from diffusers import AutoencoderKL, AutoencoderTiny

from base.errors import InputError
from base.grid import CELL
from diffusion.loaders.checkpoints import Checkpoint
from diffusion.loaders.config_fields import refuse_fields
from diffusion.loaders.embedded import OWN
from diffusion.models.depth import DEPTHS
from diffusion.sampling.schedules import PREDICTIONS

VAES = {"AutoencoderKL": AutoencoderKL, "AutoencoderTiny": AutoencoderTiny}
SUPPORTED_MODELS = "Stable Diffusion 1.x, 2.x and XL work"
TIME_IDS = 6  # size conditions of XL's base model; the refiner has five


@dataclass(frozen=True)
class ModelFamily:
    """Facts about a model before its weights are read.

    unet, vae, scheduler: configurations; own: of `rayverie.json`; xl: whether it has two text encoders
    channels: of the latents; depth: key of DEPTHS or None; prediction: key of PREDICTIONS
    """

    unet: dict[str, Any]
    vae: dict[str, Any]
    scheduler: dict[str, Any]
    own: dict[str, Any]
    xl: bool
    channels: int
    depth: str | None
    prediction: str

    @property
    def vae_class(self) -> Any:
        return VAES[self.vae["_class_name"]]


def identify_family(source: Checkpoint) -> ModelFamily:
    """Read and check a model's configurations. Raises InputError naming the model and the unsupported field."""
    path = source.path
    if (path / "transformer").is_dir():
        raise InputError(path, "transformer", f"is a diffusion transformer; {SUPPORTED_MODELS}")
    unet, vae = source.config("unet"), source.config("vae")
    scheduler, own = source.config("scheduler", "scheduler_config.json"), source.own()
    for part, config in (("unet", unet), ("vae", vae), ("scheduler", scheduler), ("own", own)):
        refuse_fields(path / OWN if part == "own" else path, part, config)
    if "surfaces" in own:
        raise InputError(path / OWN, "surfaces", "has no meaning for a Stable Diffusion model; leave it out")
    for name in ("in_channels", "out_channels", "block_out_channels"):
        if unet.get(name) is None:
            raise InputError(path, f"unet.{name}", "is missing")
    if vae.get("_class_name", "") not in VAES:
        raise InputError(path, "vae._class_name", f"is {vae.get('_class_name')}; {' and '.join(VAES)} work")
    xl = unet.get("addition_embed_type") == "text_time"
    if unet.get("_class_name") != "UNet2DConditionModel" or unet.get("class_embed_type"):
        raise InputError(path, "unet", f"is another network; {SUPPORTED_MODELS}")
    if unet.get("addition_embed_type") and not xl:
        raise InputError(path, "unet.addition_embed_type", f"is {unet['addition_embed_type']!r}; {SUPPORTED_MODELS}")
    if xl and not _base(source, unet):
        raise InputError(path, "unet", "is a refiner, which only finishes another model's picture; give the base")
    if vae.get("latents_mean") or "sigma_data" in scheduler:
        raise InputError(path, "scheduler", f"is for noise of another kind (EDM); {SUPPORTED_MODELS}")
    if "FlowMatch" in str(scheduler.get("_class_name")):
        raise InputError(
            path, "scheduler._class_name", f"is {scheduler['_class_name']}: flow matching; {SUPPORTED_MODELS}"
        )
    channels = int(vae.get("latent_channels", 4))
    if unet["out_channels"] != channels:
        raise InputError(path, "unet.out_channels", f"is {unet['out_channels']}; the vae has {channels}")
    extra = unet["in_channels"] - channels
    if extra not in (0, 1):
        what = f"is {unet['in_channels']}; {channels} or, with depth, {channels + 1} work"
        raise InputError(path, "unet.in_channels", what)
    depth = own.get("depth", "disparity") if extra else None
    if depth is not None and depth not in DEPTHS:
        raise InputError(path / OWN, "depth", f"is {depth!r}; one of {', '.join(DEPTHS)}")
    prediction = scheduler.get("prediction_type", "epsilon")
    if prediction not in PREDICTIONS:
        raise InputError(path, "scheduler.prediction_type", f"is {prediction!r}; one of {', '.join(PREDICTIONS)}")
    cell = 2 ** (len(vae.get("block_out_channels", ())) - 1) if vae["_class_name"] == "AutoencoderKL" else CELL
    if cell != CELL:
        raise InputError(path, "vae.block_out_channels", f"shrinks by {cell}; a latent pixel is {CELL} pixels here")
    return ModelFamily(unet, vae, scheduler, own, xl, channels, depth, prediction)


def _base(source: Checkpoint, unet: dict[str, Any]) -> bool:
    """Whether an XL network is a base model: its additional input is a pooled vector and TIME_IDS embedded numbers."""
    width, each = (unet.get(f) or 0 for f in ("projection_class_embeddings_input_dim", "addition_time_embed_dim"))
    return width - TIME_IDS * each == source.config("text_encoder_2").get("projection_dim")

"""The allowed type and range of each field in a model's configurations, checked before anything is built."""

from __future__ import annotations

import reprlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from base.errors import InputError, nearest
from diffusion.models.depth import DEPTHS
from diffusion.sampling.schedules import PREDICTIONS


@dataclass(frozen=True)
class Numbers:
    """A number from least to most. whole: only integers; several: also a list of up to that many numbers, nested at most once."""

    least: float
    most: float
    whole: bool = True
    several: int = 0

    def fits(self, value: Any, nested: bool = True) -> bool:
        if isinstance(value, list | tuple):
            inner = Numbers(self.least, self.most, self.whole, self.several if nested else 0)
            return 1 <= len(value) <= self.several and all(inner.fits(v, nested=False) for v in value)
        kinds = int if self.whole else int | float
        return isinstance(value, kinds) and not isinstance(value, bool) and self.least <= value <= self.most

    def __str__(self) -> str:
        lists = f", or a list of up to {self.several} of them" if self.several else ""
        return f"a {'whole ' if self.whole else ''}number from {self.least:g} to {self.most:g}{lists}"


@dataclass(frozen=True)
class Row:
    """A list of `fewest` to `most` numbers, each of which fits `each`."""

    each: Numbers
    fewest: int
    most: int

    def fits(self, value: Any) -> bool:
        return (
            isinstance(value, list | tuple)
            and self.fewest <= len(value) <= self.most
            and all(map(self.each.fits, value))
        )

    def __str__(self) -> str:
        length = f"{self.fewest}" if self.fewest == self.most else f"{self.fewest} to {self.most}"
        return f"a list of {length} whole numbers from {self.each.least:g} to {self.each.most:g}"


@dataclass(frozen=True)
class Words:
    """A string, one of `among` if given. several: also a list of up to that many strings."""

    among: tuple[str, ...] = ()
    several: int = 0

    def fits(self, value: Any) -> bool:
        if isinstance(value, list | tuple):
            return 1 <= len(value) <= self.several and all(isinstance(v, str) for v in value)
        return isinstance(value, str) and len(value) < 1000 and (not self.among or value in self.among)

    def __str__(self) -> str:
        return f"one of {', '.join(self.among)}" if self.among else "a text"


@dataclass(frozen=True)
class Flag:
    def fits(self, value: Any) -> bool:
        return isinstance(value, bool)

    def __str__(self) -> str:
        return "true or false"


BLOCKS, WIDTHS, HEADS = Words(several=8), Numbers(1, 8192, several=8), Numbers(1, 4096, several=8)
COUNTS = Numbers(1, 32, several=8)
TOKEN = Numbers(0, 999_999)
UNET = {
    "in_channels": Numbers(1, 64),
    "out_channels": Numbers(1, 64),
    "sample_size": Numbers(1, 1024, several=2),
    "block_out_channels": WIDTHS,
    "layers_per_block": COUNTS,
    "transformer_layers_per_block": COUNTS,
    "attention_head_dim": HEADS,
    "num_attention_heads": HEADS,
    "cross_attention_dim": WIDTHS,
    "norm_num_groups": Numbers(1, 1024),
    "norm_eps": Numbers(1e-12, 1, whole=False),
    "dropout": Numbers(0, 1, whole=False),
    "addition_time_embed_dim": Numbers(1, 4096),
    "projection_class_embeddings_input_dim": Numbers(1, 65536),
    "down_block_types": BLOCKS,
    "up_block_types": BLOCKS,
    "mid_block_type": Words(),
    "act_fn": Words(),
    "flip_sin_to_cos": Flag(),
    "use_linear_projection": Flag(),
    "center_input_sample": Flag(),
}
VAE = {
    "_class_name": Words(),
    "in_channels": Numbers(3, 3),
    "out_channels": Numbers(3, 3),
    "latent_channels": Numbers(1, 64),
    "block_out_channels": WIDTHS,
    "encoder_block_out_channels": WIDTHS,
    "decoder_block_out_channels": WIDTHS,
    "num_encoder_blocks": Numbers(0, 32, several=8),
    "num_decoder_blocks": Numbers(0, 32, several=8),
    "layers_per_block": COUNTS,
    "norm_num_groups": Numbers(1, 1024),
    "sample_size": Numbers(1, 8192, several=2),
    "scaling_factor": Numbers(1e-6, 1e6, whole=False),
    "shift_factor": Numbers(-1e6, 1e6, whole=False),
    "down_block_types": BLOCKS,
    "up_block_types": BLOCKS,
    "act_fn": Words(),
}
SURFACE_UNET = {
    "latent_channels": Numbers(1, 64),
    "channels": Row(Numbers(1, 8192), 1, 8),
    "blocks": Numbers(1, 16),
    "words": Numbers(1, 4096),
    "said": Numbers(1, 4096),
    "heads": Numbers(1, 64),
}
SURFACE_VAE = {
    "latent_channels": Numbers(1, 64),
    "encoder_channels": Row(Numbers(1, 8192), 3, 3),
    "decoder_channels": Row(Numbers(1, 8192), 3, 3),
    "encoder_blocks": Row(Numbers(1, 32), 3, 3),
    "decoder_blocks": Row(Numbers(1, 32), 3, 3),
    "scaling_factor": Numbers(1e-6, 1e6, whole=False),
}
SCHEDULER = {
    "num_train_timesteps": Numbers(2, 100_000),
    "beta_start": Numbers(1e-9, 0.999, whole=False),
    "beta_end": Numbers(1e-9, 0.999, whole=False),
    "beta_schedule": Words(("linear", "scaled_linear", "squaredcos_cap_v2")),
    "trained_betas": Numbers(0, 1, whole=False, several=100_000),
    "prediction_type": Words(tuple(PREDICTIONS)),
    "rescale_betas_zero_snr": Flag(),
    "steps_offset": Numbers(0, 1000),
}
TEXT = {
    "hidden_size": Numbers(1, 8192),
    "intermediate_size": Numbers(1, 65536),
    "num_hidden_layers": Numbers(1, 64),
    "num_attention_heads": Numbers(1, 256),
    "vocab_size": Numbers(1, 1_000_000),
    "max_position_embeddings": Numbers(2, 4096),
    "projection_dim": Numbers(1, 8192),
    "bos_token_id": TOKEN,
    "eos_token_id": TOKEN,
    "pad_token_id": TOKEN,
}
CONTROLNET = UNET | {
    "conditioning_channels": Numbers(1, 64),
    "conditioning_embedding_out_channels": WIDTHS,
    "controlnet_conditioning_channel_order": Words(("rgb", "bgr")),
    "downsample_padding": Numbers(0, 8),
    "mid_block_scale_factor": Numbers(1e-6, 1e6, whole=False),
    "global_pool_conditions": Flag(),
    "only_cross_attention": Flag(),
}
IMAGE_ENCODER = {
    "hidden_size": Numbers(1, 8192),
    "intermediate_size": Numbers(1, 65536),
    "num_hidden_layers": Numbers(1, 128),
    "num_attention_heads": Numbers(1, 256),
    "num_channels": Numbers(3, 3),
    "image_size": Numbers(8, 2048),
    "patch_size": Numbers(1, 512),
    "projection_dim": Numbers(1, 8192),
    "layer_norm_eps": Numbers(1e-12, 1, whole=False),
    "attention_dropout": Numbers(0, 1, whole=False),
    "hidden_act": Words(),
}
VERSION = 1  # version of rayverie.json, increased for formats that older programs would misread
ELSEWHERE = ("defaults", "few", "preview")  # fields of rayverie.json that are checked where they are read
OWN = {
    "version": Numbers(0, 1_000_000),
    "native": Numbers(8, 4096),
    "depth": Words(tuple(DEPTHS)),
    "text": Words(("minilm",)),
    "prediction": Words(tuple(PREDICTIONS)),
    "surfaces": Flag(),
}
FIELDS: Mapping[str, Mapping[str, Numbers | Row | Words | Flag]] = {
    "unet": UNET,
    "vae": VAE,
    "surface_unet": SURFACE_UNET,
    "surface_vae": SURFACE_VAE,
    "scheduler": SCHEDULER,
    "text_encoder": TEXT,
    "text_encoder_2": TEXT,
    "controlnet": CONTROLNET,
    "image_encoder": IMAGE_ENCODER,
    "own": OWN,
}


def refuse_fields(path: object, part: str, config: Mapping[str, Any]) -> None:
    """Raise InputError, naming the field, for a value outside FIELDS, and for a field that `rayverie.json` can't have.

    part: key of FIELDS; null counts as absent, except in SURFACE_…
    """
    for name, kind in FIELDS.get(part, {}).items():
        value = config.get(name)
        absent = value is None and not (part.startswith("surface_") and name in config)
        if not absent and not kind.fits(value):
            field = name if part == "own" else f"{part.removeprefix('surface_')}.{name}"
            raise InputError(path, field, f"is {reprlib.repr(value)}; it must be {kind}")
    if part == "own":
        if (config.get("version") or 0) > VERSION:
            problem = (
                f"is {config['version']}, but this program reads up to {VERSION}: the model needs a newer Rayverie"
            )
            raise InputError(path, "version", problem)
        refuse_unknown(path, "", config, (*OWN, *ELSEWHERE))


def refuse_unknown(path: object, part: str, config: Mapping[str, Any], known: Collection[str]) -> None:
    """Raise InputError, naming the field, for an unknown one. Names that start with "_" are allowed: libraries write them."""
    for name in config:
        if name not in known and not name.startswith("_"):
            problem = f"is no field that a model can have here{nearest(name, known)}"
            raise InputError(path, f"{part}.{name}" if part else name, problem)

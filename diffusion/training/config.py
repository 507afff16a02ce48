"""Training configurations: typed frozen dataclasses, read from YAML, overridden by key=value."""

from __future__ import annotations

import contextlib
import dataclasses
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from base.errors import InputError
from base.files import atomic_write
from base.reading import read_text
from base.typed import typed

T = TypeVar("T")


@dataclass(frozen=True)
class DataConfig:
    """The drawn data. folder: of the chunks; chunks: their number, with `pictures` pictures of `surfaces` new surfaces each;
    size: side of a picture in pixels."""

    folder: str = "out/train/data"
    chunks: int = 60
    pictures: int = 128
    surfaces: int = 48
    size: int = 256
    seed: int = 1


@dataclass(frozen=True)
class RunConfig:
    """The settings of every run.

    out: its folder. minutes: the run ends after them if above 0, otherwise after `steps`. log_every, save_every, sample_every: in
    steps. precision: of accelerate. threads: 0 uses torch's default. trackers: loggers besides the JSONL file.
    """

    out: str = "out/train/run"
    seed: int = 0
    batch: int = 32
    steps: int = 4000
    minutes: float = 0.0
    lr: float = 1e-3
    warmup: int = 200
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.0
    clip: float = 1.0
    ema_decay: float = 0.998
    log_every: int = 25
    save_every: int = 250
    sample_every: int = 250
    precision: str = "no"
    threads: int = 1
    trackers: tuple[str, ...] = ()


@dataclass(frozen=True)
class VaeConfig(RunConfig):
    """The autoencoder and its run.

    start: a model folder with the initial weights. width: channels of every layer. encoder_blocks, decoder_blocks: residual blocks at
    each of four resolutions. freeze_encoder: train only the decoder, so that latents don't change. noise: largest deviation of the
    noise added to latents, drawn for each picture. unit: loss weight that keeps latents near zero mean and unit deviation.
    edges, texture, low_resolution, chroma: loss weights. adversarial, features: loss weights of a critic and of its features; no
    critic is trained if both are 0. critic_width: its channels.
    """

    out: str = "out/train/vae"
    start: str = ""
    data: DataConfig = DataConfig()
    width: int = 32
    encoder_blocks: tuple[int, ...] = (0, 1, 2, 2)
    decoder_blocks: tuple[int, ...] = (2, 2, 2, 1)
    latent_channels: int = 8
    crop: int = 128
    batch: int = 8
    lr: float = 2e-3
    warmup: int = 100
    freeze_encoder: bool = False
    unit: float = 0.1
    noise: float = 0.1
    edges: float = 0.5
    texture: float = 2.0
    low_resolution: float = 1.0
    chroma: float = 3.0
    adversarial: float = 0.0
    features: float = 0.0
    critic_width: int = 24


@dataclass(frozen=True)
class UnetConfig(RunConfig):
    """The denoiser and its run.

    start: a model folder with the initial weights (`vae` may name a model folder too).
    objective: "v", "eps" or "x0"; schedule: "scaled_linear", "linear" or "cosine", zero_snr: rescaled to no signal at the last step;
    min_snr: gamma of Min-SNR weighting, 0 for none; snr_floor: least weight below SNR 1.
    crop: latent pixels; crop_wide is used in a share `wide` of the steps.
    focus: share of pictures trained on one of their surfaces only. guidances: scales of the sample grids.
    judge: file of the classifier used in evaluation; count: pictures per measure (the slower measures use a share of it).
    """

    out: str = "out/train/unet"
    start: str = ""
    data: DataConfig = DataConfig()
    vae: str = "out/train/vae"
    cache: str = "out/train/cache"
    channels: tuple[int, ...] = (64, 128, 128)
    layers: int = 1
    heads: int = 4
    groups: int = 16
    crop: int = 16
    crop_wide: int = 32
    wide: float = 0.1
    steps: int = 20000
    lr: float = 1.2e-3
    lr_end: float = 1e-4
    weight_decay: float = 0.01
    ema_decay: float = 0.9995
    objective: str = "v"
    schedule: str = "scaled_linear"
    zero_snr: bool = True
    min_snr: float = 5.0
    snr_floor: float = 0.25
    drop_text: float = 0.12
    drop_depth: float = 0.1
    focus: float = 0.7
    guidances: tuple[float, ...] = (1.0, 3.0, 5.0)
    sample_steps: int = 12
    judge: str = "tests/diffusion/data/judge.safetensors"
    count: int = 504
    sample_every: int = 1000

    def __post_init__(self) -> None:
        if self.zero_snr and self.objective == "eps":
            problem = (
                "is eps, which can't predict a picture from the pure noise of zero_snr; use v or x0, or zero_snr=false"
            )
            raise InputError("config", "objective", problem)


@dataclass(frozen=True)
class StudentConfig(UnetConfig):
    """The few-step student of `teacher` (a model folder) and its run. The student learns the result of guidance, with scale `guidance`
    from the share `guidance_start` of a run on, and needs none itself.

    method: "progressive" or "consistency". intervals: parts of the noise schedule; the student takes each in one step.
    substeps: the teacher's steps in each interval. teacher_precision: number format of the teacher, which isn't trained.
    parted: share of batches in which every surface has its own caption. reword: share of captions that the student gets reworded.
    reader: folder of the segmenter's run. obedience: loss weight of the segmenter, which checks that pictures show what was asked.
    """

    out: str = "out/train/few"
    teacher: str = "out/train/unet/model"
    teacher_precision: str = "no"
    method: str = "progressive"
    guidance: float = 7.0
    guidance_start: float = 0.25
    intervals: int = 4
    substeps: int = 3
    parted: float = 0.0
    reader: str = "out/train/reader"
    obedience: float = 0.0
    reword: float = 0.0
    sample_steps: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        if Path(self.teacher).resolve().is_relative_to(Path(self.out).resolve()):
            raise InputError(
                "config", "out", f"is {self.out}, which contains the teacher; a student needs its own folder"
            )


@dataclass(frozen=True)
class SegmenterConfig(UnetConfig):
    """The material segmenter of latents and its run. width: channels at full latent resolution, half as many as below it."""

    out: str = "out/train/reader"
    width: int = 64
    batch: int = 36
    steps: int = 3000
    lr: float = 3e-3
    ema_decay: float = 0.99
    sample_every: int = 500


@dataclass(frozen=True)
class JudgeConfig(RunConfig):
    """The classifier that judges samples, and its run.

    banks: sets of pictures, each with two surfaces of every material; pictures: in each set; validation: pictures in a held-out set
    texels: per block, smaller in tests; crop: pixels; width: channels of the first layers; start: a judge's file with initial weights
    """

    out: str = "out/train/judge"
    start: str = ""
    seed: int = 5000
    banks: int = 24
    pictures: int = 252
    validation: int = 420
    texels: int = 64
    width: int = 32
    crop: int = 112
    steps: int = 2400
    lr: float = 3e-3
    weight_decay: float = 0.02
    clip: float = 5.0
    ema_decay: float = 0.99
    save_every: int = 200
    sample_every: int = 400


ALLOWED = {
    "objective": ("v", "eps", "x0"),
    "schedule": ("scaled_linear", "linear", "cosine"),
    "method": ("progressive", "consistency"),
    "precision": ("no", "fp16", "bf16"),
    "teacher_precision": ("no", "fp16", "bf16"),
    "numbers": ("auto", "bfloat16", "float32"),
    "trackers": ("tensorboard", "wandb"),
}
POSITIVE = (
    "steps",
    "batch",
    "crop",
    "channels",
    "width",
    "critic_width",
    "banks",
    "validation",
    "texels",
    "intervals",
    "substeps",
    "count",
    "latent_channels",
    "lr",
    "chunks",
    "pictures",
    "surfaces",
    "save_every",
    "log_every",
)


def load_config(kind: type[T], path: str | Path, overrides: list[str] | tuple[str, ...] = ()) -> T:
    """Read a YAML file into `kind` and apply overrides "key=value" (nested: "data.seed=3").

    Raises InputError naming file and field for an unknown key, a wrong type or a value that isn't allowed.
    """
    values = _parse_yaml(read_text(path, "a configuration in YAML"), path, "") or {}
    if not isinstance(values, dict):
        raise InputError(path, "", "must hold `key: value` lines")
    for override in overrides:
        key, sign, text = override.partition("=")
        if not sign:
            raise InputError("override", override, "must be written key=value")
        place = values
        *parents, last = key.split(".")
        for parent in parents:
            place = place.setdefault(parent, {})
            if not isinstance(place, dict):
                raise InputError("override", key, f"doesn't exist: {parent} has no keys of its own")
        place[last] = _parse_yaml(text, "override", override)
    return build(kind, values, str(path))


def _parse_yaml(text: str, where: object, field: str) -> Any:
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(where, field, f"is not valid YAML ({str(error).splitlines()[0]})") from error


def build(kind: type[T], values: dict, where: str, prefix: str = "") -> T:
    """Build a config dataclass from plain values and check each of them. Raises InputError."""
    hints = typing.get_type_hints(kind)
    given = {}
    for key, value in values.items():
        if key not in hints:
            raise InputError(where, f"{prefix}{key}", f"is no key here; known are {', '.join(sorted(hints))}")
        given[key] = _check_value(hints[key], value, where, f"{prefix}{key}", key)
    return kind(**given)


def _check_value(hint: object, value: Any, where: str, field: str, key: str) -> Any:
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, dict):
            raise InputError(where, field, "must hold keys of its own")
        return build(hint, value, where, f"{field}.")  # type: ignore[arg-type]
    value = typed(hint, _coerce(hint, value), where, field)
    for item in value if isinstance(value, tuple) else (value,):
        if key in ALLOWED and item not in ALLOWED[key]:
            raise InputError(where, field, f"is {item!r}; allowed are {', '.join(ALLOWED[key])}")
        if key in POSITIVE and not item > 0:
            raise InputError(where, field, f"is {item!r}; it must be above 0")
    return value


def _coerce(hint: object, value: object) -> object:
    """Convert YAML values to the field's type: YAML reads 1e-3 as text, and a single item may stand for a list."""
    if typing.get_origin(hint) is tuple:
        items = value if isinstance(value, list | tuple) else [value]
        return [_coerce(typing.get_args(hint)[0], item) for item in items]
    if hint is float and isinstance(value, str):
        with contextlib.suppress(ValueError):
            return float(value)
    return value


def save_config(config: object, path: Path) -> None:
    """The resolved configuration as YAML, beside the weights."""

    def plain(value: object) -> object:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return list(value) if isinstance(value, tuple) else value

    with atomic_write(path) as temporary:
        temporary.write_text(yaml.safe_dump(plain(config), sort_keys=False), encoding="utf-8")

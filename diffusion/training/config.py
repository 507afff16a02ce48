"""The configurations of all commands, as frozen dataclasses; `config_files` reads them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DataConfig:
    """The drawn pictures.

    folder: of the chunks. chunks: their number, with `pictures` pictures of `surfaces` new surfaces each. size: side of a picture in
    pixels. seed: worlds that no run trains on have another (`data.pictures.unseen_data`).
    """

    folder: str = "out/surface/data"
    chunks: int = 130
    pictures: int = 192
    surfaces: int = 48
    size: int = 256
    seed: int = 1


@dataclass(frozen=True)
class RunConfig:
    """The settings of every run.

    out: its folder. minutes: the run ends after them if above 0, otherwise after `steps`. log_every, save_every, sample_every: in
    steps. save_minutes: a checkpoint is also written when the last one is this old. threads: 0 uses torch's default.
    lr: of Muon and Adam, whose updates have the same size. cooldown: share of the steps, at the end, in which the learning rate falls
    linearly to `lr_end`. numbers: what the network computes in, "auto", "bfloat16" or "float32"; the weights behind it are float32.
    auto: bfloat16 on a GPU and on processors that multiply them. compiled: whether torch.compile is used.
    """

    out: str = "out/surface/run"
    seed: int = 0
    batch: int = 32
    steps: int = 4000
    minutes: float = 0.0
    lr: float = 2e-3
    lr_end: float = 2e-5
    cooldown: float = 0.3
    warmup: int = 100
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.02
    clip: float = 1.0
    ema_decay: float = 0.998
    numbers: str = "auto"
    compiled: bool = True
    threads: int = 1
    log_every: int = 25
    save_every: int = 200
    save_minutes: float = 5.0
    sample_every: int = 1000


@dataclass(frozen=True)
class FeaturesConfig(RunConfig):
    """A network that names the surface of every 8×8 pixels: its features measure how alike pictures look. It is never the judge.

    channels: widths at a half, a quarter and an eighth of the picture's resolution. crop: pixels.
    """

    out: str = "out/surface/features"
    data: DataConfig = DataConfig()
    channels: tuple[int, ...] = (32, 64, 128)
    crop: int = 128
    batch: int = 12
    steps: int = 700


@dataclass(frozen=True)
class AutoencoderConfig(RunConfig):
    """The autoencoder and its run.

    start: a model folder whose weights a new run begins with. perceptual: the folder of a FeaturesConfig run, "" for none.
    surface: the decoder is told each pixel's surface, withheld from a share `drop` of the pictures.
    freeze_encoder: train only the decoder, so that latents don't change. crop: pixels.
    noise: largest deviation of the noise added to latents, drawn for each picture. unit: loss weight that keeps latents near zero mean
    and unit deviation. equivariance: weight of decoding halved latents to halved pictures (2502.14831, 2502.09509).
    likeness: weight of perceptual features. edges, texture, low_resolution, chroma: weights of `learners.picture_loss`.
    adversarial, features: weights of a critic and of its features; no critic is trained if both are 0. critic_width: its channels.
    """

    out: str = "out/surface/autoencoder"
    start: str = ""
    data: DataConfig = DataConfig()
    perceptual: str = "out/surface/features"
    latent_channels: int = 16
    encoder_channels: tuple[int, ...] = (48, 96, 160)
    encoder_blocks: tuple[int, ...] = (1, 2, 3)
    decoder_channels: tuple[int, ...] = (64, 112, 192)
    decoder_blocks: tuple[int, ...] = (2, 2, 3)
    surface: bool = False
    drop: float = 0.2
    freeze_encoder: bool = False
    crop: int = 128
    batch: int = 8
    steps: int = 6000
    noise: float = 0.1
    unit: float = 0.1
    equivariance: float = 0.25
    likeness: float = 0.3
    edges: float = 0.5
    texture: float = 2.0
    low_resolution: float = 1.0
    chroma: float = 3.0
    adversarial: float = 0.0
    features: float = 0.0
    critic_width: int = 32


@dataclass(frozen=True)
class DenoiserConfig(RunConfig):
    """The denoiser, its run and its evaluation.

    start: a model folder whose weights a new run begins with. autoencoder: the run whose latents are learnt; cache: where they are kept.
    decoder: the run whose decoder shows pictures, "" for the autoencoder's own.
    crop: latent pixels. drop_words, drop_place, drop_shape: shares of the pictures trained without prompts, without u and v, without the
    rest of the geometry. centre, spread: of the noise levels' logits; even: share of levels drawn evenly; pure: share of pure noise.
    guidance, sample_steps: of samples.
    model: a model folder to evaluate instead of the run, "" for the run. judge: the classifier's file. count: pictures that each measure
    of the evaluation is asked for. measures: those to take, () for all.
    """

    out: str = "out/surface/denoiser"
    start: str = ""
    data: DataConfig = DataConfig()
    autoencoder: str = "out/surface/autoencoder"
    decoder: str = ""
    cache: str = "out/surface/cells"
    channels: tuple[int, ...] = (96, 160, 192)
    blocks: int = 2
    heads: int = 6
    crop: int = 24
    batch: int = 32
    steps: int = 20000
    drop_words: float = 0.1
    drop_place: float = 0.08
    drop_shape: float = 0.05
    centre: float = 0.2
    spread: float = 1.2
    even: float = 0.15
    pure: float = 0.06
    ema_decay: float = 0.999
    guidance: float = 1.5
    sample_steps: int = 8
    model: str = ""
    judge: str = "diffusion/embedded/judge.safetensors"
    count: int = 504
    measures: tuple[str, ...] = ()


@dataclass(frozen=True)
class JudgeConfig(RunConfig):
    """The classifier that judges samples, and its run.

    banks: sets of pictures, each with two surfaces of every material; pictures: in each set; validation: pictures in a held-out set.
    texels: per block, smaller in tests. crop: pixels. width: channels of the first layers. start: a judge's file with initial weights.
    """

    out: str = "out/surface/judge"
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
    clip: float = 5.0
    ema_decay: float = 0.99
    numbers: str = "float32"
    compiled: bool = False
    sample_every: int = 400

"""Configurations of the runs in this room."""

from __future__ import annotations

from dataclasses import dataclass

from diffusion.training.config import DataConfig, RunConfig

FOUND = DataConfig(folder="out/surface/data", chunks=130, pictures=192)


@dataclass(frozen=True)
class FastConfig(RunConfig):
    """A run with float32 weights behind a network of `numbers` ("auto", "bfloat16", "float32"), compiled or not.

    auto: bfloat16 where the processor multiplies matrices of it (AMX) or there is a GPU. lr: of Muon and of Adam alike, whose updates have
    the same size. cooldown: share of the steps, the last ones, in which the learning rate falls linearly to `lr_end`.
    save_minutes: a checkpoint is written when the last one is so old, however few steps there were since.
    Chunks of data that are missing are not drawn: a run uses those that are there, and looks for more at every checkpoint.
    """

    data: DataConfig = FOUND
    numbers: str = "auto"
    compiled: bool = True
    lr: float = 2e-3
    lr_end: float = 2e-5
    cooldown: float = 0.3
    warmup: int = 100
    weight_decay: float = 0.02
    ema_decay: float = 0.998
    save_every: int = 200
    save_minutes: float = 5.0
    sample_every: int = 1000


@dataclass(frozen=True)
class FeaturesConfig(FastConfig):
    """A network that names the surface of every 8×8 pixels: its features measure how alike pictures look. It is never the judge.

    channels: widths at a half, a quarter and an eighth of the picture's resolution. crop: pixels.
    """

    out: str = "out/surface/features"
    channels: tuple[int, ...] = (32, 64, 128)
    crop: int = 128
    batch: int = 12
    steps: int = 700


@dataclass(frozen=True)
class AutoencoderConfig(FastConfig):
    """The autoencoder and its run.

    start: a model folder whose weights a new run begins with. perceptual: the folder of a FeaturesConfig run, "" for none.
    surface: the decoder is told each pixel's surface, withheld from a share `drop` of the pictures.
    freeze_encoder: the decoder alone learns, and latents stay what they are. crop: pixels.
    noise: the most deviation of what is added to latents, each picture its own. unit: weight that holds latents near zero mean and unit
    deviation. equivariance: weight of decoding halved latents to halved pictures (2502.14831, 2502.09509).
    likeness: weight of perceptual features.
    edges, texture, low_resolution, chroma: as in `diffusion.training.config.VaeConfig`. adversarial, features: weights of a critic's
    verdict and of its features, `critic_width` wide; there is no critic where both are 0.
    """

    out: str = "out/surface/autoencoder"
    start: str = ""
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
class DenoiserConfig(FastConfig):
    """The denoiser and its run.

    start: a model folder whose weights a new run begins with. autoencoder: the run whose latents are learnt; cache: where they are kept.
    crop: latent pixels. drop_words, drop_place, drop_shape: shares of the pictures trained without prompts, without u and v, without the
    rest of the geometry. centre, spread: of the noise levels' logits; even: share of levels drawn evenly; pure: share of nothing but noise.
    guidance, sample_steps: of samples. count: walls of each material and distance that an evaluation looks at.
    """

    out: str = "out/surface/denoiser"
    start: str = ""
    autoencoder: str = "out/surface/autoencoder"
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
    guidance: float = 1.5
    sample_steps: int = 8
    count: int = 4
    ema_decay: float = 0.999

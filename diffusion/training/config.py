"""The configurations of all commands, as frozen dataclasses; `config_files` reads them."""

from __future__ import annotations

from dataclasses import dataclass

from base.settings import option

MANY = 10**9
NUMBERS = ("auto", "bfloat16", "float32")
COUNT, SHARE, RATE, WEIGHT = (1, MANY), (0.0, 1.0), (1e-9, 10.0), (0.0, 1e6)


@dataclass(frozen=True)
class DataConfig:
    """The drawn pictures."""

    folder: str = option("out/surface/data", "Folder that holds the chunks.")
    chunks: int = option(130, "Number of chunks to draw.", range=COUNT)
    pictures: int = option(192, "Pictures per chunk.", range=COUNT)
    surfaces: int = option(48, "Surfaces drawn anew for each chunk.", range=COUNT)
    size: int = option(256, "Width and height of a picture in pixels.", range=COUNT)
    zoom: int = option(1, "Magnification: 2 draws each view with twice as many pixels along each side.", range=(1, 8))
    texels: int = option(64, "Texels of a surface per block.", range=COUNT)
    seed: int = option(
        1,
        "Random seed of the training worlds. Held-out worlds use another seed (`data.pictures.choose_held_out_worlds`).",
    )


@dataclass(frozen=True)
class RunConfig:
    """Settings that all runs share."""

    out: str = option("out/surface/run", "The run's folder.")
    seed: int = option(0, "Random seed for initial weights, batches and noise.")
    batch: int = option(32, "Pictures per batch.", range=COUNT)
    accumulate: int = option(
        1,
        "Gradient accumulation: each step averages the gradients of this many batches, using the memory of one.",
        range=(1, 10_000),
    )
    steps: int = option(4000, "Number of optimiser steps.", range=COUNT)
    minutes: float = option(
        0.0, "If above 0, the run ends after this many minutes instead of after `steps`.", range=(0.0, MANY)
    )
    lr: float = option(2e-3, "Learning rate. Muon and Adam share it, as their updates have the same size.", range=RATE)
    lr_end: float = option(2e-5, "Learning rate at the end of the run.", range=(0.0, 10.0))
    cooldown: float = option(
        0.3, "Share of the run, at its end, over which the learning rate falls linearly to `lr_end`.", range=SHARE
    )
    warmup: int = option(100, "Steps over which the learning rate rises from 0.", range=(0, MANY))
    betas: tuple[float, float] = option((0.9, 0.99), "Of Adam.", range=SHARE)
    weight_decay: float = option(0.02, "Of Muon.", range=WEIGHT)
    clip: float = option(1.0, "Gradients with a larger norm than this are scaled down.", range=(1e-9, MANY))
    ema_decay: float = option(0.998, "Decay of the averaged weights per step.", range=SHARE)
    numbers: str = option(
        "auto",
        "Number format for computing; master weights are always float32. auto: bfloat16 on GPUs and on CPUs that support it.",
        choices=NUMBERS,
    )
    compiled: bool = option(True, "Use torch.compile.")
    threads: int = option(1, "Number of CPU threads; 0 keeps PyTorch's default.", range=(0, MANY))
    log_every: int = option(25, "Steps between log lines.", range=COUNT)
    save_every: int = option(200, "Steps between checkpoints.", range=COUNT)
    save_minutes: float = option(5.0, "Write a checkpoint at least this often, in minutes.", range=(0.0, MANY))
    sample_every: int = option(1000, "Steps between sheets of samples.", range=COUNT)

    @property
    def pictures_in_step(self) -> int:
        """Pictures per optimiser step: `batch` times `accumulate`."""
        return self.batch * self.accumulate


@dataclass(frozen=True)
class FeaturesConfig(RunConfig):
    """A network that names the surface in each 8×8-pixel cell. Its features measure perceptual similarity; it never judges evaluations."""

    out: str = option("out/surface/features", "The run's folder.")
    data: DataConfig = DataConfig()
    channels: tuple[int, ...] = option(
        (32, 64, 128), "Channels at 1/2, 1/4 and 1/8 of the picture's resolution.", range=COUNT
    )
    crop: int = option(128, "Side of a crop in pixels.", range=COUNT)
    batch: int = option(12, "Pictures per batch.", range=COUNT)
    steps: int = option(700, "Number of optimiser steps.", range=COUNT)


@dataclass(frozen=True)
class AutoencoderConfig(RunConfig):
    """The autoencoder and its run. `learners.picture_loss` explains the picture losses."""

    out: str = option("out/surface/autoencoder", "The run's folder.")
    start: str = option("", "Model folder with the initial weights of a new run.")
    data: DataConfig = DataConfig()
    perceptual: str = option("out/surface/features", 'Folder of a features run, for the perceptual loss; "" for none.')
    latent_channels: int = option(16, "Channels of the latents.", range=COUNT)
    encoder_channels: tuple[int, ...] = option(
        (48, 96, 160), "Channels of the encoder's levels, from fine to coarse.", range=COUNT
    )
    encoder_blocks: tuple[int, ...] = option((1, 2, 3), "Residual blocks at each level of the encoder.", range=(0, 100))
    decoder_channels: tuple[int, ...] = option(
        (64, 112, 192), "Channels of the decoder's levels, from fine to coarse.", range=COUNT
    )
    decoder_blocks: tuple[int, ...] = option((2, 2, 3), "Residual blocks at each level of the decoder.", range=(0, 100))
    surface: bool = option(False, "Condition the decoder on each pixel's surface.")
    drop: float = option(0.2, "Share of training pictures whose surface is hidden from the decoder.", range=SHARE)
    freeze_encoder: bool = option(False, "Train only the decoder, so that latents stay the same.")
    crop: int = option(128, "Side of a crop in pixels.", range=COUNT)
    batch: int = option(8, "Pictures per batch.", range=COUNT)
    steps: int = option(6000, "Number of optimiser steps.", range=COUNT)
    noise: float = option(
        0.1, "Maximum standard deviation of the noise added to latents; each picture gets its own.", range=WEIGHT
    )
    unit: float = option(
        0.1, "Weight of the penalty that keeps latents near zero mean and unit deviation.", range=WEIGHT
    )
    equivariance: float = option(
        0.25,
        "Weight of the scale-equivariance loss: half-size latents decode to a half-size picture (2502.14831, 2502.09509).",
        range=WEIGHT,
    )
    likeness: float = option(0.3, "Weight of the perceptual loss.", range=WEIGHT)
    edges: float = option(0.5, "Weight of gradients.", range=WEIGHT)
    texture: float = option(
        2.0, "Weight of the texture loss: the strength of gradients in 8-pixel windows.", range=WEIGHT
    )
    low_resolution: float = option(1.0, "Weight of the loss on the downscaled picture.", range=WEIGHT)
    chroma: float = option(3.0, "Weight of the chroma loss.", range=WEIGHT)
    adversarial: float = option(0.0, "Weight of the adversarial loss.", range=WEIGHT)
    features: float = option(
        0.0, "Weight of feature matching in the critic. If both weights are 0, no critic is trained.", range=WEIGHT
    )
    critic_width: int = option(32, "Channels of the critic.", range=COUNT)


@dataclass(frozen=True)
class DenoiserConfig(RunConfig):
    """The denoiser, its run and its evaluation."""

    out: str = option("out/surface/denoiser", "The run's folder.")
    start: str = option("", "Model folder with the initial weights of a new run.")
    data: DataConfig = DataConfig()
    autoencoder: str = option(
        "out/surface/autoencoder", "Folder of the autoencoder run whose latents the denoiser learns."
    )
    decoder: str = option(
        "", 'Folder of the run whose decoder is used for samples and shipped; "" for the autoencoder\'s own.'
    )
    cache: str = option("out/surface/cells", "Folder for cached latents.")
    channels: tuple[int, ...] = option(
        (96, 160, 192), "Channels of the U-Net's levels, from fine to coarse.", range=COUNT
    )
    blocks: int = option(2, "Blocks at each level, on the way down and again on the way up.", range=(1, 100))
    heads: int = option(6, "Number of attention heads.", range=(1, 1000))
    crop: int = option(
        24, "Side of a crop in latent pixels. 0 trains on whole pictures, one size per step.", range=(0, MANY)
    )
    batch: int = option(32, "Pictures per batch.", range=COUNT)
    steps: int = option(20000, "Number of optimiser steps.", range=COUNT)
    drop_words: float = option(
        0.1, "Share of training pictures without a prompt, for classifier-free guidance.", range=SHARE
    )
    drop_place: float = option(0.08, "Share of training pictures without u and v.", range=SHARE)
    drop_shape: float = option(0.05, "Share of training pictures without the rest of the geometry.", range=SHARE)
    centre: float = option(0.2, "Mean of the logit-normal distribution of noise levels.", range=(-100.0, 100.0))
    spread: float = option(
        1.2, "Standard deviation of the logit-normal distribution of noise levels.", range=(0.0, 100.0)
    )
    even: float = option(0.15, "Share of noise levels drawn from a uniform distribution instead.", range=SHARE)
    pure: float = option(0.06, "Share of training pictures at pure noise.", range=SHARE)
    ema_decay: float = option(0.999, "Decay of the averaged weights per step.", range=SHARE)
    guidance: float = option(1.5, "Of samples.", range=(-100.0, 100.0))
    sample_steps: int = option(8, "Of samples.", range=(1, 1000))
    weights: str = option(
        "ema",
        "Weights to ship and evaluate: ema, the averaged ones, or raw, those of the last step; both ships both and evaluates ema.",
        choices=("ema", "raw", "both"),
    )
    target: str = option("", 'Folder that `ship` writes to; "" replaces the embedded model.')
    model: str = option("", 'Model folder to evaluate; "" evaluates this run.')
    judge: str = option("diffusion/embedded/judge.safetensors", "File of the classifier that judges samples.")
    count: int = option(504, "Pictures per measure of the evaluation.", range=COUNT)
    measures: tuple[str, ...] = option((), "Measures to take; empty takes all.")


@dataclass(frozen=True)
class JudgeConfig(RunConfig):
    """The classifier that judges samples, and its run."""

    out: str = option("out/surface/judge", "The run's folder.")
    start: str = option("", "File with the initial weights.")
    seed: int = option(5000, "Random seed; it must belong to worlds that nothing else uses.")
    banks: int = option(24, "Sets of training pictures. Each draws two surfaces of every material.", range=COUNT)
    pictures: int = option(252, "Pictures per set.", range=COUNT)
    validation: int = option(420, "Pictures in the validation set.", range=COUNT)
    texels: int = option(64, "Texels of a surface per block; tests use fewer.", range=COUNT)
    width: int = option(32, "Channels of the first layer.", range=COUNT)
    crop: int = option(112, "Side of a crop in pixels.", range=COUNT)
    steps: int = option(2400, "Number of optimiser steps.", range=COUNT)
    lr: float = option(3e-3, "Learning rate.", range=RATE)
    clip: float = option(5.0, "Gradients with a larger norm than this are scaled down.", range=(1e-9, MANY))
    ema_decay: float = option(0.99, "Decay of the averaged weights per step.", range=SHARE)
    numbers: str = option("float32", "Number format for computing.", choices=NUMBERS)
    compiled: bool = option(False, "Use torch.compile.")
    sample_every: int = option(400, "Steps between sheets of samples.", range=COUNT)


@dataclass(frozen=True)
class UpscalerConfig(RunConfig):
    """The network that enlarges pictures, and its run. It learns to restore drawn pictures that were downscaled."""

    out: str = option("out/upscaler", "The run's folder.")
    start: str = option(
        "",
        'File of a Compact network with the initial weights of a new run, or "embedded"; layers that it lacks begin as identities.',
    )
    data: DataConfig = DataConfig()
    scale: int = option(2, "Enlargement along each side.", range=(2, 4))
    channels: int = option(32, "Channels of each hidden layer.", range=COUNT)
    layers: int = option(8, "Number of convolutions between the first and the last.", range=COUNT)
    crop: int = option(80, "Side of a crop of the full-size picture in pixels.", range=COUNT)
    batch: int = option(8, "Pictures per batch.", range=COUNT)
    noise: float = option(
        0.006, "Maximum standard deviation of the noise added to downscaled pictures (pixels are 0 to 1).", range=SHARE
    )
    disturbed: float = option(
        0.12, "Share of downscaled pictures that get noise; the same share gets JPEG compression.", range=SHARE
    )
    edges: float = option(0.5, "Weight of gradients.", range=WEIGHT)
    ema_decay: float = option(0.999, "Decay of the averaged weights per step.", range=SHARE)
    sample_every: int = option(2000, "Steps between sheets of samples.", range=COUNT)

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

    folder: str = option("out/surface/data", "Folder of the chunks.")
    chunks: int = option(130, "Number of chunks.", range=COUNT)
    pictures: int = option(192, "Pictures in a chunk.", range=COUNT)
    surfaces: int = option(48, "New surfaces in a chunk.", range=COUNT)
    size: int = option(256, "Side of a picture in pixels.", range=COUNT)
    zoom: int = option(1, "Pixels for one of the usual picture, along a side: more show the same finer.", range=(1, 8))
    texels: int = option(64, "Texels of a surface per block.", range=COUNT)
    seed: int = option(1, "Worlds that no run trains on have another (`data.pictures.choose_held_out_worlds`).")


@dataclass(frozen=True)
class RunConfig:
    """The settings of every run."""

    out: str = option("out/surface/run", "The run's folder.")
    seed: int = option(0, "Of initial weights, batches and noise.")
    batch: int = option(32, "Pictures in a step, or in each part of one.", range=COUNT)
    accumulate: int = option(
        1, "Parts of a step: it has so many times `batch` pictures, in the memory of `batch`.", range=(1, 10_000)
    )
    steps: int = option(4000, "Steps of the run.", range=COUNT)
    minutes: float = option(0.0, "Above 0 the run ends after them, otherwise after `steps`.", range=(0.0, MANY))
    lr: float = option(2e-3, "Learning rate of Muon and Adam, whose updates have the same size.", range=RATE)
    lr_end: float = option(2e-5, "Learning rate at the end.", range=(0.0, 10.0))
    cooldown: float = option(0.3, "Share of the steps, at the end, in which the rate falls linearly.", range=SHARE)
    warmup: int = option(100, "Steps in which the rate rises.", range=(0, MANY))
    betas: tuple[float, float] = option((0.9, 0.99), "Of Adam.", range=SHARE)
    weight_decay: float = option(0.02, "Of Muon.", range=WEIGHT)
    clip: float = option(1.0, "Largest norm of the gradient.", range=(1e-9, MANY))
    ema_decay: float = option(0.998, "Of the averaged weights, for each step.", range=SHARE)
    numbers: str = option(
        "auto",
        "What the network computes in; the weights behind it are float32. auto: bfloat16 on a GPU and on processors that multiply it.",
        choices=NUMBERS,
    )
    compiled: bool = option(True, "Use torch.compile.")
    threads: int = option(1, "0 uses torch's default.", range=(0, MANY))
    log_every: int = option(25, "Steps between two lines of the log.", range=COUNT)
    save_every: int = option(200, "Steps between two checkpoints.", range=COUNT)
    save_minutes: float = option(5.0, "A checkpoint is also written when the last one is this old.", range=(0.0, MANY))
    sample_every: int = option(1000, "Steps between two sheets of samples.", range=COUNT)

    @property
    def pictures_in_step(self) -> int:
        """Those of all parts."""
        return self.batch * self.accumulate


@dataclass(frozen=True)
class FeaturesConfig(RunConfig):
    """A network that names the surface of every 8×8 pixels: its features measure how alike pictures look. It is never the judge."""

    out: str = option("out/surface/features", "The run's folder.")
    data: DataConfig = DataConfig()
    channels: tuple[int, ...] = option(
        (32, 64, 128), "Widths at a half, a quarter and an eighth of the picture's resolution.", range=COUNT
    )
    crop: int = option(128, "Side of a crop in pixels.", range=COUNT)
    batch: int = option(12, "Pictures in a step, or in each part of one.", range=COUNT)
    steps: int = option(700, "Steps of the run.", range=COUNT)


@dataclass(frozen=True)
class AutoencoderConfig(RunConfig):
    """The autoencoder and its run. Losses on pictures: `learners.picture_loss`."""

    out: str = option("out/surface/autoencoder", "The run's folder.")
    start: str = option("", "A model folder whose weights a new run begins with.")
    data: DataConfig = DataConfig()
    perceptual: str = option("out/surface/features", 'Folder of a FeaturesConfig run, "" for none.')
    latent_channels: int = option(16, "Channels of the latents.", range=COUNT)
    encoder_channels: tuple[int, ...] = option(
        (48, 96, 160), "Widths of the encoder, from fine to coarse.", range=COUNT
    )
    encoder_blocks: tuple[int, ...] = option((1, 2, 3), "Residual blocks of the encoder.", range=(0, 100))
    decoder_channels: tuple[int, ...] = option(
        (64, 112, 192), "Widths of the decoder, from fine to coarse.", range=COUNT
    )
    decoder_blocks: tuple[int, ...] = option((2, 2, 3), "Residual blocks of the decoder.", range=(0, 100))
    surface: bool = option(False, "Tell the decoder each pixel's surface.")
    drop: float = option(0.2, "Share of the pictures from which the surface is withheld.", range=SHARE)
    freeze_encoder: bool = option(False, "Train only the decoder, so that latents don't change.")
    crop: int = option(128, "Side of a crop in pixels.", range=COUNT)
    batch: int = option(8, "Pictures in a step, or in each part of one.", range=COUNT)
    steps: int = option(6000, "Steps of the run.", range=COUNT)
    noise: float = option(0.1, "Largest deviation of the noise added to latents, drawn for each picture.", range=WEIGHT)
    unit: float = option(0.1, "Weight that keeps latents near zero mean and unit deviation.", range=WEIGHT)
    equivariance: float = option(
        0.25, "Weight of decoding halved latents to halved pictures (2502.14831, 2502.09509).", range=WEIGHT
    )
    likeness: float = option(0.3, "Weight of perceptual features.", range=WEIGHT)
    edges: float = option(0.5, "Weight of gradients.", range=WEIGHT)
    texture: float = option(2.0, "Weight of the strength of gradients.", range=WEIGHT)
    low_resolution: float = option(1.0, "Weight of the picture made small.", range=WEIGHT)
    chroma: float = option(3.0, "Weight of hues.", range=WEIGHT)
    adversarial: float = option(0.0, "Weight of a critic.", range=WEIGHT)
    features: float = option(0.0, "Weight of the critic's features; none is trained if both are 0.", range=WEIGHT)
    critic_width: int = option(32, "Channels of the critic.", range=COUNT)


@dataclass(frozen=True)
class DenoiserConfig(RunConfig):
    """The denoiser, its run and its evaluation."""

    out: str = option("out/surface/denoiser", "The run's folder.")
    start: str = option("", "A model folder whose weights a new run begins with.")
    data: DataConfig = DataConfig()
    autoencoder: str = option("out/surface/autoencoder", "The run whose latents are learnt.")
    decoder: str = option("", 'The run whose decoder shows pictures, "" for the autoencoder\'s own.')
    cache: str = option("out/surface/cells", "Where latents are kept.")
    channels: tuple[int, ...] = option((96, 160, 192), "Widths, from fine to coarse.", range=COUNT)
    blocks: int = option(2, "Blocks at each level, down and up.", range=(1, 100))
    heads: int = option(6, "Heads of the attention.", range=(1, 1000))
    crop: int = option(
        24, "Side of a crop in latent pixels; 0 takes whole pictures, all of a step of one size.", range=(0, MANY)
    )
    batch: int = option(32, "Pictures in a step, or in each part of one.", range=COUNT)
    steps: int = option(20000, "Steps of the run.", range=COUNT)
    drop_words: float = option(0.1, "Share of the pictures trained without prompts.", range=SHARE)
    drop_place: float = option(0.08, "Share trained without u and v.", range=SHARE)
    drop_shape: float = option(0.05, "Share trained without the rest of the geometry.", range=SHARE)
    centre: float = option(0.2, "Mean of the noise levels' logits.", range=(-100.0, 100.0))
    spread: float = option(1.2, "Deviation of the noise levels' logits.", range=(0.0, 100.0))
    even: float = option(0.15, "Share of noise levels drawn evenly.", range=SHARE)
    pure: float = option(0.06, "Share of pure noise.", range=SHARE)
    ema_decay: float = option(0.999, "Of the averaged weights, for each step.", range=SHARE)
    guidance: float = option(1.5, "Of samples.", range=(-100.0, 100.0))
    sample_steps: int = option(8, "Of samples.", range=(1, 1000))
    weights: str = option(
        "ema",
        "Which weights are shipped and evaluated: the averaged ones, or those of the last step.",
        choices=("ema", "raw"),
    )
    target: str = option("", 'Folder that `ship` writes, "" for the embedded model.')
    model: str = option("", 'A model folder to evaluate instead of the run, "" for the run.')
    judge: str = option("diffusion/embedded/judge.safetensors", "The classifier's file.")
    count: int = option(504, "Pictures that each measure of the evaluation is asked for.", range=COUNT)
    measures: tuple[str, ...] = option((), "Those to take, () for all.")


@dataclass(frozen=True)
class JudgeConfig(RunConfig):
    """The classifier that judges samples, and its run."""

    out: str = option("out/surface/judge", "The run's folder.")
    start: str = option("", "A judge's file with initial weights.")
    seed: int = option(5000, "Of worlds that nothing else uses.")
    banks: int = option(24, "Sets of pictures, each with two surfaces of every material.", range=COUNT)
    pictures: int = option(252, "Pictures in a set.", range=COUNT)
    validation: int = option(420, "Pictures in a held-out set.", range=COUNT)
    texels: int = option(64, "Per block; smaller in tests.", range=COUNT)
    width: int = option(32, "Channels of the first layers.", range=COUNT)
    crop: int = option(112, "Side of a crop in pixels.", range=COUNT)
    steps: int = option(2400, "Steps of the run.", range=COUNT)
    lr: float = option(3e-3, "Learning rate.", range=RATE)
    clip: float = option(5.0, "Largest norm of the gradient.", range=(1e-9, MANY))
    ema_decay: float = option(0.99, "Of the averaged weights, for each step.", range=SHARE)
    numbers: str = option("float32", "What the network computes in.", choices=NUMBERS)
    compiled: bool = option(False, "Use torch.compile.")
    sample_every: int = option(400, "Steps between two sheets of samples.", range=COUNT)


@dataclass(frozen=True)
class UpscalerConfig(RunConfig):
    """The network that enlarges pictures, and its run. It learns from drawn pictures that were made small."""

    out: str = option("out/upscaler", "The run's folder.")
    data: DataConfig = DataConfig()
    scale: int = option(2, "Pixels for one, along a side.", range=(2, 4))
    channels: int = option(32, "Of every layer.", range=COUNT)
    layers: int = option(8, "Convolutions between the first and the last.", range=COUNT)
    crop: int = option(80, "Side of a crop of the large picture in pixels.", range=COUNT)
    batch: int = option(8, "Pictures in a step.", range=COUNT)
    noise: float = option(
        0.006, "Largest deviation of the noise of small pictures, whose pixels are 0 to 1.", range=SHARE
    )
    disturbed: float = option(0.12, "Share of the small pictures with noise; as many are compressed.", range=SHARE)
    edges: float = option(0.5, "Weight of gradients.", range=WEIGHT)
    ema_decay: float = option(0.999, "Of the averaged weights, for each step.", range=SHARE)
    sample_every: int = option(2000, "Steps between two sheets of samples.", range=COUNT)

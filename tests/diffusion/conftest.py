"""Tiny random models of the layouts that Rayverie loads, and closed-form denoisers whose every answer is known."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderTiny, DDIMScheduler, UNet2DConditionModel

from diffusion.canvas import Canvas, Guide, Region, Surface
from diffusion.loaders.loading import load_model
from diffusion.models.model import Model
from diffusion.models.prompt_words import Words, group_words
from diffusion.models.surface_autoencoder import SurfaceAutoencoder
from diffusion.models.surface_conditions import FINE, HARMONICS, SHAPE
from diffusion.models.surface_unet import SurfaceUNet

# A mixture of three Gaussians in two channels, with its exact denoiser: weights, means [K,2], deviations.
WEIGHTS = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
MEANS = torch.tensor([[1.5, -0.5], [-1.0, 1.0], [0.0, -2.0]], dtype=torch.float64)
DEVIATIONS = torch.tensor([0.5, 0.4, 0.3], dtype=torch.float64)


def mixture_denoised(x: torch.Tensor, sigma: float) -> torch.Tensor:
    """E[x0 | x] for x = x0 + sigma·n, x0 from the mixture above. x: float64 [B,2,h,w]; each pixel by itself."""
    points = x.movedim(1, -1)[..., None, :]
    spread = DEVIATIONS**2 + sigma**2
    distance = ((points - MEANS) ** 2).sum(-1)
    share = torch.softmax(WEIGHTS.log() - spread.log() - distance / (2 * spread), -1)  # two channels: det = spread²
    means = MEANS + (DEVIATIONS**2 / spread)[:, None] * (points - MEANS)
    return (share[..., None] * means).sum(-2).movedim(-1, 1)


def reference_start() -> torch.Tensor:
    """float64 [4,2,2,2] at sigma 14: what k_diffusion_reference.json starts from."""
    return 14.0 * torch.cos(torch.arange(32, dtype=torch.float64) * 1.7).view(4, 2, 2, 2)


def reference_noise(sigma: float, sigma_next: float) -> torch.Tensor:
    """Noise that is a function of the two levels, the same for both implementations."""
    place = torch.arange(32, dtype=torch.float64) * 2.3 + 10 * sigma + 7 * sigma_next
    return (1.4 * torch.sin(place)).view(4, 2, 2, 2)


@pytest.fixture(scope="session")
def mixture():
    """The closed-form denoiser (x, sigma) → x0."""
    return mixture_denoised


@pytest.fixture
def reference_of():
    """Where k_diffusion_reference.json starts and the noise it is made with."""
    return SimpleNamespace(start=reference_start, noise=reference_noise)


class WordEncoder:
    """A text encoder without weights: each prompt's context comes from its own hash; "" is all zeros."""

    pooled = 0
    clips = ()

    def __init__(self, tokens: int = 6, width: int = 16) -> None:
        self.tokens, self.width = tokens, width

    def encode(self, prompts: list[str]) -> torch.Tensor:
        rows = []
        for prompt in prompts:
            generator = torch.Generator().manual_seed(sum(ord(c) * 31**i for i, c in enumerate(prompt)) % 2**31)
            context = torch.randn((self.tokens, self.width), generator=generator)
            rows.append(context if prompt else context * 0)
        return torch.stack(rows)

    def words(self, prompt: str) -> Words:
        """The letters, as far as there are rows for them."""
        return group_words([f" {letter}" for letter in prompt[: self.tokens]] + [""] * (self.tokens - len(prompt)))


def write_pipeline(
    folder: Path,
    *,
    channels: int,
    extra: int,
    width: int,
    scheduler: dict,
    tiny_vae: bool = False,
    vae_attention: bool = False,
    **unet: Any,
) -> Path:
    """A pipeline folder in diffusers' layout with random weights (seeded), without text encoder. unet: more of its configuration."""
    torch.manual_seed(0)
    common = dict(
        sample_size=8,
        in_channels=channels + extra,
        out_channels=channels,
        block_out_channels=(8, 16),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=width,
        attention_head_dim=2,
        norm_num_groups=4,
    )
    UNet2DConditionModel(**(common | unet)).save_pretrained(folder / "unet")
    if tiny_vae:
        vae = AutoencoderTiny(
            latent_channels=channels,
            encoder_block_out_channels=(8, 8, 8, 8),
            decoder_block_out_channels=(8, 8, 8, 8),
            num_encoder_blocks=(1, 1, 1, 1),
            num_decoder_blocks=(1, 1, 1, 1),
        )
    else:
        vae = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(4, 4, 8, 8),
            layers_per_block=1,
            latent_channels=channels,
            norm_num_groups=2,
            scaling_factor=1.0 if extra else 0.18215,
            mid_block_add_attention=vae_attention,
        )
    vae.save_pretrained(folder / "vae")
    DDIMScheduler(**scheduler).save_pretrained(folder / "scheduler")
    parts = {
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", type(vae).__name__],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        **{none: [None, None] for none in ("safety_checker", "feature_extractor", "image_encoder")},
    }
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline"} | parts))
    return folder


LETTERS = [*"abcdefghijklmnopqrstuvwxyz"]
WORDS = ["!", "!</w>", *LETTERS, *(f"{c}</w>" for c in LETTERS), "<|startoftext|>", "<|endoftext|>"]


def write_clip(
    folder: Path,
    width: int,
    place: str = "",
    *,
    layers: int = 1,
    projection: int = 0,
    hidden_act: str = "quick_gelu",
    **tokens: str,
) -> None:
    """A tiny CLIP text encoder and tokenizer beside the other parts. place: "_2" for SDXL's second, which has a projection."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

    torch.manual_seed(1 + projection)
    tokenizer = CLIPTokenizer(vocab={word: i for i, word in enumerate(WORDS)}, merges=[], model_max_length=77, **tokens)
    tokenizer.save_pretrained(folder / f"tokenizer{place}")
    config = CLIPTextConfig(
        vocab_size=len(WORDS),
        hidden_size=width,
        intermediate_size=16,
        num_hidden_layers=layers,
        hidden_act=hidden_act,
        num_attention_heads=2,
        max_position_embeddings=77,
        projection_dim=projection or width,
        bos_token_id=len(WORDS) - 2,
        eos_token_id=len(WORDS) - 1,
        pad_token_id=len(WORDS) - 1,
    )
    kind = CLIPTextModelWithProjection if projection else CLIPTextModel
    kind(config).save_pretrained(folder / f"text_encoder{place}")


EMBEDDED_LIKE = {
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
    "timestep_spacing": "trailing",
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
}
SD_LIKE = {
    "prediction_type": "epsilon",
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
}


@pytest.fixture(scope="session")
def sd_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stable Diffusion 1.x's layout: 4 channels, eps, CLIP."""
    folder = write_pipeline(tmp_path_factory.mktemp("sd"), channels=4, extra=0, width=16, scheduler=SD_LIKE)
    write_clip(folder, 16)
    return folder


@pytest.fixture(scope="session")
def depth_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded model's layout: 8 channels and depth, v, zero terminal SNR, MiniLM context."""
    folder = write_pipeline(tmp_path_factory.mktemp("own"), channels=8, extra=1, width=384, scheduler=EMBEDDED_LIKE)
    (folder / "rayverie.json").write_text(json.dumps({"depth": "log", "text": "minilm"}))
    return folder


@pytest.fixture(scope="session")
def wide_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """16 channels with AutoencoderTiny and CLIP."""
    folder = write_pipeline(
        tmp_path_factory.mktemp("wide"), channels=16, extra=0, width=16, scheduler=SD_LIKE, tiny_vae=True
    )
    write_clip(folder, 16)
    return folder


def four_levels(folder: Path, heads: Any, **unet: Any) -> Path:
    """Stable Diffusion 1.x's and 2.x's blocks, narrow: attention at three of four resolutions."""
    return write_pipeline(
        folder,
        channels=4,
        extra=0,
        width=16,
        scheduler=SD_LIKE,
        block_out_channels=(8, 16, 16, 16),
        layers_per_block=2,
        down_block_types=(*("CrossAttnDownBlock2D",) * 3, "DownBlock2D"),
        up_block_types=("UpBlock2D", *("CrossAttnUpBlock2D",) * 3),
        attention_head_dim=heads,
        vae_attention=True,
        **unet,
    )


@pytest.fixture(scope="session")
def sd1_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = four_levels(tmp_path_factory.mktemp("sd1"), 2)
    write_clip(folder, 16, layers=2)
    return folder


@pytest.fixture(scope="session")
def sd2_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = four_levels(tmp_path_factory.mktemp("sd2"), (1, 2, 2, 4), use_linear_projection=True)
    write_clip(folder, 16, layers=3, hidden_act="gelu", pad_token="!")
    return folder


@pytest.fixture(scope="session")
def xl_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stable Diffusion XL's layout: no attention at full resolution, several layers of it below, two CLIPs, told the size."""
    folder = write_pipeline(
        tmp_path_factory.mktemp("xl"),
        channels=4,
        extra=0,
        width=28,
        scheduler=SD_LIKE,
        block_out_channels=(8, 16, 16),
        layers_per_block=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=[1, 2, 3],
        attention_head_dim=[2, 2, 4],
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + 12,
        vae_attention=True,
    )
    write_clip(folder, 12, layers=3)
    write_clip(folder, 16, "_2", layers=3, projection=12, hidden_act="gelu", pad_token="!")
    index = json.loads((folder / "model_index.json").read_text()) | {"_class_name": "StableDiffusionXLPipeline"}
    index |= {"text_encoder_2": ["transformers", "CLIPTextModelWithProjection"]}
    index |= {"tokenizer_2": ["transformers", "CLIPTokenizer"], "force_zeros_for_empty_prompt": True}
    del index["safety_checker"]
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


@pytest.fixture(scope="session")
def surface_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The layout that knows surfaces: 4 channels, a flow, MiniLM context, a decoder that is told each pixel's surface."""
    return write_surface_pipeline(tmp_path_factory.mktemp("surface"))


def write_surface_pipeline(folder: Path) -> Path:
    """A surface-aware pipeline folder with random weights (seeded), none of them zero."""
    torch.manual_seed(0)
    unet = SurfaceUNet(4, HARMONICS, SHAPE, (8, 16), 1, 384, 16, 8, 2)
    vae = SurfaceAutoencoder(4, (8, 8, 8), (1, 1, 1), (8, 8, 8), (1, 1, 1), FINE)
    for network in (unet, vae):
        for parameter in network.parameters():
            parameter.data += 0.05 * torch.randn(parameter.shape)
    unet.save_pretrained(folder / "unet")
    vae.save_pretrained(folder / "vae")
    (folder / "rayverie.json").write_text(json.dumps({"native": 64, "text": "minilm"}))
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "SurfacePipeline"}))
    return folder


@pytest.fixture(scope="session")
def surface(surface_folder: Path) -> Model:
    """That model, with words for its text encoder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("diffusion.loaders.surface.MiniLMEncoder", lambda: WordEncoder(width=384))
        return load_model(surface_folder, "cpu")


@pytest.fixture(scope="session")
def xl(xl_folder: Path) -> Model:
    return load_model(xl_folder, "cpu")


@pytest.fixture(scope="session")
def sd(sd_folder: Path) -> Model:
    return load_model(sd_folder, "cpu")


@pytest.fixture(scope="session")
def own(depth_folder: Path) -> Model:
    """The embedded layout with words for its text encoder, so that these tests need no MiniLM."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("diffusion.loaders.stable_diffusion._load_text", lambda *_: WordEncoder(width=384))
        return load_model(depth_folder, "cpu")


@pytest.fixture(scope="session")
def wide(wide_folder: Path) -> Model:
    return load_model(wide_folder, "cpu")


def vary(canvas: Canvas, **changes: Any) -> Canvas:
    """The canvas with other values of its own fields and of those of its guide and surface."""

    def of(cls: type) -> dict[str, Any]:
        return {f.name: changes.pop(f.name) for f in fields(cls) if f.name in changes}

    guide, surface = of(Guide), of(Surface)
    if guide:
        changes["guide"] = replace(canvas.guide or Guide(), **guide)
    return replace(canvas, surface=replace(canvas.surface, **surface), **changes)


@pytest.fixture(scope="session")
def canvas_of():
    """(model, size=(8, 8), prompts=1, seed=0, **parts) → a canvas with that many vertical stripes as regions."""

    def make(model: Model, size: tuple[int, int] = (8, 8), prompts: int = 1, seed: int = 0, **parts) -> Canvas:
        height, width = size
        random = np.random.default_rng(seed)
        stripe = np.broadcast_to(np.arange(width) * prompts // width, size)
        regions = tuple(Region("abc"[i % 3] * (i + 1), (stripe == i).astype(np.float32)) for i in range(prompts))
        base = {
            "regions": regions,
            "noise": random.standard_normal((model.channels, height, width), dtype=np.float32),
            "change": np.ones(size, np.float32),
        }
        return vary(Canvas(**base), **parts)

    return make

"""Load a Stable Diffusion model, 1.x, 2.x or XL, with its additions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel

from base.errors import InputError
from base.grid import CELL
from diffusion.loaders.additions import ControlChoice, find_vae, weights_of
from diffusion.loaders.autoencoders import load_codec
from diffusion.loaders.checkpoints import Checkpoint
from diffusion.loaders.control import load_control
from diffusion.loaders.embedded import MAX_STEPS, OWN, check_defaults
from diffusion.loaders.identity import fingerprint, read_preview_map, space_id
from diffusion.loaders.lora import Lora, merge_lora
from diffusion.loaders.model_family import ModelFamily, identify_family
from diffusion.loaders.options import USUAL, LoadOptions
from diffusion.loaders.pipeline_folder import PipelineFolder
from diffusion.loaders.running import dtype_of, place_text_encoder
from diffusion.loaders.style import load_style
from diffusion.models.attention import RegionalProcessor
from diffusion.models.clip import Clip, ClipEncoder, SdxlEncoder
from diffusion.models.codec import Codec
from diffusion.models.minilm import WIDTH as MINILM_WIDTH
from diffusion.models.model import Model
from diffusion.models.text_encoders import CachedEncoder, TextEncoder
from diffusion.sampling.schedules import NoiseSchedule

TEXTS = ("text_encoder", "text_encoder_2")


def load_stable_diffusion(
    source: Checkpoint,
    where: torch.device,
    changes: list[Lora],
    chosen: list[ControlChoice],
    style: Path | None,
    options: LoadOptions = USUAL,
) -> Model:
    """Load it with its LoRAs, ControlNets and IP-Adapter. Raises InputError naming the part that is missing or unsupported."""
    dtype = dtype_of(options.dtype, torch.float16 if where.type == "cuda" else torch.float32)
    kind = identify_family(source)
    path, own = source.path, kind.own

    unet, text = _load_unet(source, dtype, where), _load_text(source, kind, *place_text_encoder(options, where, dtype))
    _refuse_other_text(path, text, unet)
    texts = dict(zip(TEXTS, (clip.model for clip in text.clips), strict=False))
    for lora in changes:
        merge_lora(lora, {"unet": unet} | texts)
    student, few_steps = _few_step_entry(path, own)
    same = student == path.resolve()  # the model is itself a few-step network
    if changes and not same:
        student, few_steps = None, 0  # it was distilled from the unchanged model, so the LoRAs would have no effect
    few = unet if same else None if student is None else _load_unet(PipelineFolder(student), dtype, where)
    if few is not None and any(few.config[k] != unet.config[k] for k in ("in_channels", "cross_attention_dim")):
        raise InputError(path / OWN, "few.folder", f"is {student}, a network of another model")
    # Half precision overflows in Stable Diffusion's decoders, XL's most; the VAE runs twice a dream, so float32 costs little.
    vae = source.module(kind.vae_class, "vae", torch.float32)
    space = f"{kind.vae_class.__name__}-{space_id(vae)}"
    codec = Codec.of(vae)
    if options.vae is not None:
        codec = load_codec(options.vae, "--vae", codec, kind.channels)
    size = kind.unet.get("sample_size") or 32
    students = [] if same or student is None else PipelineFolder(student).weights()
    weights = [*source.weights(), *(p for p in students if p.parent.name == "unet"), *(lora.path for lora in changes)]
    weights += [] if style is None else [style]
    weights += [file for choice in chosen for file in weights_of(choice)]
    weights += [] if options.vae is None else sorted(find_vae(options.vae, "--vae").glob("*.safetensors"))
    weights_added = [f"{lora.weight:g};" for lora in changes] + [
        f"{choice.kind}:{choice.weight:g};" for choice in chosen
    ]
    found = fingerprint(weights, "".join(weights_added))
    return Model(
        id=f"{'+'.join([source.name, *(lora.name for lora in changes)])}-{found}",
        space=space,
        unet=unet,
        few_step_unet=few,
        few_steps=few_steps,
        linear=read_preview_map(path, own, kind.channels),
        vae=codec.vae.to(where),
        text=CachedEncoder(text, where, dtype),
        schedule=NoiseSchedule(DDIMScheduler.from_config(kind.scheduler).alphas_cumprod.double()),  # pyright: ignore[reportAttributeAccessIssue]
        prediction=kind.prediction,
        device=where,
        dtype=dtype,
        channels=kind.channels,
        multiple=CELL * 2 ** (len(kind.unet["block_out_channels"]) - 1),
        native=int(own.get("native", CELL * (size if isinstance(size, int) else min(size)))),
        depth=kind.depth,
        scale=codec.scale,
        shift=codec.shift,
        style=None
        if style is None
        else load_style(style, [unet] if same or few is None else [unet, few], dtype, where),
        controls=tuple(load_control(choice, unet, dtype, where) for choice in chosen),
        defaults=check_defaults(own, path / OWN),
    )


def _load_text(source: Checkpoint, kind: ModelFamily, device: torch.device, dtype: torch.dtype) -> TextEncoder:
    if kind.own.get("text") == "minilm":
        from diffusion.models.minilm import MiniLMEncoder

        return MiniLMEncoder()
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    def clip(model: Any, part: str = TEXTS[0]) -> Clip:
        made = source.clip(model, part, part.replace("text_encoder", "tokenizer"), dtype)
        made.model.to(device).eval().requires_grad_(False)
        return made

    if not kind.xl:
        return ClipEncoder(clip(CLIPTextModel))
    zeroed = source.config(".", "model_index.json").get("force_zeros_for_empty_prompt", True)
    return SdxlEncoder([clip(CLIPTextModel), clip(CLIPTextModelWithProjection, TEXTS[1])], bool(zeroed))


def _refuse_other_text(path: Path, text: TextEncoder, unet: Any) -> None:
    """Raise InputError for a text encoder whose vectors are not as wide as the U-Net takes them."""
    width = sum(clip.model.config.hidden_size for clip in text.clips) or MINILM_WIDTH
    widths = unet.config["cross_attention_dim"]
    if any(wanted != width for wanted in (widths if isinstance(widths, list | tuple) else [widths])):
        raise InputError(path, "unet.cross_attention_dim", f"is {widths}; the text encoder gives {width}")


def _load_unet(source: Checkpoint, dtype: torch.dtype, where: torch.device) -> Any:
    unet = source.module(UNet2DConditionModel, "unet", dtype).to(where)
    unet.set_attn_processor(RegionalProcessor())
    return unet


def _few_step_entry(folder: Path, own: dict[str, Any]) -> tuple[Path | None, int]:
    """(folder of the few-step network, steps it needs) from `few` in `rayverie.json`: {"folder": …, "steps": …}."""
    if "few" not in own:
        return None, 0
    few = own["few"]
    if not isinstance(few, dict) or not isinstance(few.get("folder"), str) or type(few.get("steps")) is not int:
        raise InputError(folder / OWN, "few", f'is {few!r}; it must be {{"folder": a model folder, "steps": a number}}')
    if not 1 <= few["steps"] <= MAX_STEPS:
        raise InputError(folder / OWN, "few.steps", f"is {few['steps']}; it must be from 1 to {MAX_STEPS}")
    return (folder / few["folder"]).resolve(), few["steps"]

"""Loading a model: the embedded one, a Stable Diffusion 1.x/2.x pipeline folder, or a hub id that is already in the local cache."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, DDIMScheduler, UNet2DConditionModel

from diffusion.attention import RegionalProcessor
from diffusion.depth import DEPTHS
from diffusion.encoders import CachedEncoder, ClipEncoder, TextEncoder
from diffusion.model import Model
from diffusion.schedules import PREDICTIONS, NoiseSchedule
from diffusion.shipped import OWN, SHIPPED, Reference
from scenes.errors import InputError
from scenes.files import read_json

CELL = 8
VAES = {"AutoencoderKL": AutoencoderKL, "AutoencoderTiny": AutoencoderTiny}
LAYOUT = "a model is a diffusers folder with unet, vae, scheduler, and its text encoder"


def load_model(ref: Reference = None, device: str = "auto") -> Model:
    """ref: None (embedded), a name of SHIPPED, a pipeline folder, or a cached hub id; device: "auto", "cpu", "cuda", "mps", …

    Weights are read from safetensors alone, as float32 on CPU and float16 on CUDA. Nothing is downloaded.
    Raises InputError naming the folder and the part that is missing or of another kind.
    """
    folder = _folder(ref)
    where = _device(device)
    dtype = torch.float16 if where.type == "cuda" else torch.float32
    unet_config = _config(folder, "unet", "config.json")
    vae_config = _config(folder, "vae", "config.json")
    scheduler_config = _config(folder, "scheduler", "scheduler_config.json")
    own = _config(folder, ".", OWN) if (folder / OWN).is_file() else {}

    vae_class = VAES.get(vae_config.get("_class_name", ""))
    if vae_class is None:
        raise InputError(folder, "vae._class_name", f"is {vae_config.get('_class_name')}; {' and '.join(VAES)} work")
    if unet_config.get("_class_name") != "UNet2DConditionModel" or unet_config.get("addition_embed_type"):
        raise InputError(folder, "unet", "is not a Stable Diffusion 1.x/2.x UNet2DConditionModel")
    channels = int(vae_config.get("latent_channels", 4))
    if unet_config["out_channels"] != channels:
        raise InputError(folder, "unet.out_channels", f"is {unet_config['out_channels']}; the vae has {channels}")
    extra = unet_config["in_channels"] - channels
    if extra not in (0, 1):
        raise InputError(
            folder,
            "unet.in_channels",
            f"is {unet_config['in_channels']}; {channels} or, with depth, {channels + 1} work",
        )
    depth = own.get("depth", "disparity") if extra else None
    if depth is not None and depth not in DEPTHS:
        raise InputError(folder / OWN, "depth", f"is {depth!r}; one of {', '.join(DEPTHS)}")
    prediction = scheduler_config.get("prediction_type", "epsilon")
    if prediction not in PREDICTIONS:
        raise InputError(folder, "scheduler.prediction_type", f"is {prediction!r}; one of {', '.join(PREDICTIONS)}")

    unet = _denoiser(folder, dtype, where)
    student, few_steps = _few_step(folder, own)
    same = student == folder.resolve()  # a student by itself
    few = unet if same else None if student is None else _denoiser(student, dtype, where)
    if few is not None and any(few.config[k] != unet.config[k] for k in ("in_channels", "cross_attention_dim")):
        raise InputError(folder / OWN, "few.folder", f"is {student}, a network of another model")
    # Half precision overflows in Stable Diffusion's decoder; the VAE runs twice a dream, so float32 costs little.
    vae = _weights(vae_class, folder, "vae", torch.float32)
    space = f"{vae_class.__name__}-{_space(vae)}"
    vae = vae.to(where)
    cell = 2 ** (len(vae_config.get("block_out_channels", ())) - 1) if vae_class is AutoencoderKL else CELL
    if cell != CELL:
        raise InputError(folder, "vae.block_out_channels", f"shrinks by {cell}; a latent pixel is {CELL} pixels here")
    size = unet_config.get("sample_size") or 32
    return Model(
        id=f"{folder.name if ref is None or Path(str(ref)).is_dir() else ref}-{_fingerprint(folder, None if same else student)}",
        space=space,
        unet=unet,
        few=few,
        few_steps=few_steps,
        linear=_linear(folder, own, channels),
        vae=vae,
        text=CachedEncoder(_text(folder, own, where, dtype), where, dtype),
        schedule=NoiseSchedule(DDIMScheduler.from_config(scheduler_config).alphas_cumprod.double()),  # pyright: ignore[reportAttributeAccessIssue]
        prediction=prediction,
        device=where,
        dtype=dtype,
        channels=channels,
        multiple=CELL * 2 ** (len(unet_config["block_out_channels"]) - 1),
        native=int(own.get("native", CELL * (size if isinstance(size, int) else min(size)))),
        depth=depth,
        scale=float(vae_config.get("scaling_factor", 1.0)),
        shift=float(vae_config.get("shift_factor") or 0.0),
    )


def _linear(folder: Path, own: dict[str, Any], channels: int) -> torch.Tensor | None:
    if "preview" not in own:
        return None
    try:
        linear = torch.tensor(own["preview"], dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(folder / OWN, "preview", "must be rows of three numbers") from error
    if linear.shape != (channels + 1, 3) or not bool(linear.isfinite().all()):
        raise InputError(folder / OWN, "preview", f"must be {channels + 1} rows of three numbers")
    return linear


def _folder(ref: Reference) -> Path:
    shipped = SHIPPED.get("embedded" if ref is None else str(ref))
    if shipped is not None:
        if not (shipped / "model_index.json").is_file():
            name = "the embedded model" if ref is None else ref
            raise InputError(name, "", "is not in this installation; give a pipeline folder with --model")
        return shipped
    path = Path(str(ref)).expanduser()
    if path.is_dir():
        return path
    if path.exists():
        raise InputError(path, "", f"is a file; {LAYOUT}")
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(str(ref), local_files_only=True))
    except (OSError, ValueError) as error:
        raise InputError(
            ref, "", "is neither a folder nor a model in the local hub cache; nothing is downloaded"
        ) from error


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device(
            "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        )
    try:
        torch.empty(0, device=name)
        return torch.device(name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise InputError("--device", "", f"{name} is not usable here; auto, cpu, cuda or mps") from error


def _config(folder: Path, part: str, name: str) -> dict[str, Any]:
    path = folder / part / name
    if not path.exists():
        raise InputError(folder, str(Path(part) / name), f"is missing; {LAYOUT}")
    config = read_json(path, "a part's configuration")
    if not isinstance(config, dict):
        raise InputError(path, "", "is not a JSON object")
    return config


def _weights(kind: Any, folder: Path, part: str, dtype: torch.dtype) -> Any:
    """One part's module, from safetensors; the fp16 variant when that is all there is."""
    names = [p.name for p in (folder / part).glob("*.safetensors*")]
    plain = any(".fp16." not in n for n in names)
    if not names:
        raise InputError(folder, part, "has no .safetensors weights")
    try:
        module = kind.from_pretrained(
            folder,
            subfolder=part,
            local_files_only=True,
            use_safetensors=True,
            variant=None if plain else "fp16",
            torch_dtype=dtype,
            low_cpu_mem_usage=False,
        )
    except Exception as error:  # damaged weights raise whatever their reader thinks of
        raise InputError(folder, part, f"can't be loaded ({str(error).splitlines()[0][:120]})") from error
    # Channels last is what convolution kernels like, on CPUs and GPUs: a third of a decode's time here
    return module.to(memory_format=torch.channels_last).eval().requires_grad_(False)


def _text(folder: Path, own: dict[str, Any], device: torch.device, dtype: torch.dtype) -> TextEncoder:
    if own.get("text") == "minilm":
        from diffusion.text import MiniLMEncoder

        return MiniLMEncoder()
    if not (folder / "text_encoder" / "config.json").is_file() or not (folder / "tokenizer").is_dir():
        raise InputError(folder, "text_encoder and tokenizer", f"are missing; {LAYOUT}")
    try:
        return ClipEncoder(folder, device, dtype)
    except Exception as error:
        raise InputError(folder, "text_encoder", f"can't be loaded ({str(error).splitlines()[0][:120]})") from error


def _denoiser(folder: Path, dtype: torch.dtype, where: torch.device) -> Any:
    unet = _weights(UNet2DConditionModel, folder, "unet", dtype).to(where)
    unet.set_attn_processor(RegionalProcessor())
    return unet


def _few_step(folder: Path, own: dict[str, Any]) -> tuple[Path | None, int]:
    """(folder of the few-step network, the steps it needs), as `rayverie.json` names them: {"folder": …, "steps": …}."""
    if "few" not in own:
        return None, 0
    few = own["few"]
    if not isinstance(few, dict) or not isinstance(few.get("folder"), str) or not isinstance(few.get("steps"), int):
        raise InputError(folder / OWN, "few", f'is {few!r}; it must be {{"folder": a model folder, "steps": a number}}')
    if few["steps"] < 1:
        raise InputError(folder / OWN, "few.steps", f"is {few['steps']}; it must be 1 or more")
    return (folder / few["folder"]).resolve(), few["steps"]


def _space(vae: torch.nn.Module) -> str:
    """Eight hex digits of what makes a picture latents: another denoiser or decoder understands the same ones."""
    digest = hashlib.sha256()
    for name, tensor in sorted(vae.state_dict().items()):
        if name.startswith(("encoder.", "quant_conv.")):
            digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()[:8]


def _fingerprint(folder: Path, student: Path | None = None) -> str:
    """Eight hex digits of the U-Nets' and the VAE's weights: sizes, first and last MiB (whole files for small models)."""
    digest = hashlib.sha256()
    own = sorted([*folder.glob("unet/*.safetensors"), *folder.glob("vae/*.safetensors")])
    for path in [*own, *sorted(student.glob("unet/*.safetensors") if student else ())]:
        size = path.stat().st_size
        digest.update(f"{path.name}:{size};".encode())
        with path.open("rb") as file:
            digest.update(file.read(1 << 20))
            file.seek(max(size - (1 << 20), 0))
            digest.update(file.read())
    return digest.hexdigest()[:8]

"""Compute the denoiser's training data once: latents, geometry per latent pixel, and encoded captions."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from base.errors import InputError
from base.files import atomic_write
from base.grid import CELL
from diffusion.models.minilm import MiniLMEncoder
from diffusion.models.surface_autoencoder import SurfaceAutoencoder
from diffusion.training.data.captions import caption
from diffusion.training.data.dataset import surfaces_from_note
from diffusion.training.data.own_pictures import OwnPictures
from diffusion.training.data.pictures import DrawnPictures, Pictures
from diffusion.training.data.views import SLOTS
from diffusion.training.data.world_geometry import compute_world_geometry
from diffusion.training.data.worlds import world_from_note
from diffusion.training.learners.cells import CAPTIONS, GEOMETRY
from diffusion.training.learners.features import as_input
from diffusion.training.masters import recast
from diffusion.training.start_weights import model_folder

TOGETHER = 192  # own pictures that are encoded before they are written to files


def load_autoencoder(folder: Path) -> SurfaceAutoencoder:
    """Load the exported autoencoder of a run. Raises InputError if there is none."""
    if not (folder / "vae" / "config.json").is_file():
        raise InputError(folder, "vae", "isn't there yet; train the autoencoder first")
    return SurfaceAutoencoder.from_pretrained(folder / "vae").eval().requires_grad_(False)


def encoder_id(folder: Path) -> str:
    """Return eight hex digits that identify the encoder. Latents stay valid while only the decoder is trained."""
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    if not path.is_file():
        raise InputError(folder, "vae", "isn't there yet; train the autoencoder first")
    weights = {k: v for k, v in load_file(path).items() if not k.startswith("decoder.")}
    return hashlib.sha256(b"".join(weights[k].numpy().tobytes() for k in sorted(weights))).hexdigest()[:8]


def _strip_padding(contexts: Tensor) -> list[Tensor]:
    """Return each context [TOKENS,D] without the trailing rows that repeat the first."""
    same = (contexts == contexts[:, :1]).all(2)
    lengths = [int((~row).nonzero().max()) + 1 if bool((~row).any()) else 1 for row in same]
    return [context[:length] for context, length in zip(contexts, lengths, strict=True)]


def _captions(notes: list[dict], rng: np.random.Generator) -> tuple[list[str], Tensor]:
    """Return captions, and int32 [N,SLOTS,CAPTIONS]: the captions of each slot by index, -1 for slots that are hardly visible."""
    said: list[str] = []
    rows = torch.full((len(notes), SLOTS, CAPTIONS), -1, dtype=torch.int32)
    for n, note in enumerate(notes):
        surfaces, mood = surfaces_from_note(note)
        for surface, slots in surfaces:
            for k in range(CAPTIONS):
                rows[n, slots, k] = len(said)
                said.append(caption([surface], mood, rng))
    return said, rows


@torch.no_grad()
def encode_chunk(
    pictures: DrawnPictures, indices: range, vae: SurfaceAutoencoder, text: MiniLMEncoder, seed: list[int], path: Path
) -> None:
    """Encode some drawn pictures into a file. seed: for drawing captions."""
    columns: dict[str, list[Tensor]] = {name: [] for name in ("latents", "shares", *GEOMETRY)}
    for index in indices:
        columns["latents"].append(_latents(pictures, index, vae))
        columns["shares"].append(pictures.tensor("slots", index))
        told, _, _ = compute_world_geometry(*world_from_note(pictures.note(index)["world"]), CELL)
        columns["uv"].append(told.uv)
        for name in ("span", "normal", "depth"):
            columns[name].append(getattr(told, name).half())
        columns["kind"].append(told.kind.to(torch.uint8))
    words, rows = _captions([pictures.note(i) for i in indices], np.random.default_rng(seed))
    _write(path, {name: torch.stack(column) for name, column in columns.items()}, words, rows, text)


@torch.no_grad()
def encode_own(pictures: OwnPictures, indices: range, vae: SurfaceAutoencoder, text: MiniLMEncoder, stem: Path) -> None:
    """Encode some of the user's own pictures: one file STEM-WIDTHxHEIGHT.safetensors for each size."""
    of_size: dict[str, list[int]] = {}
    for index in indices:
        height, width = pictures.tensor("images", index).shape[1:]
        of_size.setdefault(f"{width}x{height}", []).append(index)
    for size, members in of_size.items():
        rows = torch.full((len(members), SLOTS, CAPTIONS), -1, dtype=torch.int32)
        rows[:, 0] = torch.arange(len(members), dtype=torch.int32)[:, None]  # one surface, which is everything
        latents = torch.stack([_latents(pictures, index, vae) for index in members])
        words = [pictures.read_caption(index).caption for index in members]
        _write(stem.with_name(f"{stem.name}-{size}.safetensors"), {"latents": latents}, words, rows, text)


def _latents(pictures: Pictures, index: int, vae: SurfaceAutoencoder) -> Tensor:
    return vae.encode(as_input(pictures.tensor("images", index)[None], vae)).latents[0].half().cpu()


def _write(path: Path, content: dict[str, Tensor], words: list[str], rows: Tensor, text: MiniLMEncoder) -> None:
    """Write a file of cells. rows: [N,SLOTS,CAPTIONS], the captions of each slot, as indices of `words`."""
    contexts = _strip_padding(text.encode_many(words))
    content = {name: column.contiguous() for name, column in content.items()}
    content["captions"] = rows
    content["tokens"] = torch.cat(contexts).half()
    content["ends"] = torch.tensor([len(c) for c in contexts]).cumsum(0).int()
    with atomic_write(path) as temporary:
        save_file(content, temporary, metadata={"words": json.dumps(words)})


def cache_folder(cache: str, autoencoder: str) -> Path:
    """Return the folder for this encoder's latents."""
    return Path(cache) / encoder_id(model_folder(autoencoder))


def write_cells(pictures: Pictures, autoencoder: str, cache: str, numbers: str) -> Path:
    """Encode all pictures that are not encoded yet. Returns the folder."""
    folder = cache_folder(cache, autoencoder)
    vae = load_autoencoder(model_folder(autoencoder))
    recast(vae, numbers, "cuda" if torch.cuda.is_available() else "cpu")
    text = MiniLMEncoder()
    if isinstance(pictures, OwnPictures):
        for first in range(0, pictures.count, TOGETHER):
            members = range(first, min(first + TOGETHER, pictures.count))
            stem = folder / f"cells-{pictures.key}-{first // TOGETHER:05d}"
            if _count_encoded(stem) < len(members):
                encode_own(pictures, members, vae, text, stem)
    elif isinstance(pictures, DrawnPictures):
        for path in pictures.files:
            chunk = int(path.stem.rsplit("-", 1)[1])
            out = folder / f"cells-{pictures.key}-{chunk:05d}.safetensors"
            if not out.exists():
                one = DrawnPictures(pictures.data, only=path)
                encode_chunk(one, range(one.count), vae, text, [pictures.data.seed, chunk, 2], out)
    return folder


def _count_encoded(stem: Path) -> int:
    """Count the pictures in the files of a stem."""
    found = 0
    for path in stem.parent.glob(f"{stem.name}-*.safetensors"):
        with safe_open(path, "pt") as file:
            found += file.get_slice("latents").get_shape()[0]
    return found

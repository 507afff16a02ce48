"""Latents and caption contexts, encoded once and cached for training the U-Net."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from base.errors import InputError
from base.files import atomic_write
from diffusion.models.minilm import MiniLMEncoder
from diffusion.training.config import DataConfig, UnetConfig
from diffusion.training.data.captions import caption
from diffusion.training.data.dataset import HELD_OUT, Pictures, surfaces_from_note, write_chunk
from diffusion.training.data.views import SLOTS

CAPTIONS = 2  # ways to say each surface and each whole picture


@dataclass(frozen=True)
class Latents:
    """latents: [N,C,h,w] f16; depth: [N,h,w] f16; slots: [N,SLOTS,h,w] uint8; contexts: [M,T,D] f16.

    Caption m describes the slots of bit mask `covers[m]` in picture `picture[m]`; `whole[m]` where it names all of them.
    `captions` are the words themselves.
    parts[n], wholes[n]: the captions of picture n that name one of several surfaces, or everything.
    """

    latents: Tensor
    depth: Tensor
    slots: Tensor
    contexts: Tensor
    picture: Tensor
    covers: Tensor
    whole: Tensor
    captions: tuple[str, ...]
    parts: list[list[int]] = field(default_factory=list)
    wholes: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.parts.extend([] for _ in self.latents)
        self.wholes.extend([] for _ in self.latents)
        for m, (n, whole) in enumerate(zip(self.picture.tolist(), self.whole.tolist(), strict=True)):
            (self.wholes if whole else self.parts)[n].append(m)


def load_vae(folder: Path) -> AutoencoderTiny:
    """The exported autoencoder of a VAE run."""
    return AutoencoderTiny.from_pretrained(folder / "vae", torch_dtype=torch.float32).eval().requires_grad_(False)


def encoder_id(folder: Path) -> str:
    """Eight hex digits of the exported encoder's weights. Cached latents stay valid when only the decoder changes."""
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    if not path.exists():
        raise InputError(folder, "vae", "isn't there yet; train the autoencoder first")
    weights = {k: v for k, v in load_file(path).items() if k.startswith("encoder.")}
    return hashlib.sha256(b"".join(weights[k].numpy().tobytes() for k in sorted(weights))).hexdigest()[:8]


@torch.no_grad()
def encode_chunk(pictures: Pictures, chunk: int, vae: AutoencoderTiny, text: MiniLMEncoder, path: Path) -> None:
    """Encode one chunk of pictures and captions drawn for them."""
    tensors, notes = pictures.chunk(chunk)
    latents = [
        vae.encode((x.to(vae.device).float() / 127.5 - 1).contiguous(memory_format=torch.channels_last))
        .latents.half()  # pyright: ignore[reportAttributeAccessIssue]
        .cpu()
        for x in tensors["images"].split(8)
    ]
    rng = np.random.default_rng([pictures.config.seed, chunk, 2])
    words: list[str] = []
    rows: list[tuple[int, int, bool]] = []
    for n, note in enumerate(notes):
        seen, mood = surfaces_from_note(note)
        everything = sum(1 << s for _, slots in seen for s in slots)
        for _ in range(CAPTIONS):
            for surface, slots in seen:
                words.append(caption([surface], mood, rng))
                rows.append((n, sum(1 << s for s in slots), len(seen) == 1))
            if len(seen) > 1:
                order = rng.permutation(len(seen))
                words.append(caption([seen[int(i)][0] for i in order], mood, rng))
                rows.append((n, everything, True))
    table = torch.tensor(rows)
    content = {
        "latents": torch.cat(latents),
        "depth": tensors["depth"],
        "slots": tensors["slots"],
        "contexts": text.encode_many(words).half(),
        "picture": table[:, 0].int(),
        "covers": table[:, 1].to(torch.uint8),
        "whole": table[:, 2].to(torch.uint8),
    }
    with atomic_write(path) as temporary:
        save_file({k: v.contiguous() for k, v in content.items()}, temporary, metadata={"captions": json.dumps(words)})


def cached(config: UnetConfig, data: DataConfig) -> Latents:
    """Load all encoded chunks of `data` into memory; missing ones are encoded first."""
    folder = Path(config.cache) / encoder_id(Path(config.vae))  # latents of another autoencoder are of no use
    vae = text = None
    parts, captions, first = [], [], 0
    for chunk in range(data.chunks):
        path = folder / f"latents-{data.seed}-{chunk:05d}.safetensors"
        if not path.exists():
            write_chunk(data, chunk)
            if vae is None:
                vae, text = load_vae(Path(config.vae)), MiniLMEncoder()
            encode_chunk(Pictures(data), chunk, vae, text, path)  # type: ignore[arg-type]
        part = load_file(path)
        part["picture"] = part["picture"] + first
        first += len(part["latents"])
        parts.append(part)
        with safe_open(path, "pt") as file:
            captions += json.loads(file.metadata()["captions"])
    joined = {name: torch.cat([p[name] for p in parts]) for name in parts[0]}
    return Latents(**joined, captions=tuple(captions))  # pyright: ignore[reportArgumentType]


def held_out(config: UnetConfig) -> Latents:
    """One chunk of other seeds."""
    return cached(config, replace(config.data, seed=config.data.seed + HELD_OUT, chunks=1))


@dataclass(frozen=True)
class Batch:
    """latents [B,C,s,s], depth [B,1,s,s], mask [B,1,s,s] (what counts in the loss), context [B,T,D]; float32."""

    latents: Tensor
    depth: Tensor
    mask: Tensor
    context: Tensor


def draw_batch(data: Latents, count: int, size: int, focus: float, rng: np.random.Generator) -> Batch:
    """Random crops, each with one of its captions. For a share `focus` of them the caption names one surface, and the mask covers it."""
    side = data.latents.shape[-1]
    rows: list[tuple[Tensor, ...]] = []
    for _ in range(count):
        while True:
            n = int(rng.integers(len(data.latents)))
            options = data.parts[n] if (rng.random() < focus and data.parts[n]) else data.wholes[n]
            if not options:
                continue
            m = int(rng.choice(options))
            y, x = (int(i) for i in rng.integers(side - size + 1, size=2))
            window = (..., slice(y, y + size), slice(x, x + size))
            bits = int(data.covers[m])
            chosen = [s for s in range(SLOTS) if bits >> s & 1]
            mask = data.slots[n][chosen][window].float().sum(0) / 255
            if float(mask.mean()) > 0.08:
                break
        if bool(data.whole[m]):
            mask = torch.ones_like(mask)
        latent, depth = data.latents[n][window].float(), data.depth[n][window].float()
        rows.append(
            (
                latent,
                depth[None],
                (mask > 0.5).float()[None] if float(mask.max()) > 0.5 else mask[None],
                data.contexts[m].float(),
            )
        )
    return Batch(*(torch.stack(column) for column in zip(*rows, strict=True)))

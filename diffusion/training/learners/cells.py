"""What the denoiser trains on, computed once: latents, the geometry of every latent pixel, and each surface's captions as vectors."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from base.errors import InputError
from base.files import atomic_write
from base.grid import CELL
from diffusion.models.minilm import TOKENS, MiniLMEncoder
from diffusion.models.surface_autoencoder import SurfaceAutoencoder
from diffusion.models.surface_conditions import Seen
from diffusion.training.config import DataConfig
from diffusion.training.data.captions import caption
from diffusion.training.data.dataset import surfaces_from_note
from diffusion.training.data.pictures import DrawnPictures
from diffusion.training.data.seen_worlds import seen_world
from diffusion.training.data.views import SLOTS
from diffusion.training.data.worlds import world_from_note
from diffusion.training.learners.features import as_input
from diffusion.training.masters import recast

CAPTIONS = 3  # ways to say each surface
GEOMETRY = ("uv", "span", "normal", "depth", "kind")


def load_autoencoder(folder: Path) -> SurfaceAutoencoder:
    """The exported autoencoder of a run. InputError when there is none."""
    if not (folder / "vae" / "config.json").is_file():
        raise InputError(folder, "vae", "isn't there yet; train the autoencoder first")
    return SurfaceAutoencoder.from_pretrained(folder / "vae").eval().requires_grad_(False)


def encoder_id(folder: Path) -> str:
    """Eight hex digits of what makes a picture latents; a decoder may be trained on, and the latents still hold."""
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    if not path.is_file():
        raise InputError(folder, "vae", "isn't there yet; train the autoencoder first")
    weights = {k: v for k, v in load_file(path).items() if not k.startswith("decoder.")}
    return hashlib.sha256(b"".join(weights[k].numpy().tobytes() for k in sorted(weights))).hexdigest()[:8]


def _unpadded(contexts: Tensor) -> list[Tensor]:
    """Each context [TOKENS,D] without the rows at its end that only repeat the first."""
    same = (contexts == contexts[:, :1]).all(2)
    lengths = [int((~row).nonzero().max()) + 1 if bool((~row).any()) else 1 for row in same]
    return [context[:length] for context, length in zip(contexts, lengths, strict=True)]


def _captions(notes: list[dict], rng: np.random.Generator) -> tuple[list[str], Tensor]:
    """The captions of pictures, and int32 [N,SLOTS,CAPTIONS], which of them say each slot; -1 where a slot is hardly seen."""
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
    """Write what the denoiser trains on of some pictures. seed: of the captions' words."""
    columns: dict[str, list[Tensor]] = {name: [] for name in ("latents", "shares", *GEOMETRY)}
    for index in indices:
        image = as_input(pictures.tensor("images", index)[None], vae)
        columns["latents"].append(vae.encode(image).latents[0].half().cpu())
        columns["shares"].append(pictures.tensor("slots", index))
        told, _, _ = seen_world(*world_from_note(pictures.note(index)["world"]), CELL)
        columns["uv"].append(told.uv)
        for name in ("span", "normal", "depth"):
            columns[name].append(getattr(told, name).half())
        columns["kind"].append(told.kind.to(torch.uint8))
    words, rows = _captions([pictures.note(i) for i in indices], np.random.default_rng(seed))
    contexts = _unpadded(text.encode_many(words))
    content = {name: torch.stack(column).contiguous() for name, column in columns.items()}
    content["captions"] = rows
    content["tokens"] = torch.cat(contexts).half()
    content["ends"] = torch.tensor([len(c) for c in contexts]).cumsum(0).int()
    with atomic_write(path) as temporary:
        save_file(content, temporary, metadata={"words": json.dumps(words)})


@dataclass(frozen=True)
class Batch:
    """latents: [B,C,s,s]; seen: geometry with a leading B; shares: [B,SLOTS,s,s] in 0..1; contexts: [B,SLOTS,TOKENS,D]. float32."""

    latents: Tensor
    seen: Seen
    shares: Tensor
    contexts: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same elsewhere."""
        seen = Seen(*(x.to(device) for x in vars(self.seen).values()))
        return Batch(self.latents.to(device), seen, self.shares.to(device), self.contexts.to(device))


class Cells:
    """The encoded chunks that exist, read picture by picture. unconditional: [TOKENS,D], the context of no words."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.seed = folder, seed
        self.unconditional = MiniLMEncoder().encode([""])[0]
        self._files: dict[Path, safe_open] = {}
        self._rows: list[tuple[Path, int]] = []
        self._ends: dict[Path, Tensor] = {}
        if not self.look():
            raise InputError(folder, "", f"holds no latents of seed {seed}; encode them first: training cells")

    @property
    def count(self) -> int:
        return len(self._rows)

    def look(self) -> int:
        """Open the chunks that are new; how many pictures there are now."""
        for path in sorted(self.folder.glob(f"cells-{self.seed}-*.safetensors")):
            if path not in self._files:
                file = self._files[path] = safe_open(path, "pt")
                self._ends[path] = file.get_tensor("ends")
                self._rows += [(path, row) for row in range(file.get_slice("latents").get_shape()[0])]
        return self.count

    def latents(self, index: int) -> Tensor:
        """[C,h,w] of one picture."""
        path, row = self._rows[index]
        return self._files[path].get_slice("latents")[row]

    def words(self, index: int) -> list[str]:
        """A picture's first caption of each slot, "" where a slot is hardly seen."""
        path, row = self._rows[index]
        said = json.loads(self._files[path].metadata()["words"])
        return [said[i] if i >= 0 else "" for i in self._files[path].get_slice("captions")[row][:, 0].tolist()]

    def _context(self, path: Path, which: int) -> Tensor:
        if which < 0:
            return self.unconditional
        ends = self._ends[path]
        begin = int(ends[which - 1]) if which else 0
        found = self._files[path].get_slice("tokens")[begin : int(ends[which])].float()
        return torch.cat((found, found[:1].expand(TOKENS - len(found), -1)))

    def batch(self, indices: list[int], size: int, rng: np.random.Generator) -> Batch:
        """Random crops of some pictures, each surface under one of its captions."""
        columns: dict[str, list[Tensor]] = {name: [] for name in ("latents", "shares", *GEOMETRY, "contexts")}
        for index in indices:
            path, row = self._rows[index]
            file = self._files[path]
            latents = file.get_slice("latents")[row]
            y, x = (int(i) for i in rng.integers(latents.shape[-1] - size + 1, size=2))
            window = (..., slice(y, y + size), slice(x, x + size))
            columns["latents"].append(latents[window].float())
            for name in ("shares", *GEOMETRY):
                columns[name].append(file.get_slice(name)[row][window])
            said = file.get_slice("captions")[row][:, int(rng.integers(CAPTIONS))]
            columns["contexts"].append(torch.stack([self._context(path, i) for i in said.tolist()]))
        found = {name: torch.stack(column) for name, column in columns.items()}
        geometry = {name: found[name].float() for name in GEOMETRY[:-1]}
        seen = Seen(**geometry, kind=found["kind"].long())
        return Batch(found["latents"], seen, found["shares"].float() / 255, found["contexts"])


def cache_folder(cache: str, autoencoder: str) -> Path:
    """Where latents of this encoder lie."""
    return Path(cache) / encoder_id(Path(autoencoder))


def write_cells(data: DataConfig, autoencoder: str, cache: str, numbers: str) -> Path:
    """Encode the chunks that exist and aren't encoded yet; the folder."""
    folder = cache_folder(cache, autoencoder)
    vae = load_autoencoder(Path(autoencoder))
    recast(vae, numbers, "cuda" if torch.cuda.is_available() else "cpu")
    text = MiniLMEncoder()
    for path in sorted(Path(data.folder).glob(f"pictures-{data.seed}-*.safetensors"))[: data.chunks]:
        chunk = int(path.stem.rsplit("-", 1)[1])
        out = folder / f"cells-{data.seed}-{chunk:05d}.safetensors"
        if not out.exists():
            one = DrawnPictures(data, only=path)
            encode_chunk(one, range(one.count), vae, text, [data.seed, chunk, 2], out)
    return folder

"""A small picture classifier for materials and light. It comes with the program."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from base.errors import InputError
from diffusion.tensor_files import open_tensors

FILE = Path(__file__).parents[1] / "embedded" / "judge.safetensors"
STRIDE = 32  # pixels of the picture under a cell of its features
MOSTLY = 0.5  # share of a region's fullest cell above which a cell counts as part of the region


class Classifier(nn.Module):
    """uint8 or 0..1 pictures [B,3,h,w] → logits of material [B,M] and light [B,L], and features [B,D]."""

    def __init__(self, width: int = 32, materials: int = 42, lights: int = 4) -> None:
        super().__init__()

        def stage(a: int, b: int) -> nn.Sequential:
            return nn.Sequential(
                nn.Conv2d(a, b, 3, 2, 1, bias=False),
                nn.BatchNorm2d(b),
                nn.ReLU(),
                nn.Conv2d(b, b, 3, 1, 1, bias=False),
                nn.BatchNorm2d(b),
                nn.ReLU(),
            )

        w = width
        self.stem = nn.Sequential(nn.Conv2d(3, w, 5, 2, 2, bias=False), nn.BatchNorm2d(w), nn.ReLU())
        self.body = nn.Sequential(stage(w, w), stage(w, 2 * w), stage(2 * w, 4 * w), stage(4 * w, 4 * w))
        self.material, self.light = nn.Linear(8 * w, materials), nn.Linear(8 * w, lights)

    def cells(self, pictures: Tensor) -> Tensor:
        """[B,D/2,h/STRIDE,w/STRIDE]"""
        x = pictures.float() / 255 if pictures.dtype == torch.uint8 else pictures
        return self.body(self.stem(x * 2 - 1))

    def features(self, pictures: Tensor) -> Tensor:
        x = self.cells(pictures)
        return torch.cat((x.mean((2, 3)), x.amax((2, 3))), 1)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        found = self.features(pictures)
        return self.material(found), self.light(found)


@dataclass(frozen=True, eq=False)
class MaterialReader:
    """network: in evaluation mode; materials, lights: names of its outputs; accuracy: the share of materials that it names
    correctly on pictures it wasn't trained on."""

    network: Classifier
    materials: tuple[str, ...]
    lights: tuple[str, ...]
    accuracy: float

    @torch.inference_mode()
    def read(self, picture: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """Classify each region of a picture. Returns confidences float64 [R,M]; each row sums to 1.

        picture: uint8 [H,W,3]; masks: float [R,h,w] in 0..1, at any resolution; a region's features are pooled inside it.
        """
        cells = self.network.cells(torch.from_numpy(np.ascontiguousarray(picture)).movedim(-1, 0)[None])[0]
        shares = F.adaptive_avg_pool2d(
            torch.from_numpy(np.asarray(masks, np.float32))[None], (cells.shape[1], cells.shape[2])
        )[0]
        shares = shares / shares.amax((1, 2), keepdim=True).clamp_min(1e-9)
        own = torch.where(shares > MOSTLY, shares, 0)
        mean = torch.einsum("rhw,chw->rc", own, cells) / own.sum((1, 2)).clamp_min(1e-9)[:, None]
        most = torch.where(own[:, None] > 0, cells[None], 0).amax((2, 3))  # features are never negative
        logits = self.network.material(torch.cat((mean, most), 1))
        return logits.double().softmax(1).numpy()


def load_classifier(path: Path) -> Classifier:
    """Load a classifier. Raises InputError if `path` is missing or isn't one."""
    return _read(path)[0]


@cache
def load_embedded_reader() -> MaterialReader:
    """Load the reader that comes with the program."""
    network, facts = _read(FILE)
    materials, lights = (tuple(json.loads(facts[key])) for key in ("materials", "lights"))
    return MaterialReader(network, materials, lights, float(facts["material"]))


def _read(path: Path) -> tuple[Classifier, dict[str, str]]:
    try:
        with open_tensors(path, "a classifier") as file:
            facts, weights = dict(file.header.metadata), {name: file.read(name) for name in file.header.tensors}
        weights = {k: v.float() if v.is_floating_point() else v for k, v in weights.items()}
        width, materials, lights = [len(weights[f"{key}.weight"]) for key in ("stem.0", "material", "light")]
        model = Classifier(width, materials, lights)
        model.load_state_dict(weights)
    except (KeyError, RuntimeError) as error:
        problem = f"is not a classifier ({str(error).splitlines()[0]}); train one: diffusion.training judge judge"
        raise InputError(path, "", problem) from error
    return model.eval().requires_grad_(False), facts

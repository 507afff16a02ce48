"""Networks of the embedded model: written and read as diffusers does it, without diffusers."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from diffusion.models.configured_module import CONFIG, WEIGHTS, ConfiguredModule


class Line(ConfiguredModule):
    def __init__(self, width: int, out: int = 2) -> None:
        super().__init__()
        self.line = nn.Linear(width, out)


def test_it_keeps_its_arguments_also_in_a_copy() -> None:
    line = Line(3)
    assert line.config == copy.deepcopy(line).config == {"width": 3, "out": 2}
    assert line.half().dtype == torch.float16


def test_a_folder_gives_it_back(tmp_path: Path) -> None:
    line = Line(3)
    line.save_pretrained(tmp_path / "line")
    assert json.loads((tmp_path / "line" / CONFIG).read_text()) == {"_class_name": "Line", "width": 3, "out": 2}
    again = Line.from_pretrained(tmp_path, "line")
    assert torch.equal(again.line.weight, line.line.weight) and not again.training
    assert Line.from_pretrained(tmp_path, subfolder="line", torch_dtype=torch.float16).dtype == torch.float16


def test_a_variant_has_its_own_file(tmp_path: Path) -> None:
    Line(3).half().save_pretrained(tmp_path)
    (tmp_path / WEIGHTS).rename(tmp_path / "diffusion_pytorch_model.fp16.safetensors")
    assert Line.from_pretrained(tmp_path, variant="fp16").dtype == torch.float32


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    Line(3).save_pretrained(tmp_path)
    save_file({"line.bias": load_file(tmp_path / WEIGHTS)["line.bias"]}, tmp_path / WEIGHTS)
    with pytest.raises(RuntimeError, match=r"line\.weight"):
        Line.from_pretrained(tmp_path)
    assert Line.from_pretrained(tmp_path, output_loading_info=True)[1] == {"missing_keys": ["line.weight"]}


def test_another_shape_is_refused(tmp_path: Path) -> None:
    Line(3).save_pretrained(tmp_path)
    (tmp_path / CONFIG).write_text(json.dumps({"width": 4}))
    with pytest.raises(RuntimeError, match="size mismatch"):
        Line.from_pretrained(tmp_path)


def test_the_embedded_model_needs_no_library_of_models() -> None:
    """They take seconds to import, and the window paints its first view only after that."""
    slow = ("diffusers", "transformers", "accelerate", "huggingface_hub", "torch._dynamo", "scipy.signal")
    code = (
        "import sys; from diffusion.loaders.loading import load_model; import diffusion.dream; load_model().text(['moss'])\n"
        f"print([name for name in {slow!r} if name in sys.modules])"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

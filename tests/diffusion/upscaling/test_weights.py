"""Files of upscalers: what is read, by whom, and what is refused."""

from __future__ import annotations

import importlib
import pickle
import sys
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from base.errors import InputError
from diffusion.upscaling.compact import Compact, compact_of
from diffusion.upscaling.enlarge import enlarge
from diffusion.upscaling.weights import open_upscaler, read_weights


def compact(scale: int = 2) -> Compact:
    torch.manual_seed(scale)
    return Compact(scale, 8, 2).eval().requires_grad_(False)


def saved(path: Path, weights: dict[str, torch.Tensor]) -> Path:
    save_file({name: tensor.contiguous() for name, tensor in weights.items()}, path)
    return path


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_compact_file_is_read_as_what_it_is(tmp_path: Path, scale: int) -> None:
    network = compact(scale)
    upscaler = open_upscaler(saved(tmp_path / "mine.safetensors", network.state_dict()))
    picture = torch.rand(1, 3, 9, 7)
    assert (upscaler.name, upscaler.scale, upscaler.reach) == ("mine", scale, 4)
    assert torch.allclose(upscaler.network(picture), network(picture), atol=1e-6)


def test_a_network_that_enlarges_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="makes 1 pixels of one along a side; allowed are 2 to 8"):
        open_upscaler(saved(tmp_path / "same.safetensors", compact(1).state_dict()))


def test_nothing_beyond_its_reach_changes_a_pixel() -> None:
    network = compact()
    one = torch.rand(1, 3, 21, 21)
    other = one.clone()
    other[..., 10, 10] = 1 - other[..., 10, 10]
    changed = (network(one) != network(other)).any(1)[0].nonzero()
    assert network.reach == 4
    assert changed.min() == 2 * (10 - 4) and changed.max() == 2 * (10 + 4) + 1


@pytest.fixture(scope="module")
def spandrel():
    """The package. Without torchvision it gets stand-ins: it imports three of its names, for architectures that no test uses."""
    with pytest.MonkeyPatch.context() as patch:
        try:
            importlib.import_module("torchvision")
        except ImportError:
            for name in ("torchvision", "torchvision.transforms", "torchvision.transforms.functional"):
                patch.setitem(sys.modules, name, MagicMock())
        return pytest.importorskip("spandrel")


@pytest.mark.parametrize("scale", [2, 4])
def test_spandrel_reads_compact_networks_and_shows_the_same(spandrel, scale: int) -> None:
    """Files for other programs, and theirs for this one."""
    weights = compact(scale).state_dict()
    theirs, ours = spandrel.ModelLoader("cpu").load_from_state_dict(dict(weights)), compact_of(weights)
    assert theirs.scale == scale and "Compact" in theirs.architecture.name and ours is not None
    picture = torch.rand(1, 3, 20, 24, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.allclose(theirs(picture), ours(picture).clamp(0, 1), atol=1e-6)


def test_other_architectures_are_read_by_spandrel(spandrel, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = importlib.import_module("spandrel.architectures.ESRGAN.__arch.RRDB").RRDBNet
    weights = network(num_filters=8, num_blocks=1, scale=4).state_dict()
    upscaler = open_upscaler(saved(tmp_path / "esrgan.safetensors", weights))
    assert upscaler.scale == 4
    assert enlarge(np.zeros((10, 12, 3), np.uint8), upscaler, (24, 20)).shape == (20, 24, 3)


def test_without_spandrel_a_sentence_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spandrel", None)
    path = saved(tmp_path / "other.safetensors", {"conv_first.weight": torch.rand(8, 3, 3, 3)})
    with pytest.raises(InputError, match=r"other\.safetensors is no Compact network; .*rayverie\[upscale\]"):
        open_upscaler(path)


class Burglar:
    """Unpickling it leaves a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("name", ["net.pth", "net.pt", "net.ckpt", "net.safetensors"])
def test_nothing_is_ever_unpickled(tmp_path: Path, name: str) -> None:
    path, mark = tmp_path / name, tmp_path / "robbed"
    path.write_bytes(pickle.dumps(Burglar(mark)))
    with pytest.raises(InputError, match="safetensors"):
        open_upscaler(path)
    assert not mark.exists()


@pytest.mark.parametrize(
    "broken",
    [
        {"body.0.weight": torch.rand(8, 3, 3, 3)},
        {"body.0.weight": torch.rand(8)},
        {**Compact(2, 8, 2).state_dict(), "body.9.weight": torch.rand(4)},
        {**Compact(2, 8, 2).state_dict(), "body.6.weight": torch.rand(13, 8, 3, 3)},
        {},
    ],
)
def test_weights_of_another_shape_are_no_compact_network(broken: dict) -> None:
    assert compact_of(broken) is None


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    weights = compact().state_dict()
    weights["body.2.bias"] = torch.full_like(weights["body.2.bias"], torch.nan)
    with pytest.raises(InputError, match=r"body\.2\.bias holds NaN"):
        read_weights(saved(tmp_path / "nan.safetensors", weights))
    with pytest.raises(InputError, match="does not exist"):
        open_upscaler(tmp_path / "none.safetensors")

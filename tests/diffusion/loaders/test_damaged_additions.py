"""ControlNets, IP-Adapters and parts of folders with wrong numbers: one sentence, and nothing that the libraries print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from base.errors import InputError
from diffusion.loaders.loading import load_model
from diffusion.loaders.prompt_loras import resolve_loras
from diffusion.loaders.running import find_device
from diffusion.tensor_files import TYPES, open_tensors, read_tensors
from tests.diffusion.test_control import write_control
from tests.diffusion.test_style import write_adapter


@pytest.fixture
def additions(sd_folder: Path, tmp_path: Path) -> dict[str, Path]:
    write_control(tmp_path / "depth", sd_folder, 1)
    (tmp_path / "style").mkdir()
    return {"controls": tmp_path / "depth", "adapter": write_adapter(tmp_path / "style", sd_folder)}


def load(model: Path, kind: str, path: Path) -> object:
    return load_model(model, "cpu", **{kind: [str(path)] if kind == "controls" else str(path)})


def change_config(path: Path, name: str, value: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))


def change_weights(path: Path, change) -> str:
    """Change the first weight; returns its name."""
    tensors = load_file(path)
    name = sorted(tensors)[0]
    tensors[name] = change(tensors[name])
    save_file({n: t.contiguous() for n, t in tensors.items() if t is not None}, path)
    return name


@pytest.mark.parametrize(
    ("name", "value"), [("norm_eps", [8, 16]), ("norm_num_groups", 0), ("act_fn", 7), ("dropout", "x")]
)
def test_a_controlnets_configuration(additions, sd_folder, name: str, value: object) -> None:
    change_config(additions["controls"] / "config.json", name, value)
    with pytest.raises(InputError, match=f"controlnet.{name} is"):
        load(sd_folder, "controls", additions["controls"])


@pytest.mark.parametrize(("name", "value"), [("image_size", -1), ("hidden_size", 10**9), ("layer_norm_eps", None)])
def test_an_image_encoders_configuration(additions, sd_folder, name: str, value: object) -> None:
    change_config(additions["adapter"].parent / "image_encoder" / "config.json", name, value)
    with pytest.raises(InputError) as raised:
        load(sd_folder, "adapter", additions["adapter"])
    assert "image_encoder" in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize("part", ["controls", "adapter"])
@pytest.mark.parametrize("change", [lambda t: None, lambda t: t[:0], lambda t: t > 0, lambda t: t * float("nan")])
def test_weights_that_are_wrong_are_one_sentence(additions, sd_folder, part: str, change, capfd) -> None:
    folder = additions[part] if part == "controls" else additions[part].parent / "image_encoder"
    change_weights(next(folder.glob("*.safetensors")), change)
    with pytest.raises(InputError) as raised:
        load(sd_folder, part, additions[part])
    assert "\n" not in str(raised.value)
    said = [line for line in capfd.readouterr().err.splitlines() if line.strip() and "Loading weights" not in line]
    assert not said


def test_good_files_are_loaded_without_a_word(additions, sd_folder, capfd) -> None:
    load(sd_folder, "controls", additions["controls"]), load(sd_folder, "adapter", additions["adapter"])
    assert not [line for line in capfd.readouterr().err.splitlines() if "Loading weights" not in line and line.strip()]


def test_numbers_of_double_length_are_taken(additions, sd_folder) -> None:
    change_weights(next(additions["controls"].glob("*.safetensors")), torch.Tensor.double)
    net = load(sd_folder, "controls", additions["controls"]).controls[0].net  # type: ignore[attr-defined]
    assert {p.dtype for p in net.parameters()} == {torch.float32}


@pytest.mark.parametrize("value", [":1", "  :0.5", "FOLDER:1", "FOLDER:-0.3"])
def test_a_weight_of_no_lora_is_refused(value: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gives a weight to"):
        resolve_loras([value.replace("FOLDER", str(tmp_path))], ())
    assert resolve_loras([str(tmp_path), f"{tmp_path}/a:b.safetensors"], ())[0] == (f"{tmp_path}/a:b.safetensors",)


@pytest.mark.parametrize("name", ["meta", "xla", "cuda:99", "cpu:x", ""])
def test_devices_that_hold_no_numbers(name: str) -> None:
    with pytest.raises(InputError, match="--device"):
        find_device(name)


def test_tensors_are_read_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    written = {kind: torch.arange(6).reshape(2, 3).to(type_) for kind, type_ in TYPES.items() if kind[0] not in "UC"}
    written = {k: t for k, t in written.items() if k not in ("F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ")}
    written |= {"none": torch.zeros(0, 4), "one": torch.tensor(2.5)}
    save_file(written, file)
    found = read_tensors(file)
    assert found.keys() == written.keys()
    assert all(found[n].dtype == t.dtype and found[n].shape == t.shape for n, t in written.items())
    assert all(torch.equal(found[n].float(), t.float()) for n, t in written.items())
    file.write_bytes(b"x")  # nothing of it is mapped
    assert all(torch.equal(found[n].float(), t.float()) for n, t in written.items())


def test_a_file_that_is_cut_off_while_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    save_file({"a": torch.ones(4, 4), "b": torch.ones(5000)}, file)
    with open_tensors(file) as opened, pytest.raises(InputError, match="is cut off"):
        file.write_bytes(file.read_bytes()[:-8000])
        opened.read("b"), opened.read("a")

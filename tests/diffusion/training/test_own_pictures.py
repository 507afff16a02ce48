"""Training on pictures of one's own: the folder, the buckets, and every run up to a model that paints."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file

from app.__main__ import main as rayverie
from base.errors import InputError
from diffusion.library.read_facts import read_facts
from diffusion.loaders.loading import load_model
from diffusion.loaders.options import LoadOptions
from diffusion.text2image.generate import GenerateSettings, generate, make_canvas
from diffusion.text2image.prompt_matching import PromptBank
from diffusion.training.__main__ import main
from diffusion.training.config import DataConfig, DenoiserConfig
from diffusion.training.config_files import build, load_config
from diffusion.training.data.buckets import choose_bucket, list_buckets
from diffusion.training.data.captioned import read_captioned
from diffusion.training.data.own_pictures import OwnPictures
from diffusion.training.data.sources import cell_keys
from diffusion.training.evaluation.ship import ship
from diffusion.training.evaluation.subject import open_painter
from diffusion.training.evaluation.trained import load_trained_unet
from diffusion.training.learners.cells import Cells
from diffusion.training.learners.denoiser import whole_size
from diffusion.training.learners.encode_cells import cache_folder

SIZES = ((120, 80), (64, 128), (100, 100))
COLOURS = ("red", "green", "blue", "yellow")
RUN = ("steps=4", "warmup=1", "batch=2", "save_every=2", "sample_every=4", "log_every=2", "compiled=false")
SMALL = ("encoder_channels=[8,8,12]", "encoder_blocks=[1,1,1]", "decoder_channels=[8,8,12]", "decoder_blocks=[1,1,1]")


def draw(path: Path, colour: str, size: tuple[int, int], rng: np.random.Generator) -> None:
    """A disc on a pale ground."""
    picture = Image.new("RGB", size, "#eee8dd")
    x, y = (float(rng.uniform(0.3, 0.7)) * side for side in size)
    radius = 0.25 * min(size)
    ImageDraw.Draw(picture).ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    picture.save(path)


def draw_folder(folder: Path, count: int = 12) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for number in range(count):
        colour = COLOURS[number % len(COLOURS)]
        draw(folder / f"disc {number:02}.png", colour, SIZES[number % len(SIZES)], rng)
        (folder / f"disc {number:02}.txt").write_text(f"a {colour} disc\n")
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures, in which every run has been made once, from the command line."""
    where = tmp_path_factory.mktemp("own")
    data = (f"data.folder={draw_folder(where / 'pictures')}", "data.size=96")
    small = ("latent_channels=4", "crop=32", "perceptual=", "surface=true", "noise=0.05")
    run = ["autoencoder", "autoencoder", *data, f"out={where / 'autoencoder'}", *RUN, *SMALL, *small]
    assert main(run) == 0
    for command in ("cells", "denoiser"):
        assert main([command, "own", *denoiser(where)]) == 0
    return where


def denoiser(where: Path, *more: str) -> list[str]:
    named = {"out": "denoiser", "autoencoder": "autoencoder", "cache": "cells", "target": "model"}
    places = [f"{key}={where / name}" for key, name in named.items()]
    small = ("start=", "channels=[16,24]", "blocks=1", "heads=2", "crop=0", "sample_steps=2", "accumulate=2")
    return [*places, f"data.folder={where / 'pictures'}", "data.size=96", *RUN, *small, *more]


def config_of(where: Path, *more: str) -> DenoiserConfig:
    return load_config(
        DenoiserConfig, Path(__file__).parents[3] / "diffusion/training/configs/own.yaml", denoiser(where, *more)
    )


@pytest.mark.parametrize("size", [32, 96, 256, 512])
def test_buckets_have_an_area_and_every_shape_a_near_one(size: int) -> None:
    found = list_buckets(size)
    assert {(height, width) for width, height in found} == set(found)
    for width, height in found:
        assert width % 32 == height % 32 == 0
        assert width * height <= size**2 and max(width, height) <= 2 * min(width, height)
    if size >= 256:
        for ratio in np.geomspace(0.6, 1.6, 9):
            width, height = choose_bucket((round(1000 * ratio), 1000), size)
            assert abs(np.log(width / height / ratio)) < 0.13


def test_pictures_are_turned_resized_and_cut_to_their_bucket(tmp_path: Path) -> None:
    draw_folder(tmp_path)
    pictures = OwnPictures(build(DataConfig, {"folder": str(tmp_path), "size": 96}, "test"))
    shapes = {tuple(pictures.tensor("images", i).shape) for i in range(pictures.count)}
    assert shapes == {(3, 96, 96), (3, 128, 64)} | ({(3, 64, 128)} & shapes)
    upright = Image.new("RGB", (128, 64), "white")
    upright.putpixel((0, 0), (0, 0, 0))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90°
    upright.save(tmp_path / "disc 00.png", exif=exif)
    again = OwnPictures(build(DataConfig, {"folder": str(tmp_path), "size": 96}, "test"))
    rows = [again.read_caption(i).path.name for i in range(again.count)]
    if "disc 00.png" in rows:
        assert again.tensor("images", rows.index("disc 00.png")).shape == (3, 128, 64)
    assert again.key != pictures.key


def test_some_pictures_are_held_out_and_none_twice(tmp_path: Path) -> None:
    data = build(DataConfig, {"folder": str(draw_folder(tmp_path, 45)), "size": 32}, "test")
    parts = [OwnPictures(data, held_out) for held_out in (False, True)]
    names = [{part.read_caption(i).path for i in range(part.count)} for part in parts]
    assert (len(names[0]), len(names[1])) == (43, 2) and not names[0] & names[1]


def test_metadata_names_pictures_in_place_of_texts(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("a.png", "deep/b.jpg"):
        Image.new("RGB", (40, 40)).save(tmp_path / name)
    rows = [{"file_name": "deep/b.jpg", "text": "a  b"}, {"file_name": "a.png", "caption": "an a"}]
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    found = {one.path.relative_to(tmp_path).as_posix(): one.caption for one in read_captioned(tmp_path)}
    assert found == {"a.png": "an a", "deep/b.jpg": "a b"}


def spoil(folder: Path, name: str, content: str | bytes | None) -> None:
    path = folder / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


LINE = '{"file_name": "disc 00.png", "text": "a disc"}\n'


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("disc 00.txt", None, "disc 00.png has no caption"),
        ("disc 00.png", None, "disc 00.txt is a caption without a picture"),
        ("disc 01.txt", "  \n", "disc 01.txt has an empty caption"),
        ("disc 01.txt", "long " * 300, "disc 01.txt has a caption of 1499 characters"),
        ("disc 01.txt", b"caf\xe9", "disc 01.txt is not UTF-8 text (line 1)"),
        ("disc 01.png", b"\x89PNG broken", "disc 01.png is not a picture of a known kind"),
        ("disc 01.png", b"", "disc 01.png"),
        ("metadata.jsonl", LINE, "disc 01.png has no caption; metadata.jsonl does not name it"),
        ("metadata.jsonl", LINE + "{", "metadata.jsonl: line 2 is not JSON"),
        ("metadata.jsonl", LINE + "[]", 'metadata.jsonl: line 2 has no "file_name"'),
        ("metadata.jsonl", LINE + '{"file_name": "disc 01.png"}', "metadata.jsonl: line 2 has no caption"),
        ("metadata.jsonl", LINE + '{"file_name": "disc 01.png", "text": " "}', "line 2 has an empty caption"),
        ("metadata.jsonl", LINE + LINE, "metadata.jsonl: line 2 names disc 00.png again, after line 1"),
        ("metadata.jsonl", LINE + LINE.replace("00", "99"), "line 2 is a caption without a picture"),
        ("metadata.jsonl", LINE.replace("disc", "../disc"), "it must lie in this folder"),
        ("metadata.jsonl", LINE.replace("png", "psd"), "a picture ends in .png"),
        ("metadata.jsonl", "\n", "disc 00.png has no caption"),
    ],
)
def test_bad_folders_are_one_sentence(
    tmp_path: Path, name: str, content: str | bytes | None, said: str, capsys
) -> None:
    draw_folder(tmp_path, 3)
    spoil(tmp_path, name, content)
    assert main(["data", "data", f"folder={tmp_path}", "size=64"]) == 2
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == 1


def test_folders_without_enough_pictures_are_one_sentence(tmp_path: Path, capsys) -> None:
    draw_folder(tmp_path, 1)
    assert main(["data", "data", f"folder={tmp_path}"]) == 2
    assert "holds one picture; two are needed" in capsys.readouterr().err
    (tmp_path / "disc 00.png").unlink()
    (tmp_path / "disc 00.txt").unlink()
    (tmp_path / "metadata.jsonl").write_text("")
    assert main(["data", "data", f"folder={tmp_path}"]) == 2
    assert "holds no pictures" in capsys.readouterr().err


def test_choices_and_settings_without_effect_are_named(runs: Path, capsys) -> None:
    assert rayverie(["train", "data", "data", f"folder={runs / 'pictures'}", "size=96", "surfaces=3"]) == 0
    told = capsys.readouterr()
    assert "11 pictures to train on and 1 held out" in told.out and "96×96" in told.out
    assert "surfaces has no effect" in told.err
    assert main(["features", "features", f"data.folder={runs / 'pictures'}"]) == 2
    assert "this needs drawn ones" in capsys.readouterr().err


def test_cells_have_the_pictures_shapes_and_their_captions(runs: Path) -> None:
    config = config_of(runs)
    key, unseen = cell_keys(config.data)
    cells, folder = (
        Cells(cache_folder(config.cache, config.autoencoder), key),
        cache_folder(config.cache, config.autoencoder),
    )
    assert cells.count == 11 and Cells(folder, unseen).count == 1
    assert len(cells.sizes) > 1 and set(cells.sizes) <= {(12, 12), (8, 16), (16, 8)}
    assert {cells.words(i)[0] for i in range(cells.count)} == {f"a {colour} disc" for colour in COLOURS}
    rng = np.random.default_rng(0)
    for _ in range(6):
        rows = cells.draw(3, True, rng)
        batch = cells.batch(rows, whole_size(cells.latents(rows[0]), config.channels), rng)
        assert torch.equal(batch.latents, torch.stack([cells.latents(row) for row in rows]).float())
        assert not batch.known.any() and bool((batch.shares[:, 0] == 1).all()) and not batch.shares[:, 1:].any()
        assert torch.equal(batch.contexts[:, 1], cells.unconditional.expand(3, -1, -1))
    files = sorted(folder.glob("*.safetensors"))
    before = [file.stat().st_mtime_ns for file in files]
    assert main(["cells", "own", *denoiser(runs)]) == 0
    assert [file.stat().st_mtime_ns for file in files] == before


def test_a_decoder_keeps_what_it_knows_of_surfaces(runs: Path, tmp_path: Path) -> None:
    start = runs / "autoencoder"
    data = (f"data.folder={runs / 'pictures'}", "data.size=96", "perceptual=", "latent_channels=4", "crop=32")
    further = ("surface=true", f"start={start}", f"out={tmp_path}")
    assert main(["autoencoder", "autoencoder", *data, *further, *RUN, *SMALL]) == 0
    weights = [load_file(of / "vae" / "diffusion_pytorch_model.safetensors") for of in (start, tmp_path)]
    same = {name: torch.equal(weights[0][name], weights[1][name]) for name in weights[0]}
    assert all(same[name] == name.startswith("decoder.told") for name in same if name not in ("mean", "std"))
    assert any(name.startswith("decoder.told") for name in same)


@pytest.mark.parametrize("weights", ["ema", "raw"])
def test_either_weights_ship(runs: Path, weights: str, tmp_path: Path) -> None:
    config = config_of(runs, f"weights={weights}", f"target={tmp_path / 'model'}")
    ship(config)
    kept = load_file(runs / "denoiser" / "checkpoint.safetensors")
    shipped = load_file(tmp_path / "model" / "unet" / "diffusion_pytorch_model.safetensors")
    kind = {"ema": "averages", "raw": "weights"}[weights]
    assert all(torch.equal(tensor, kept[f"{kind}.{name}"].half()) for name, tensor in shipped.items())
    assert torch.equal(load_trained_unet(config).leave.weight, kept[f"{kind}.leave.weight"])
    assert not torch.equal(kept["averages.leave.weight"], kept["weights.leave.weight"])


def test_a_model_with_both_weights_is_asked_for_one_of_them(runs: Path, tmp_path: Path) -> None:
    models = {}
    for weights in ("both", "ema", "raw"):
        models[weights] = ship(config_of(runs, f"weights={weights}", f"target={tmp_path / weights}"))
    read = {name: load_model(models["both"], "cpu", options=LoadOptions(weights=name)) for name in ("ema", "raw")}
    for name, model in read.items():
        alone = load_model(models[name], "cpu").unet.state_dict()
        assert all(torch.equal(tensor, alone[key]) for key, tensor in model.unet.state_dict().items())
    found = {weights: read_facts(folder) for weights, folder in models.items()}
    assert {weights: facts.raw for weights, facts in found.items() if facts} == {
        "both": True,
        "ema": False,
        "raw": False,
    }
    assert read["ema"].id != read["raw"].id and read["ema"].space == read["raw"].space
    with pytest.raises(InputError, match=r"unet has no raw weights .* leave out --weights"):
        load_model(models["ema"], "cpu", options=LoadOptions(weights="raw"))
    ship(config_of(runs, "weights=ema", f"target={models['both']}"))
    assert [file.name for file in (models["both"] / "unet").glob("*.safetensors")] == [
        "diffusion_pytorch_model.safetensors"
    ]


def test_what_ships_paints_prompts_and_knows_no_surfaces(runs: Path, tmp_path: Path, capsys) -> None:
    assert main(["ship", "own", *denoiser(runs)]) == 0
    folder = runs / "model"
    model = load_model(folder, "cpu")
    assert not model.knows_surfaces and model.native == 96 and model.defaults["steps"] == 12
    assert not model.text.readings(["a red disc", "ocean"])
    settings = GenerateSettings("a red disc", size=(64, 96))
    assert make_canvas(model, settings)[0].surface.gbuffer is None
    assert generate(model, settings).image.shape == (96, 64, 3)
    assert set(PromptBank.load(folder / "bank.safetensors").captions) == {f"a {colour} disc" for colour in COLOURS}
    out = tmp_path / "disc.png"
    words = [
        "generate",
        "blue round thing",
        "--model",
        str(folder),
        "--match",
        "2",
        "--size",
        "64x64",
        "--out",
        str(out),
    ]
    assert rayverie([*words, "--surface", "floor"]) == 0
    told = capsys.readouterr()
    assert "a blue disc" in told.out + told.err and "--surface has no effect" in told.err and out.is_file()
    assert main(["ship", "own", *denoiser(runs, "target=")]) == 2
    assert "give another folder" in capsys.readouterr().err
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").write_text("dear")
    assert main(["ship", "own", *denoiser(runs, f"target={tmp_path / 'letters'}")]) == 2
    assert "holds something else" in capsys.readouterr().err


def test_a_scene_is_dreamed_with_what_ships(runs: Path, tiny_scene: Path, tmp_path: Path) -> None:
    ship(config_of(runs, f"target={tmp_path / 'model'}"))
    words = [
        "dream",
        str(tiny_scene),
        "--model",
        str(tmp_path / "model"),
        "--views",
        "1",
        "--canvas",
        "48",
        "--steps",
        "2",
    ]
    assert rayverie([*words, "--world", str(tmp_path / "scene.world")]) == 0


def test_the_held_out_pictures_measure_a_run(runs: Path, capsys) -> None:
    found = {}
    for weights in ("ema", "raw"):
        assert main(["evaluate", "own", *denoiser(runs, f"weights={weights}")]) == 0
        found[weights] = json.loads((runs / "denoiser" / "evaluation.json").read_text())
    assert found["ema"]["pictures"] == found["raw"]["pictures"] and found["ema"]["pictures"]["psnr"] > 5
    assert found["ema"]["flow"] != found["raw"]["flow"]
    assert main(["evaluate", "own", *denoiser(runs, "measures=joints")]) == 2
    assert "needs drawn pictures" in capsys.readouterr().err
    assert not open_painter(config_of(runs)).model.knows_surfaces


def test_a_crop_larger_than_the_pictures_is_refused(runs: Path, capsys) -> None:
    assert main(["denoiser", "own", *denoiser(runs, "crop=64", f"out={runs / 'other'}")]) == 2
    assert "the smallest pictures have 8 latent pixels a side" in capsys.readouterr().err
    with pytest.raises(InputError, match="pixels after resizing"):
        OwnPictures(config_of(runs).data).window(0, 256, np.random.default_rng(0))

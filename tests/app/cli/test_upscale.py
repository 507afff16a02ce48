"""`--upscale` of `generate`, `gallery`, `render` and `export`: sizes, what is kept, remarks, and what is refused."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.__main__ import main
from diffusion.text2image.metadata import read_png
from engine.export.glb import write_glb
from engine.export.layout import GUTTER
from engine.export.source import open_source
from engine.render.film_files import sidecar
from scenes.load import load_scene
from tests.app.cli.conftest import pixels

PICKLE = b"\x80\x04nothing of this is ever run"


@pytest.fixture
def enlarged(words, tiny_upscaler: Path, tmp_path: Path) -> Path:
    out = tmp_path / "large.png"
    more = ["--size", "64x48", "--steps", "2", "--seed", "5", "--upscale", "2", "--upscaler", str(tiny_upscaler)]
    assert main([*words, "brick wall", *more, "--out", str(out)]) == 0
    return out


def test_a_picture_is_enlarged_and_makes_itself_again(picture: Path, enlarged: Path, tmp_path: Path) -> None:
    assert pixels(enlarged).shape == (96, 128, 3) and read_png(enlarged).settings.size == (64, 48)
    small = np.asarray(Image.open(enlarged).resize((64, 48), Image.Resampling.BOX), float)
    assert np.corrcoef(small.ravel(), pixels(picture).ravel())[0, 1] > 0.9
    again = tmp_path / "again.png"
    assert main(["generate", "--from", str(enlarged), "--device", "cpu", "--out", str(again)]) == 0
    assert again.read_bytes() == enlarged.read_bytes()


def test_the_gallery_s_picture_becomes_the_same(enlarged: Path, words, tiny_upscaler: Path, tmp_path, capsys) -> None:
    kept = ["--size", "64x48", "--steps", "2", "--seed", "5", "--gallery", "--out", str(tmp_path / "x.png")]
    assert main([*words, "a wall to be enlarged", *kept]) == 0
    capsys.readouterr()
    assert main(["gallery", "search", "enlarged", "--json"]) == 0
    (small,) = json.loads(capsys.readouterr().out)
    by = ["--upscale", "3", "--upscaler", str(tiny_upscaler)]
    assert main(["gallery", "upscale", small["name"], *by]) == 0
    assert "64x48 is now there as 192x144" in capsys.readouterr().err
    assert main(["gallery", "search", "enlarged", "--json"]) == 0
    large = json.loads(capsys.readouterr().out)[0]
    assert large["size"] == [192, 144] and read_png(large["path"]).settings.upscale == 3
    assert main(["gallery", "upscale", large["name"]]) == 2
    assert "is enlarged 3 times already" in capsys.readouterr().err


def test_frames_of_a_film_are_enlarged(world, tiny_scene: Path, tiny_upscaler: Path, tmp_path: Path) -> None:
    shown = ["--no-model", "--world", str(world), "--mode", "material"]
    film = ["render", str(tiny_scene), *shown, "--size", "64x48", "--frames", "1"]
    assert main([*film, "--out", str(tmp_path / "small")]) == 0
    more = ["--upscale", "2", "--upscaler", str(tiny_upscaler)]
    assert main([*film, *more, "--out", str(tmp_path / "large")]) == 0
    small, large = (next((tmp_path / name).glob("*.png")) for name in ("small", "large"))
    assert pixels(large).shape == (96, 128, 3)
    back = np.asarray(Image.open(large).resize((64, 48), Image.Resampling.BOX), float)
    assert np.corrcoef(back.ravel(), pixels(small).ravel())[0, 1] > 0.9
    assert main([*film, *more, "--out", str(tmp_path / "film.mp4")]) == 0
    assert json.loads(sidecar(tmp_path / "film.mp4").read_text())["made"]["upscale"] == 2


@pytest.fixture(scope="module")
def world(tiny_scene: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "tiny.world"
    settings = ["--model", str(tiny_model), "--device", "cpu", "--canvas", "48", "--steps", "1", "--views", "1"]
    assert main(["dream", str(tiny_scene), *settings, "--world", str(path)]) == 0
    return path


def texture_sizes(path: Path) -> list[tuple[int, int]]:
    """Of the pictures in a GLB file."""
    data = path.read_bytes()
    head = int.from_bytes(data[12:16], "little")
    told, body = json.loads(data[20 : 20 + head]), data[28 + head :]
    views = [told["bufferViews"][image["bufferView"]] for image in told["images"]]
    files = (body[view.get("byteOffset", 0) :][: view["byteLength"]] for view in views)
    return sorted(Image.open(io.BytesIO(file)).size for file in files)


def test_painted_textures_of_an_export_are_enlarged(world, tiny_scene, tiny_upscaler: Path, tmp_path: Path) -> None:
    out, page = tmp_path / "large.glb", tmp_path / "page"
    more = ["--upscale", "2", "--upscaler", str(tiny_upscaler), "--out", str(out), "--html", str(page)]
    assert main(["export", str(world), str(tiny_scene), *more]) == 0
    source = open_source(world, load_scene(tiny_scene), lambda what, share: None)
    write_glb(source, tmp_path / "small.glb", "png", lambda what, share: None)
    small, large = (texture_sizes(path) for path in (tmp_path / "small.glb", out))
    painted = [bool((source.layout.scale[p.charts] == 8).any()) for p in source.layout.pages]
    expected = sorted(
        (p.width * (1 + paint), p.height * (1 + paint)) for p, paint in zip(source.layout.pages, painted, strict=True)
    )
    assert any(painted) and large == expected != small
    told = json.loads((page / "world.js").read_text().removeprefix("rayverie.open(").removesuffix(");\n"))
    assert [p["coarsest"] for p in told["pages"]] == [int(np.log2(GUTTER)) + paint for paint in painted]


def test_the_picture_of_a_page_stays_in_its_place(world, tiny_scene) -> None:
    """An enlarged page shows what the small one shows, at the same texture coordinates."""
    twice = lambda picture: picture.repeat(2, axis=0).repeat(2, axis=1)  # noqa: E731
    scene, nothing = load_scene(tiny_scene), lambda what, share: None
    small = list(open_source(world, scene, nothing).pictures(nothing))
    large = list(open_source(world, scene, nothing, twice).pictures(nothing))
    for (page, one), (other, two) in zip(small, large, strict=True):
        assert (page.width, page.height) == (other.width, other.height)
        assert np.array_equal(two, one) or np.array_equal(two, twice(one))


@pytest.mark.parametrize("command", ["generate", "render", "export", "gallery"])
def test_what_is_no_upscaler_is_refused_in_a_sentence(
    command: str, words, world, tiny_scene, picture, tmp_path: Path, capsys
) -> None:
    bad = tmp_path / "net.pth"
    bad.write_bytes(PICKLE)
    by = ["--upscale", "2", "--upscaler", str(bad)]
    if command == "gallery":
        assert (
            main(
                [
                    *words,
                    "a kept wall",
                    "--size",
                    "32x32",
                    "--steps",
                    "1",
                    "--gallery",
                    "--out",
                    str(tmp_path / "k.png"),
                ]
            )
            == 0
        )
        assert main(["gallery", "search", "kept", "--json"]) == 0
        name = json.loads(capsys.readouterr().out)[0]["name"]
    lines = {
        "generate": [*words, "wall", "--out", str(tmp_path / "a.png"), *by],
        "render": ["render", str(tiny_scene), "--no-model", "--out", str(tmp_path / "b.mp4"), *by],
        "export": ["export", str(world), str(tiny_scene), "--out", str(tmp_path / "c.glb"), *by],
        "gallery": ["gallery", "upscale", name if command == "gallery" else "", *by],
    }
    capsys.readouterr()
    assert main(lines[command]) == 2
    assert "net.pth is a pickle, which can run any program when read" in capsys.readouterr().err.replace("\n", " ")
    assert not any((tmp_path / name).exists() for name in ("a.png", "b.mp4", "c.glb"))


def test_an_upscaler_without_a_factor_is_remarked_on(
    words, world, tiny_scene, tiny_upscaler: Path, tmp_path, capsys
) -> None:
    by, shown = ["--upscaler", str(tiny_upscaler)], ["--no-model", "--world", str(world), "--mode", "depth"]
    for line in (
        [*words, "wall", "--size", "32x32", "--steps", "1", "--out", str(tmp_path / "a.png"), *by],
        ["render", str(tiny_scene), *shown, "--size", "32x32", "--frames", "1", "--out", str(tmp_path / "b"), *by],
        ["export", str(world), str(tiny_scene), "--out", str(tmp_path / "c.glb"), *by],
    ):
        capsys.readouterr()
        assert main(line) == 0
        assert "--upscaler has no effect: there is no --upscale." in capsys.readouterr().err
    assert main(["gallery", "list", *by]) == 2
    assert "it is for `gallery upscale`" in capsys.readouterr().err

"""Videos and PNG folders: frames, settings, and nothing half written."""

from __future__ import annotations

import json

import av
import numpy as np
import pytest
from PIL import Image

from base.errors import InputError
from engine.render.film_files import CODECS, Codec, read_metadata, sidecar
from engine.render.video import open_output

SIZE = (64, 48)
SETTINGS = {"rayverie": 1, "scene": "hamlet", "seed": 3, "prompt": 'brick "wall" ünder'}


def frames(count: int = 6) -> list[np.ndarray]:
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    return [np.stack([x * 3, y * 4, np.full_like(x, 30 * k)], axis=-1).astype(np.uint8) for k in range(count)]


def decoded(path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]


@pytest.mark.parametrize("suffix", CODECS)
def test_round_trip(suffix, tmp_path):
    path = tmp_path / f"tour{suffix}"
    with open_output(path, SIZE, 24, SETTINGS) as out:
        for frame in frames():
            out.write(np.dstack([frame, np.full(SIZE[::-1], 255, np.uint8)]))
    got = decoded(path)
    assert len(got) == 6
    for a, b in zip(got, frames(), strict=True):
        difference = np.abs(a.astype(int) - b)
        assert difference.max() == 0 if suffix == ".mkv" else difference.mean() < 6
    assert read_metadata(path) == SETTINGS == json.loads(sidecar(path).read_text())
    assert sorted(p.name for p in tmp_path.iterdir()) == [path.name, f"{path.name}.json"]
    if CODECS[suffix].inside:
        sidecar(path).unlink()
        assert read_metadata(path) == SETTINGS


def test_a_folder_of_pngs(tmp_path):
    path = tmp_path / "tour"
    for count in (5, 3):
        with open_output(path, SIZE, 24, SETTINGS) as out:
            for frame in frames(count):
                out.write(frame)
    assert sorted(p.name for p in path.iterdir()) == ["00000.png", "00001.png", "00002.png"]
    assert (np.asarray(Image.open(path / "00002.png")) == frames()[2]).all()
    assert read_metadata(path / "00000.png") == read_metadata(path) == SETTINGS


def test_pictures_that_no_render_wrote_stay(tmp_path):
    path = tmp_path / "tour"
    path.mkdir()
    for name in ("00050.png", "12345.png"):
        Image.new("RGB", (2, 2)).save(path / name)
    (path / "00070.png").write_bytes(b"no picture")
    for count, settings in ((5, SETTINGS), (3, {"rayverie": 1, "other": 1}), (2, SETTINGS)):
        with open_output(path, SIZE, 24, settings) as out:
            for frame in frames(count):
                out.write(frame)
    assert sorted(p.name for p in path.iterdir()) == ["00000.png", "00001.png", "00050.png", "00070.png", "12345.png"]


@pytest.mark.parametrize(("fps", "held"), [(24, 24), (50, 50), (60, 50), (240, 50)])
def test_a_gif_of_more_frames_than_it_can_show_says_so(fps, held, tmp_path):
    with open_output(tmp_path / "tour.gif", SIZE, fps, SETTINGS) as out:
        for frame in frames():
            out.write(frame)
        assert (f"at most 50 frames a second, not {fps}" in out.note) == (fps > 50)
    with Image.open(tmp_path / "tour.gif") as gif:
        shown = []
        for number in range(gif.n_frames):
            gif.seek(number)
            shown.append(gif.info["duration"])
    assert len(shown) == 6 and sum(shown[:5]) == pytest.approx(5000 / held, abs=10) and min(shown) >= 20


@pytest.mark.parametrize("name", ["[b] tour", "tour 🧱", "a\nb", "100%d", "pipe:1", "-y"])
def test_a_film_may_have_any_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with open_output(f"{name}.mp4", SIZE, 24, SETTINGS) as out:
        out.write(frames()[0])
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"{name}.mp4", f"{name}.mp4.json"]
    assert read_metadata(f"{name}.mp4") == SETTINGS


def test_a_failed_render_leaves_the_old_file(tmp_path):
    path = tmp_path / "tour.mp4"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError, match="boom"), open_output(path, SIZE, 24, SETTINGS) as out:
        out.write(frames()[0])
        raise RuntimeError("boom")
    assert path.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1
    with pytest.raises(InputError, match="without a frame"), open_output(path, SIZE, 24, SETTINGS):
        pass
    assert path.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("name", "size", "fps", "says"),
    [
        ("a.avi", SIZE, 24, "suffix"),
        ("a.mp4", (63, 48), 24, "steps of 2"),
        ("a.mp4", (8, 8), 24, "16 to 8192"),
        ("a.mp4", SIZE, 0, "fps"),
        ("taken", SIZE, 24, "is a file"),
    ],
)
def test_bad_outputs(name, size, fps, says, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(InputError, match=says):
        open_output(tmp_path / name, size, fps, {})
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_an_output_needs_a_name_of_its_own(name, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(InputError, match="must be the name"):
        open_output(name, SIZE, 24, {})
    assert [p.name for p in tmp_path.rglob("*")] == ["here"]


def test_frames_of_another_size_are_refused(tmp_path):
    with pytest.raises(ValueError, match="64x48"), open_output(tmp_path / "a.mkv", SIZE, 24, {}) as out:
        out.write(np.zeros((10, 10, 3), np.uint8))


def test_no_settings(tmp_path):
    with pytest.raises(InputError, match="no settings"):
        read_metadata(tmp_path / "missing.mp4")


@pytest.mark.parametrize("name", ["film.mp4", "picture.png", "film.gif"])
@pytest.mark.parametrize("beside", [None, b"\xff\xfe", b"[1]"], ids=["nothing", "no text", "a list"])
def test_what_is_damaged_has_no_settings(name, beside, tmp_path):
    (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n and nothing of a film")
    if beside is not None:
        sidecar(tmp_path / name).write_bytes(beside)
    with pytest.raises(InputError, match="no settings of a render"):
        read_metadata(tmp_path / name)


def test_an_encoder_that_is_missing_leaves_the_old_file(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.render.film_files.CODECS", {".mp4": Codec("none_such", "yuv420p")})
    (tmp_path / "tour.mp4").write_bytes(b"old")
    with pytest.raises(ValueError, match="none_such"):
        open_output(tmp_path / "tour.mp4", SIZE, 24, SETTINGS)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]

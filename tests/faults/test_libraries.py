"""What fails inside of FFmpeg, Pillow and safetensors: files that can't grow, as on a full disk, and files that can't be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from app.files import presets
from app.files.gallery.entry import read_entry
from app.session import load_session
from base.errors import InputError, escape_controls
from base.pictures import open_picture
from base.png import read_texts
from base.reading import read_text
from base.safetensors_header import read_header
from base.strict_yaml import read_yaml
from diffusion.loaders.loading import load_model
from diffusion.loaders.lora import merge_lora, parse_lora
from diffusion.text2image.metadata import read_png
from engine.render.film_files import read_metadata
from engine.render.video import open_output
from engine.storage.world import read_world
from scenes.nerfstudio import read_path
from tests.faults.test_saving import KINDS

resource = pytest.importorskip("resource")  # not on Windows

NOISE = np.random.default_rng(0).integers(0, 256, (5, 48, 64, 3), np.uint8)  # five frames that can't be compressed


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """Every write beyond so many bytes of a file fails (EFBIG), whoever writes: Python, C or Rust."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def save_film(suffix: str) -> Callable[[Path, int], None]:
    def save(folder: Path, number: int) -> None:
        with open_output(folder / f"a{suffix}", (64, 48), 24, {"rayverie": 1, "number": number}) as out:
            for frame in NOISE:
                out.write(frame + np.uint8(number))

    return save


SAVES = {name: save for name, (save, _) in KINDS.items()} | {
    f"noise as {suffix or 'PNGs'}": save_film(suffix) for suffix in (".mp4", ".webm", ".mkv", ".gif", "")
}


def content(folder: Path) -> dict[str, bytes]:
    """All files but the kept versions of worlds, which are named by the time."""
    files = (path for path in folder.rglob("*") if path.is_file() and "versions" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("kind", SAVES)
def test_a_file_that_cannot_grow_leaves_the_old_one(kind: str, tmp_path: Path) -> None:
    """Of several files, such as a folder of frames, each is the old one or the new one."""
    here, complete = tmp_path / "here", tmp_path / "complete"
    SAVES[kind](here, 1)
    SAVES[kind](complete, 2)
    before, new = content(here), content(complete)
    largest = max(map(len, before.values()))
    for size in sorted({0, 1, 7, *(largest * part // 8 for part in range(1, 8))}):
        with no_file_longer_than(size), pytest.raises(InputError) as raised:
            SAVES[kind](here, 2)
        assert escape_controls(str(raised.value)) == str(raised.value) and len(str(raised.value)) < 600
        after = content(here)
        assert after.keys() == before.keys()
        assert all(after[name] in (before[name], new[name]) for name in after)
        assert len(after) > 1 or after == before


UNREADABLE = Path("/proc/self/mem")  # a regular file whose first byte can't be read: EIO

READS: dict[str, Callable[[Path], object]] = {
    "picture": open_picture,
    "picture of generate": read_png,
    "texts of a PNG": read_texts,
    "entry of the gallery": read_entry,
    "film": read_metadata,
    "weights": read_header,
    "model": lambda path: load_model(path, "cpu"),
    "LoRA": lambda path: merge_lora(parse_lora(str(path)), {}),
    "world": read_world,
    "materials": lambda path: read_yaml(path, "materials"),
    "path": read_path,
    "session": load_session,
    "preset": presets.read,
    "text": lambda path: read_text(path, "a text"),
}


@pytest.mark.skipif(not UNREADABLE.is_file(), reason="only Linux has a file that can't be read even by root")
@pytest.mark.parametrize("kind", READS)
def test_a_disk_that_cannot_be_read_is_a_sentence(kind: str, tmp_path: Path) -> None:
    suffixes = {"film": ".mkv", "model": ".safetensors", "LoRA": ".safetensors", "path": ".json"}
    file = tmp_path / f"a{suffixes.get(kind, '.png')}"
    file.symlink_to(UNREADABLE)
    with pytest.raises(InputError) as raised:
        READS[kind](file)
    assert escape_controls(str(raised.value)) == str(raised.value) and file.name in str(raised.value)

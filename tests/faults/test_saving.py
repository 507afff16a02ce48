"""Whatever call fails while something is saved: the good copy opens, the message is one sentence, nothing temporary is left."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import SafetensorError

from app.files import keymap, presets, recent
from base.errors import InputError, escape_controls
from diffusion.settings import DreamSettings
from diffusion.text2image.metadata import read_png, write_png
from diffusion.text2image.recipe import GenerateSettings, Recipe
from diffusion.training.config import RunConfig
from diffusion.training.masters import Masters
from engine.render.film_files import read_metadata
from engine.render.video import open_output
from engine.storage.journal import Journal
from engine.storage.versions import keep_version
from engine.storage.world import WorldHeader, WorldIndex, read_world, write_world
from tests.faults.injection import fail_everywhere, faulty_reads

PICTURE = np.zeros((48, 64, 3), np.uint8)


def save_picture(folder: Path, number: int) -> None:
    write_png(folder / "a.png", PICTURE, Recipe(GenerateSettings(prompt=f"{number}"), None, "m-1", {}, 0, ()))


def read_picture(folder: Path) -> int:
    return int(read_png(folder / "a.png").settings.prompt)


def save_film(folder: Path, number: int) -> None:
    with open_output(folder / "a.mkv", (64, 48), 24, {"rayverie": 1, "number": number}) as out:
        out.write(PICTURE)


def read_film(folder: Path) -> int:
    (folder / "a.mkv.json").unlink(missing_ok=True)  # the film carries it, too
    return read_metadata(folder / "a.mkv")["number"]


def save_keys(folder: Path, number: int) -> None:
    keymap.save(folder, {"fly": (f"{number}",)})


def read_keys(folder: Path) -> int:
    return int(keymap.load(folder)["fly"][0])


def save_recent(folder: Path, number: int) -> None:
    recent.save(folder, (f"{number}",))


def read_recent(folder: Path) -> int:
    return int(recent.load(folder)[0])


def save_preset(folder: Path, number: int) -> None:
    presets.save(folder, "mine", DreamSettings(steps=number))


def read_preset(folder: Path) -> int:
    return presets.read(folder / "mine.json").steps


def save_world(folder: Path, number: int) -> None:
    """Through a journal, with the version before kept."""
    journal = Journal(folder / "journal")
    try:
        journal.commit(WorldIndex(WorldHeader("s", "0" * 64, "0" * 64, "m", 4, number, 1), {}))
        keep_version(folder / "a.world", folder / "data")
        write_world(journal.folder, folder / "a.world")
    finally:
        journal.close()


def read_saved_world(folder: Path) -> int:
    assert read_world(folder / "journal").header.seed in (1, 2)
    return read_world(folder / "a.world").header.seed


def masters_of(number: int) -> Masters:
    """Training's weights, all of one number."""
    network = torch.nn.Linear(2, 2)
    for parameter in network.parameters():
        torch.nn.init.constant_(parameter, number)
    return Masters(network, RunConfig(numbers="float32"))


def save_checkpoint(folder: Path, number: int) -> None:
    masters_of(number).save(folder)


def read_checkpoint(folder: Path) -> int:
    masters = masters_of(0)
    assert masters.load(folder)
    return int(masters.weights["bias"][0])


KINDS: dict[str, tuple[Callable[[Path, int], None], Callable[[Path], int]]] = {
    "picture": (save_picture, read_picture),
    "film": (save_film, read_film),
    "keymap": (save_keys, read_keys),
    "recent files": (save_recent, read_recent),
    "preset": (save_preset, read_preset),
    "world": (save_world, read_saved_world),
    "checkpoint": (save_checkpoint, read_checkpoint),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_save_that_fails_anywhere_leaves_the_old_one_or_the_new_one(kind: str, tmp_path: Path) -> None:
    save, read = KINDS[kind]
    save(tmp_path, 1)
    outcomes = set()

    def after(raised: BaseException | None) -> None:
        if raised is not None:
            assert isinstance(raised, InputError), raised
            assert escape_controls(str(raised)) == str(raised) and len(str(raised)) < 600
        found = read(tmp_path)
        assert found in (1, 2) and (raised is not None or found == 2)
        assert not [p.name for p in tmp_path.rglob(".*-*")]  # nothing temporary
        outcomes.add(found)
        save(tmp_path, 1)

    assert fail_everywhere(lambda: save(tmp_path, 2), after) > 12
    assert outcomes == {1, 2}


@pytest.mark.parametrize("kind", KINDS)
def test_a_read_that_fails_anywhere_changes_nothing(kind: str, tmp_path: Path) -> None:
    save, read = KINDS[kind]
    save(tmp_path, 1)
    files = content(tmp_path)

    def after(raised: BaseException | None) -> None:
        # what the program can do without, such as the list of recent files, is empty where it can't be read
        assert raised is None or isinstance(raised, InputError | LookupError), "".join(
            traceback.format_exception(raised)
        )
        if isinstance(raised, InputError):
            assert escape_controls(str(raised)) == str(raised) and len(str(raised)) < 600
        assert content(tmp_path) == files and read(tmp_path) == 1

    assert fail_everywhere(lambda: read(tmp_path), after, faulty_reads) > 5
    assert read(tmp_path) == 1


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "a.mkv.json"}


def test_a_checkpoint_on_a_full_disk_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library that writes the weights has errors of its own."""
    save_checkpoint(tmp_path, 1)

    def full(*_: object, **__: object) -> None:
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr("diffusion.training.masters.save_file", full)
    with pytest.raises(InputError, match="No space left"):
        save_checkpoint(tmp_path, 2)
    assert read_checkpoint(tmp_path) == 1 and len(list(tmp_path.iterdir())) == 1

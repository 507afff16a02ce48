"""World files: everything that was painted in a scene, as safetensors with a JSON header and a checksum. Never pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from engine.atlas import STEPS
from engine.charts import Charts
from engine.look import CELL
from engine.pack import PAGE
from engine.volume import World
from scenes.errors import InputError
from scenes.files import atomic_write
from scenes.scene import Scene

FORMAT, VERSION = "rayverie-world", 1
_KEY = "rayverie"  # the safetensors metadata key that holds the header as JSON


@dataclass(frozen=True)
class WorldHeader:
    """scene_hash: scenes.scene.Scene.hash; layout: engine.charts.Charts.fingerprint; saved: a time as text, "" if not recorded."""

    scene: str
    scene_hash: str
    layout: str
    model: str
    channels: int
    seed: int
    revision: int
    saved: str = ""
    format: str = FORMAT
    version: int = VERSION


def save_world(path: str | Path, world: World, *, scene: Scene, charts: Charts, model: str, saved: str = "") -> None:
    """Write a snapshot; the same content gives the same bytes. Only painted texels are stored, colours and all."""
    header = WorldHeader(
        scene=scene.name,
        scene_hash=scene.hash,
        layout=charts.fingerprint,
        model=model,
        channels=world.channels,
        seed=world.seed,
        revision=world.revision,
        saved=saved,
    )
    tensors = {f"{number:05d}.{k}": a for number, page in world.pages.items() for k, a in _pick(page, world).items()}
    record = asdict(header) | {"sha256": _checksum(asdict(header), tensors)}
    with atomic_write(path) as temporary:
        save_file(tensors, temporary, metadata={_KEY: json.dumps(record, sort_keys=True)})


def load_world(path: str | Path, *, scene: Scene, charts: Charts, model: str, channels: int) -> World:
    """Read a snapshot that fits this scene, its charts and this model; InputError says what doesn't."""
    header, tensors = _read(Path(path))
    for field, wanted, sentence in (
        (
            "scene_hash",
            scene.hash,
            f"was painted in the scene {header.scene!r}, whose map or heights differ from {scene.name!r}",
        ),
        ("layout", charts.fingerprint, "was written by a version of the program that laid the atlas out differently"),
        ("model", model, f"was painted by the model {header.model!r}; now {model!r} is loaded"),
        ("channels", channels, f"has latents of {header.channels} channels; the model {model!r} has {channels}"),
    ):
        if getattr(header, field) != wanted:
            raise InputError(path, "", sentence)
    numbers = sorted({int(name.split(".")[0]) for name in tensors})
    try:
        pages = {
            n: _place({k: tensors[f"{n:05d}.{k}"] for k in ("index", "latents", "state", "colour")}) for n in numbers
        }
    except (KeyError, ValueError, IndexError) as error:
        raise InputError(path, "", "is damaged: its tensors don't belong together") from error
    return World(header.channels, header.seed, header.revision, pages)


def read_header(path: str | Path) -> WorldHeader:
    """The header of a world file, after checking the whole file. InputError when it is no world, newer, or damaged."""
    return _read(Path(path))[0]


def _read(path: Path) -> tuple[WorldHeader, dict[str, np.ndarray]]:
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except FileNotFoundError as error:
        raise InputError(path, "", "doesn't exist; a world file is wanted here") from error
    except (SafetensorError, OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(path, "", "is not a world file, or is cut off or damaged, and can't be read") from error
    try:
        record = json.loads(metadata[_KEY])
        assert isinstance(record, dict) and record["format"] == FORMAT
        version = int(record["version"])
    except (KeyError, ValueError, TypeError, AssertionError) as error:
        raise InputError(path, "", "is not a Rayverie world, or its header is damaged") from error
    if version != VERSION:
        raise InputError(path, "version", f"is {version}; this program reads version {VERSION}")
    checksum = record.pop("sha256", None)
    try:
        header = WorldHeader(**record)
    except TypeError as error:
        raise InputError(path, "", "is damaged: its header has other fields than a world's") from error
    if checksum != _checksum(record, tensors):
        raise InputError(path, "", "is damaged: its checksum doesn't fit its content")
    return header, tensors


def _checksum(header: Mapping[str, object], tensors: Mapping[str, np.ndarray]) -> str:
    """sha256 over the header and every tensor's name, type, shape and bytes."""
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].dtype} {tensors[name].shape}".encode())
        digest.update(np.ascontiguousarray(tensors[name]).data)
    return digest.hexdigest()


def _pick(page: Mapping[str, np.ndarray], world: World) -> dict[str, np.ndarray]:
    """The painted texels [n] of a page: index, latents [n,C], state [n,4], colour [n,8,8,3]."""
    index = np.flatnonzero(page["state"][..., STEPS]).astype(np.int32)
    row, column = np.divmod(index, PAGE)
    cells = page["colour"].reshape(PAGE, CELL, PAGE, CELL, 4)
    return {
        "index": index,
        "latents": np.ascontiguousarray(page["latents"][: world.channels, row, column].T),
        "state": np.ascontiguousarray(page["state"][row, column]),
        "colour": np.ascontiguousarray(cells[row, :, column, :, :3]),
    }


def _place(texels: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The inverse of `_pick`."""
    row, column = np.divmod(texels["index"], PAGE)
    channels = texels["latents"].shape[1]
    latents = np.zeros((-(-channels // 4) * 4, PAGE, PAGE), np.float32)
    latents[:channels, row, column] = texels["latents"].T
    state = np.zeros((PAGE, PAGE, 4), np.float32)
    state[row, column] = texels["state"]
    cells = np.zeros((PAGE, CELL, PAGE, CELL, 4), np.uint8)
    cells[row, :, column, :, :3] = texels["colour"]
    cells[row, :, column, :, 3] = 255
    return {"latents": latents, "state": state, "colour": cells.reshape(PAGE * CELL, PAGE * CELL, 4)}

"""Worlds on disk: all paint of a scene, in tiles, with an index that says what it belongs to. Never pickle.

A world is an index.json and the tiles that it names, each a safetensors file named by the sha256 of its bytes: in a folder while
the program runs (engine.storage.journal), in one uncompressed zip when saved. Worlds of version 1 can still be read.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from base.errors import InputError
from base.files import atomic_write
from base.reading import is_folder, parse_json, read_bytes, refuse_irregular
from engine.atlas.page import TILES
from engine.atlas.tiles import TileTexels
from engine.geometry.charts import Charts
from engine.storage import world_v1
from scenes.materials import FINENESS
from scenes.scene import Scene

FORMAT, VERSION = "rayverie-world", 2
INDEX, FOLDER = "index.json", "tiles"
SHARED_EXTRAS = ("prompts", "settings")  # a world file keeps these; others (the session, the place) stay in the journal
MAX_PAGES = 1 << 20
TileKey = tuple[int, int]  # page, tile


@dataclass(frozen=True)
class WorldHeader:
    """What a world file belongs to.

    scene_hash: `scenes.scene.Scene.hash`; layout: `engine.geometry.charts.Charts.fingerprint`; model: whose latents
    they are (`Model.space`); saved: a time as text, "" if not recorded.
    """

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

    @staticmethod
    def of(scene: Scene, charts: Charts, model: str, channels: int, seed: int, revision: int) -> WorldHeader:
        return WorldHeader(scene.name, scene.hash, charts.fingerprint, model, channels, seed, revision)


@dataclass(frozen=True)
class WorldIndex:
    """The content of a world. tiles: sha256 of each tile's file; extras: JSON-ready data that the program stores beside it."""

    header: WorldHeader
    tiles: Mapping[TileKey, str]
    extras: Mapping[str, Any] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Return JSON with its own checksum; the same content gives the same bytes."""
        tiles = {f"{page}.{tile}": self.tiles[page, tile] for page, tile in sorted(self.tiles)}
        record = {"header": asdict(self.header), "tiles": tiles, "extras": dict(self.extras)}
        return json.dumps(record | {"sha256": _checksum(record)}, indent=1).encode()

    @staticmethod
    def decode(data: bytes, where: object) -> WorldIndex:
        """The inverse of `encode`. InputError, naming `where`, if it is damaged or of another format."""
        try:
            record = parse_json(data, where, "the index of a world", INDEX, names=True)
            version = record["header"]["version"]
            _require(record["header"]["format"] == FORMAT)
        except (InputError, ValueError, KeyError, TypeError) as error:
            raise InputError(where, "", "is not a Rayverie world, or its index is damaged") from error
        if version != VERSION:
            raise InputError(where, "version", f"is {version!r}; this program reads versions 1 to {VERSION}")
        try:
            _require(record.pop("sha256") == _checksum(record))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(where, "", "is damaged: its checksum doesn't fit its content") from error
        try:
            tiles = {_tile_key(key): sha for key, sha in record["tiles"].items()}
            _require(all(_is_sha256(sha) for sha in tiles.values()) and isinstance(record["extras"], dict))
            header = WorldHeader(**record["header"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(where, "", "is damaged: its index is not that of a world") from error
        refuse_header(header, where)
        return WorldIndex(header, tiles, record["extras"])


@dataclass(frozen=True)
class StoredWorld:
    """A world on disk. count: number of tiles; tiles: reads them one by one, on any thread; InputError if damaged;
    names: sha256 of each tile's file, none for worlds of version 1."""

    header: WorldHeader
    extras: Mapping[str, Any]
    count: int
    tiles: Callable[[], Iterator[tuple[TileKey, TileTexels]]]
    names: Mapping[TileKey, str] = field(default_factory=dict)


# What a header may hold: types of texts, ranges of whole numbers
LIMITS = {"channels": (1, 64), "seed": (0, 2**63 - 1), "revision": (0, 2**53), "version": (1, VERSION)}


def refuse_header(header: WorldHeader, where: object) -> None:
    """InputError, naming the field, for a header that no world can have."""
    for name, value in asdict(header).items():
        if name in LIMITS:
            least, most = LIMITS[name]
            if type(value) is not int or not least <= value <= most:
                raise InputError(where, f"header.{name}", f"is {value!r}; allowed is {least} to {most}")
        elif not isinstance(value, str):
            raise InputError(where, f"header.{name}", f"is {value!r}; it must be a text")


def open_world(path: str | Path, *, scene: Scene, charts: Charts, model: str, channels: int) -> StoredWorld:
    """Open a world and check that it is complete and fits this scene, its charts and this model; InputError says what doesn't."""
    world = read_world(path)
    header = world.header
    for name, wanted, sentence in (
        ("scene_hash", scene.hash, f"was painted in {_describe_difference(header, scene)}"),
        ("layout", charts.fingerprint, "was written by a version of the program that laid the atlas out differently"),
        ("model", model, f"holds latents of {header.model!r}; those of the loaded model are {model!r}"),
        ("channels", channels, f"has latents of {header.channels} channels; the model {model!r} has {channels}"),
    ):
        if getattr(header, name) != wanted:
            raise InputError(path, "", sentence)
    for (page, _), _ in world.tiles():  # read all of it once before it replaces anything
        if page >= charts.pages:
            raise InputError(path, "", f"is damaged: it has a page {page} of {charts.pages}")
    return world


def _describe_difference(header: WorldHeader, scene: Scene) -> str:
    """Which scene a world was painted in, and in what it differs from another: the hash is compared with each variant's."""
    for voxels in FINENESS:
        if replace(scene, voxels_per_block=voxels).hash == header.scene_hash:
            return (
                f"the scene {header.scene!r} with {voxels} voxels per block; {scene.name!r} has {scene.voxels_per_block}: "
                f"set voxels_per_block to {voxels}, or paint a new world"
            )
    return f"the scene {header.scene!r}, whose map, heights or meshes differ from {scene.name!r}"


def read_world(path: str | Path) -> StoredWorld:
    """Open a world file or a journal's folder. The index is checked now, tiles when they are read."""
    path = Path(path)
    if not is_folder(path) and not zipfile.is_zipfile(refuse_irregular(path, "a world file")):
        fields, count, tiles = world_v1.read_v1(path)
        header = WorldHeader(**fields)
        refuse_header(header, path)
        return StoredWorld(header, {}, count, tiles)
    with _open_files(path) as read:
        index = WorldIndex.decode(read(INDEX), path)
    return StoredWorld(index.header, index.extras, len(index.tiles), partial(_read_tiles, path, index), index.tiles)


def write_world(source: str | Path, target: str | Path) -> None:
    """Pack the world of a folder into one file, tile by tile; the same content gives the same bytes."""
    with _open_files(Path(source)) as read, atomic_write(target) as temporary:
        index = WorldIndex.decode(read(INDEX), source)
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            extras = {key: index.extras[key] for key in SHARED_EXTRAS if key in index.extras}
            archive.writestr(zipfile.ZipInfo(INDEX), WorldIndex(index.header, index.tiles, extras).encode())
            for sha in sorted(set(index.tiles.values())):
                archive.writestr(zipfile.ZipInfo(f"{FOLDER}/{sha}"), read(f"{FOLDER}/{sha}"))


def encode_tile(texels: TileTexels) -> tuple[str, bytes]:
    """Return (sha256, bytes) of a tile's file."""
    data = save({name: np.ascontiguousarray(array) for name, array in texels.arrays.items()})
    return hashlib.sha256(data).hexdigest(), data


def _read_tiles(path: Path, index: WorldIndex) -> Iterator[tuple[TileKey, TileTexels]]:
    with _open_files(path) as read:
        for key, sha in sorted(index.tiles.items()):
            data = read(f"{FOLDER}/{sha}")
            if hashlib.sha256(data).hexdigest() != sha:
                raise InputError(path, "", "is damaged: the checksum of a tile doesn't fit its content")
            try:
                texels = TileTexels(**load(data))
            except Exception as error:  # its reader raises whatever it thinks of
                raise InputError(path, "", "is damaged: a tile can't be read") from error
            if not texels.fits(key[1], index.header.channels):
                raise InputError(
                    path, "", "is damaged: the tensors of a tile don't belong together, or hold impossible numbers"
                )
            yield key, texels


@contextmanager
def _open_files(path: Path) -> Iterator[Callable[[str], bytes]]:
    """Yield a function that reads files of a folder or a zip by name; its failures become InputErrors."""
    with ExitStack() as stack:
        whole = partial(_read_or_refuse, path)
        if not is_folder(path):
            refuse_irregular(path, "a world file")
            archive = whole(lambda: stack.enter_context(zipfile.ZipFile(path)))
            _refuse_archive(path, archive.infolist(), whole(lambda: path.stat().st_size))
            yield lambda name: whole(lambda: archive.read(name))
        else:
            yield lambda name: whole(lambda: read_bytes(path / name, "a part of a world"))


def _refuse_archive(path: Path, entries: list[zipfile.ZipInfo], size: int) -> None:
    """InputError for a zip that no world is: compressed, with a name twice, or with sizes that the file doesn't have."""
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise InputError(path, "", "is not a world: worlds are not compressed")
    if len({entry.filename for entry in entries}) < len(entries):
        raise InputError(path, "", "is damaged: it has two parts of one name")
    if any(entry.file_size != entry.compress_size for entry in entries) or (
        sum(entry.file_size for entry in entries) > size
    ):
        raise InputError(path, "", "is damaged: the sizes of its parts are not true")


def _read_or_refuse(path: Path, act: Callable[[], Any]) -> Any:
    try:
        return act()
    except (InputError, OSError, KeyError, ValueError, RuntimeError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(path, "", "is damaged: a part of it is missing or can't be read") from error


def _tile_key(key: str) -> TileKey:
    """(page, tile) of "page.tile". ValueError for any other spelling, so that no tile has two names."""
    page, tile = (int(part) for part in key.split("."))
    _require(f"{page}.{tile}" == key and 0 <= page < MAX_PAGES and 0 <= tile < TILES)
    return page, tile


def _is_sha256(value: object) -> bool:
    return isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")


def _require(fact: bool) -> None:
    """Raise ValueError unless `fact`. Not an assert, which `python -O` would remove."""
    if not fact:
        raise ValueError


def _checksum(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()

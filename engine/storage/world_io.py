"""Moves tiles between volume and disk, a few per frame: `WorldWriter` writes changed tiles, `WorldReader` restores a world."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from engine.atlas.tiles import TileBuffers, TileTexels
from engine.atlas.volume import LatentVolume
from engine.gl.context import wait_for_gl
from engine.storage.journal import Journal
from engine.storage.versions import keep_version
from engine.storage.world import StoredWorld, TileKey, WorldIndex, write_world

TILES_AHEAD = 8  # most tiles between GL and disk at a time: a megabyte each, in reused buffers
SECONDS_PER_FRAME = 0.003  # most time spent per frame
Describe = Callable[[], Callable[[Mapping[TileKey, str]], WorldIndex]]
"""Captures the world's state on the GL thread; returns a function that makes the index from tile files, on the writer's thread."""

VolumeState = tuple[LatentVolume, int, int]


class WorldWriter:
    """Brings a journal up to date with a volume in rounds: read changed tiles, write them, commit the index.

    An interrupted round leaves the world of the previous one. Paint added while a round reads goes into the next; until then some
    tiles may be newer than others. Uses memory for TILES_AHEAD tiles at most. GL thread, except for the writing.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="world-writer")
        self._written: dict[
            TileKey, tuple[int, str | None]
        ] = {}  # stamp and file of each written tile (None: nothing painted)
        self._saved_state: VolumeState | None = None  # the state that is on disk
        self._round_state: VolumeState | None = None
        self._todo: deque[TileKey] = deque()
        self._writing: deque[tuple[TileKey, int, TileBuffers, Future[str | None]]] = deque()
        self._commit: Future[None] | None = None
        self._spare: list[TileBuffers] = []

    @property
    def volume(self) -> LatentVolume | None:
        """The volume of the current round, None between rounds."""
        return self._round_state and self._round_state[0]

    def has_unsaved(self, volume: LatentVolume) -> bool:
        """Whether the volume differs from what is on disk."""
        return self._saved_state != _volume_state(volume)

    def start_round(self, volume: LatentVolume) -> None:
        """Start a round, replacing a current one. Tiles unchanged since they were written are not read."""
        self.cancel_round()
        stamps = _tile_stamps(volume)
        self._written = {key: known for key, known in self._written.items() if key in stamps}
        self._todo = deque(key for key, stamp in stamps.items() if self._written.get(key, (0,))[0] != stamp)
        self._round_state = _volume_state(volume)

    def write_for(self, describe: Describe, seconds: float = SECONDS_PER_FRAME) -> bool:
        """Continue the round for about `seconds`; return True when it is on disk.

        Exceptions of the writing thread are raised here and end the round; the next round retries.
        """
        assert self._round_state is not None
        try:
            self._collect_written()
            self._read_tiles(self._round_state[0], time.perf_counter() + seconds)
            if self._todo or self._writing:
                return False
            if self._commit is None:
                self._commit = self._thread.submit(self._write_index, self._tile_files(), describe())
            if not self._commit.done():
                return False
            self._commit.result()
        except BaseException:
            self.cancel_round()
            raise
        self._saved_state, self._round_state, self._commit = self._round_state, None, None
        return True

    def write_all(self, volume: LatentVolume, describe: Describe) -> None:
        """Run a whole round now, blocking."""
        volume.flush()
        self.start_round(volume)
        while not self.write_for(describe):
            running: list[Future] = [future for *_, future in self._writing]
            wait([*running, self._commit] if self._commit else running, return_when=FIRST_COMPLETED)

    @property
    def tile_count(self) -> int:
        """Painted tiles that are on disk."""
        return sum(file is not None for _, file in self._written.values())

    def pack_file(self, path: str | Path, data: Path | None = None) -> Future[None]:
        """Pack the world on disk into one file, on the writer's thread so that nothing changes it meanwhile.

        data: the program's data folder, where the version that the file replaces is kept; None keeps none.
        """

        def pack() -> None:
            if data is not None:
                keep_version(Path(path), data)
            write_world(self.journal.folder, path)

        return self._thread.submit(pack)

    def cancel_round(self) -> None:
        """Cancel the current round, if any."""
        self._todo.clear()
        while self._writing:
            *_, buffers, future = self._writing.popleft()
            future.exception()
            self._spare.append(buffers)
        self._round_state = self._commit = None

    def close(self, discard: bool = False) -> None:
        """Wait for pending writes and close the journal. discard: delete its content, too."""
        self.cancel_round()
        self._thread.shutdown(wait=True)
        (self.journal.discard if discard else self.journal.close)()

    def _read_tiles(self, volume: LatentVolume, end: float) -> None:
        if volume.busy:
            return  # tiles may be half-painted
        if self._todo:
            wait_for_gl(volume.ctx)
        while self._todo and len(self._writing) < TILES_AHEAD:
            page, tile = key = self._todo.popleft()
            if page in volume.atlas:  # not erased since
                buffers = self._borrow_buffers(volume.channels)
                buffers.read(volume.atlas[page], tile)
                stamp = int(volume.atlas[page].tile_stamps[tile])
                self._writing.append((key, stamp, buffers, self._thread.submit(self._write_tile, tile, buffers)))
            if time.perf_counter() >= end:
                break

    def _collect_written(self) -> None:
        while self._writing and self._writing[0][3].done():
            key, stamp, buffers, future = self._writing.popleft()
            self._spare.append(buffers)
            self._written[key] = stamp, future.result()

    def _write_tile(self, tile: int, buffers: TileBuffers) -> str | None:
        texels = buffers.extract_painted(tile)
        return self.journal.write_tile(texels) if len(texels.index) else None

    def _write_index(self, tiles: Mapping[TileKey, str], index: Callable[[Mapping[TileKey, str]], WorldIndex]) -> None:
        self.journal.commit(index(tiles))

    def _tile_files(self) -> dict[TileKey, str]:
        return {key: sha for key, (_, sha) in self._written.items() if sha is not None}

    def _borrow_buffers(self, channels: int) -> TileBuffers:
        self._spare = [b for b in self._spare if b.channels == channels]
        return self._spare.pop() if self._spare else TileBuffers(channels)


class WorldReader:
    """Restores a stored world into a volume, a few tiles per frame; nothing may be painted meanwhile. GL thread, except for the reading."""

    def __init__(self, volume: LatentVolume, world: StoredWorld) -> None:
        """The first `read_for` erases the volume. ValueError if channels don't fit; engine.storage.world.open_world checks more."""
        if world.header.channels != volume.channels:
            raise ValueError(f"a world of {world.header.channels} channels doesn't fit a volume of {volume.channels}")
        self.volume, self.world, self.tiles_done = volume, world, 0
        self._borrow_buffers = TileBuffers(volume.channels)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="world-reader")
        self._tiles = world.tiles()
        self._ahead: deque[Future[tuple[TileKey, TileTexels] | None]] = deque()
        self._started = False

    def read_for(self, seconds: float = SECONDS_PER_FRAME) -> bool:
        """Continue for about `seconds`; return True when all tiles are restored. InputError if the world can't be read."""
        end = time.perf_counter() + seconds
        if not self._started:
            self._started = True
            self.volume.erase()
        while True:
            while len(self._ahead) < TILES_AHEAD:
                self._ahead.append(self._thread.submit(next, self._tiles, None))
            if not self._ahead[0].done():
                return False
            found = self._ahead.popleft().result()
            if found is None:
                return self._complete()
            (page, tile), texels = found
            fresh = page not in self.volume.atlas  # the driver clears a new page's memory: enough for one frame
            self._borrow_buffers.fill_from(tile, texels)
            self._borrow_buffers.write(self.volume.atlas.allocate(page), tile)
            self.tiles_done += 1
            if fresh or time.perf_counter() >= end:
                return False

    def read_all(self) -> None:
        """Restore all tiles now, blocking."""
        while not self.read_for():
            wait([self._ahead[0]] if self._ahead else [])

    def close(self) -> None:
        """Stop reading; tiles restored so far stay."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _complete(self) -> bool:
        self.volume.seed, self.volume.revision = self.world.header.seed, self.world.header.revision
        self.close()
        return True


def _volume_state(volume: LatentVolume) -> VolumeState:
    """Return a value that differs once anything has changed. The revision alone may repeat when an older world is restored."""
    return volume, volume.revision, volume.atlas.stamp


def _tile_stamps(volume: LatentVolume) -> dict[TileKey, int]:
    """Return the stamp of every tile that was ever changed, in order."""
    return {
        (page, int(tile)): int(volume.atlas[page].tile_stamps[tile])
        for page in volume.atlas
        for tile in volume.atlas[page].tile_stamps.nonzero()[0]
    }

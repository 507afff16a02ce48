"""Between the volume and the disk, a few tiles a frame: `Keeper` writes what changed, `Restoring` reads a world back."""

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
from engine.storage.world import StoredWorld, TileKey, WorldIndex, write_world

TILES_AHEAD = 8  # tiles between GL and disk at any time: a megabyte each, in buffers that are used again
SECONDS_PER_FRAME = 0.003  # s of a frame
Describe = Callable[[], Callable[[Mapping[TileKey, str]], WorldIndex]]
"""What the world is like now, captured on the GL thread: a function that makes the index of its tiles, on the writer's."""

VolumeState = tuple[LatentVolume, int, int]


class WorldWriter:
    """Brings a journal up to date with a volume in rounds: read the tiles that changed, write them, commit the index.

    A round that is cut off leaves the world of the one before. What is painted while a round reads comes into the next; until
    then some tiles may be newer than others. Memory: AHEAD tiles, whatever was painted. GL thread, but for the writing.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="keeper")
        self._written: dict[
            TileKey, tuple[int, str | None]
        ] = {}  # what is written: its stamp, its file (None: nothing painted)
        self._saved_state: VolumeState | None = None  # on disk
        self._round_state: VolumeState | None = None
        self._todo: deque[TileKey] = deque()
        self._writing: deque[tuple[TileKey, int, TileBuffers, Future[str | None]]] = deque()
        self._commit: Future[None] | None = None
        self._spare: list[TileBuffers] = []

    @property
    def volume(self) -> LatentVolume | None:
        """Of the round under way."""
        return self._round_state and self._round_state[0]

    def has_unsaved(self, volume: LatentVolume) -> bool:
        """Whether the volume has something that is not on disk."""
        return self._saved_state != _volume_state(volume)

    def start_round(self, volume: LatentVolume) -> None:
        """Start a round, in place of one under way. What is written and has not changed since will not be read."""
        self.cancel_round()
        stamps = _tile_stamps(volume)
        self._written = {key: known for key, known in self._written.items() if key in stamps}
        self._todo = deque(key for key, stamp in stamps.items() if self._written.get(key, (0,))[0] != stamp)
        self._round_state = _volume_state(volume)

    def write_for(self, describe: Describe, seconds: float = SECONDS_PER_FRAME) -> bool:
        """A part of the round, of at most about `seconds`. True when it is on disk.

        Raises what the writing raised: the round is over then, and the next one tries again what is missing.
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
        """A whole round now, for who has nothing else to do."""
        volume.flush()
        self.start_round(volume)
        while not self.write_for(describe):
            running: list[Future] = [future for *_, future in self._writing]
            wait([*running, self._commit] if self._commit else running, return_when=FIRST_COMPLETED)

    def pack_file(self, path: str | Path) -> Future[None]:
        """Make one file of the world that is on disk, on the writer's thread, so that nothing changes it meanwhile."""
        return self._thread.submit(write_world, self.journal.folder, path)

    def cancel_round(self) -> None:
        """Give up the round under way, if there is one."""
        self._todo.clear()
        while self._writing:
            *_, buffers, future = self._writing.popleft()
            future.exception()
            self._spare.append(buffers)
        self._round_state = self._commit = None

    def close(self, discard: bool = False) -> None:
        """Wait for what is being written and let the journal go; discard: with all that is in it."""
        self.cancel_round()
        self._thread.shutdown(wait=True)
        (self.journal.discard if discard else self.journal.close)()

    def _read_tiles(self, volume: LatentVolume, end: float) -> None:
        if volume.busy:
            return  # some of a dream's tiles are half painted
        if self._todo:
            wait_for_gl(volume.ctx)
        while self._todo and len(self._writing) < TILES_AHEAD:
            page, tile = key = self._todo.popleft()
            if page in volume.atlas:  # not erased meanwhile
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
    """Makes a volume what a stored world was, a few tiles a frame; nothing may be painted meanwhile. GL thread, but for the reading."""

    def __init__(self, volume: LatentVolume, world: StoredWorld) -> None:
        """The first step forgets what is painted. ValueError when channels don't fit (engine.storage.world.open_world asks for more)."""
        if world.header.channels != volume.channels:
            raise ValueError(f"a world of {world.header.channels} channels doesn't fit a volume of {volume.channels}")
        self.volume, self.world, self.tiles_done = volume, world, 0
        self._borrow_buffers = TileBuffers(volume.channels)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="restorer")
        self._tiles = world.tiles()
        self._ahead: deque[Future[tuple[TileKey, TileTexels] | None]] = deque()
        self._started = False

    def read_for(self, seconds: float = SECONDS_PER_FRAME) -> bool:
        """A part of it, of at most about `seconds`; True when all is there. InputError when the world can't be read."""
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
            fresh = page not in self.volume.atlas  # whose memory the driver clears: enough for a frame
            self._borrow_buffers.fill_from(tile, texels)
            self._borrow_buffers.write(self.volume.atlas.allocate(page), tile)
            self.tiles_done += 1
            if fresh or time.perf_counter() >= end:
                return False

    def read_all(self) -> None:
        """All of it now, for who has nothing else to do."""
        while not self.read_for():
            wait([self._ahead[0]] if self._ahead else [])

    def close(self) -> None:
        """Stop reading; what was read so far is painted."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _complete(self) -> bool:
        self.volume.seed, self.volume.revision = self.world.header.seed, self.world.header.revision
        self.close()
        return True


def _volume_state(volume: LatentVolume) -> VolumeState:
    """What tells whether anything changed: the revision alone comes again when an older world is restored."""
    return volume, volume.revision, volume.atlas.stamp


def _tile_stamps(volume: LatentVolume) -> dict[TileKey, int]:
    """Of every tile that was ever painted, in order."""
    return {
        (page, int(tile)): int(volume.atlas[page].tile_stamps[tile])
        for page in volume.atlas
        for tile in volume.atlas[page].tile_stamps.nonzero()[0]
    }

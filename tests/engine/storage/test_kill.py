"""Killed at any moment, a program that paints leaves a whole world behind: every dream that was kept is in it, bit for bit."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from engine.atlas.page import REVISION
from engine.atlas.tiles import TileBuffers, TileTexels
from engine.atlas.volume import LatentVolume
from engine.geometry.charts import Charts
from engine.storage.world import TileKey, open_world
from scenes.scene import Scene
from tests.engine.storage.dreamer import main, paint
from tests.engine.village import CHANNELS

PROCESSES = get_context("forkserver")  # none inherits GL, and none has to import numpy again
PROCESSES.set_forkserver_preload(["tests.engine.storage.dreamer"])
KILLS = int(os.environ.get("RAYVERIE_KILLS", "6"))


class History:
    """What every tile should hold after every dream."""

    def __init__(self, volume: LatentVolume) -> None:
        self.volume, self.after = volume, [{}]

    def digests(self, dream: int) -> dict[TileKey, str]:
        while len(self.after) <= dream:
            paint(self.volume, len(self.after))
            self.after.append(_digests(self.volume))
        return self.after[dream]


def _digests(volume: LatentVolume) -> dict[TileKey, str]:
    buffers, found = TileBuffers(volume.channels), {}
    for page in volume.atlas:
        for tile in np.flatnonzero(volume.atlas[page].tile_stamps):
            buffers.read(volume.atlas[page], int(tile))
            found[page, int(tile)] = digest(buffers.extract_painted(int(tile)))
    return found


def digest(texels: TileTexels) -> str:
    """Of all but the revision, which counts differently after a restart."""
    state = np.delete(texels.state, REVISION, axis=1)
    return hashlib.sha256(
        b"".join(a.tobytes() for a in (texels.index, texels.latents, state, texels.colour))
    ).hexdigest()


def run_and_kill(folder: Path, rounds: int, seconds: float) -> tuple[int, int]:
    """The last dreams that were painted and kept before the kill, which comes so many seconds after so many rounds."""
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(target=main, args=(str(folder), theirs), daemon=True)
    process.start()
    theirs.close()
    last = {"painted": 0, "kept": 0}

    def listen(timeout: float) -> None:
        if ours.poll(timeout):
            word, k = ours.recv()
            last[word] = k

    try:
        first = None
        while rounds and (first is None or last["kept"] < first + rounds):
            listen(100.0)
            first = first or last["kept"] or None
        time.sleep(seconds)
        assert process.is_alive(), "it ended by itself"
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        with suppress(EOFError):
            while ours.poll(0.0):
                listen(0.0)
    finally:
        process.kill()
        process.join()
        ours.close()
    return last["painted"], last["kept"]


def test_a_kill_at_any_moment_leaves_a_whole_world(
    volume: LatentVolume, scene: Scene, charts: Charts, tmp_path: Path
) -> None:
    random, history = np.random.default_rng(0), History(volume)
    kept = furthest = 0
    for number in range(KILLS):
        at_the_start = number % 5 == 4  # while it starts and reads the world back
        rounds, longest = (0, 2.0) if at_the_start else (int(random.integers(1, 4)), 0.4)
        painted, now = run_and_kill(tmp_path, rounds, float(random.uniform(0, longest)))
        kept, painted = max(kept, now), max(kept, painted)
        furthest = max(furthest, painted)
        if not (tmp_path / "index.json").exists():
            assert kept == 0
            continue
        world = open_world(tmp_path, scene=scene, charts=charts, model="tiny", channels=CHANNELS)
        dream = int(world.extras["dream"])
        assert kept <= dream <= painted
        tiles = {key: digest(texels) for key, texels in world.tiles()}
        assert tiles.keys() >= {key for key in history.digests(dream)}
        for key, found in tiles.items():  # what was painted while a round was read may be there in part
            assert found in {history.digests(d).get(key) for d in range(dream, furthest + 2)}
        assert painted - dream <= 2  # one being written, one that ended meanwhile
        kept = dream
        print(f"kill {number + 1}: {dream} dreams on disk, {painted - dream} more were painted", flush=True)
    assert kept > 0

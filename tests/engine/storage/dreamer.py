"""A program that paints and keeps what it paints until it is killed.

It goes on where the journal ends. Dream k is the same whenever it is painted, so that anybody can tell what should be on disk.
"""

from __future__ import annotations

from multiprocessing.connection import Connection

import numpy as np

from engine.atlas.volume import LatentVolume
from engine.geometry.charts import build_charts
from engine.gl.context import create_headless_context
from engine.storage.journal import Journal
from engine.storage.world import open_world
from engine.storage.world_io import WorldReader, WorldWriter
from scenes.camera import Camera
from scenes.extrude import extrude_scene
from tests.engine.village import CHANNELS, SIZE, describe, dreamed, village_scene

OFTEN = 0.15  # share of frames of a round in which the next dream ends already


def paint(volume: LatentVolume, k: int) -> None:
    """Dream k: from a place of its own, better than all before it."""
    random = np.random.default_rng(k)
    eye, target = random.uniform((0, 1, 0), (12, 5, 12)), random.uniform((2, 0, 2), (10, 2, 10))
    camera = Camera.look_at(tuple(eye), tuple(target), fov=70)
    volume.scatter(volume.gather(camera, SIZE), dreamed(camera, seed=k, steps=10.0 + k))


def main(folder: str, say: Connection) -> None:
    """Never ends. Says ("painted", k) and ("kept", k)."""
    scene = village_scene()
    charts = build_charts(extrude_scene(scene), scene)
    volume, writer = LatentVolume(create_headless_context(), charts, CHANNELS), WorldWriter(Journal(folder))
    painted = begun = 0
    if writer.journal.has_world:
        world = open_world(folder, scene=scene, charts=charts, model="tiny", channels=CHANNELS)
        WorldReader(volume, world).read_all()
        painted = int(world.extras["dream"])
    chance = np.random.default_rng(painted)
    while True:
        if painted == begun and (writer.volume is None or chance.random() < OFTEN):
            painted += 1
            paint(volume, painted)
            say.send(("painted", painted))
        if writer.volume is None:
            begun = painted
            writer.start_round(volume)
        if writer.write_for(describe(scene, volume, dream=begun)):
            say.send(("kept", begun))

"""Walking up to a house with the embedded model: every dream adds detail to what stood there, and nothing else moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from app.bench.consistency.geometry import match, warp
from app.bench.consistency.methods import MethodContext, Ours
from app.bench.consistency.paths import walk_in
from app.loop import measures
from app.loop.headless_session import open_headless_session
from app.session import SceneChoice, Session
from diffusion.loaders.embedded import read_defaults
from diffusion.settings import DreamSettings
from scenes.extrude import extrude_scene

VIEWS = (20, 30, 40)  # of 48 from 14 blocks to 1.5: each 1.6 times nearer than the last
FORM = (
    2.0,
    12.0,
)  # pixels: coarser than the first a painting from there could hold, and finer than the second is form, not colour


@pytest.fixture(scope="module")
def context():
    session = Session(SceneChoice("hamlet"), dream=DreamSettings(**read_defaults()))
    with open_headless_session(session) as headless:
        yield MethodContext(headless, extrude_scene(headless.scene))


def walk_up(context: MethodContext, **dream: float) -> list[tuple[float, float]]:
    """For each step nearer, of what was painted anew: how alike its form is to what stood there, -1..1; its fine detail ÷ before."""
    headless = context.headless
    context.painter.session = replace(headless.session, dream=replace(headless.session.dream, **dream))
    headless.volume.erase()
    context.painter.reset_failures()
    method, found, before = Ours(context), [], None
    for camera in (walk_in(headless.scene, context.blocks, 48)[k] for k in VIEWS):
        shown = method.paint(camera)
        if before is not None:
            there = match(context.raycast(camera), context.raycast(before[0]))
            old = warp(before[1].picture, there)
            anew = there.whole & (shown.label == shown.label.max()) & (context.raycast(camera).material >= 0)
            forms = np.stack([form(picture, anew) for picture in (shown.picture, old)])
            fine = [measures.fine_energy(picture, np.where(anew, 0, -1))[0] for picture in (shown.picture, old)]
            found.append((float(np.corrcoef(forms)[0, 1]), float(np.sqrt(fine[0] / fine[1]))))
        before = camera, shown
    return found


def form(picture: np.ndarray, where: np.ndarray) -> np.ndarray:
    """float [n]: what of the luminance lies between the two scales of FORM, of `where` alone."""
    light = np.where(where, measures.luminance(picture), 0)
    fine, coarse = (
        gaussian_filter(light, sigma) / np.maximum(gaussian_filter(where.astype(float), sigma), 1e-6) for sigma in FORM
    )
    return (fine - coarse)[where]


def test_walking_up_only_adds_detail(context):
    """The network knows where on its surface it paints, so a new dream resembles what stood there; matched, even more."""
    for alike, finer in walk_up(context):
        assert alike > 0.5 and finer > 1
    for alike, finer in walk_up(context, match=1.0):
        assert alike > 0.75 and finer > 1

"""What is done in pieces is what would be done at once, whatever is drawn between them; and nobody finds it half done."""

from __future__ import annotations

import threading
from dataclasses import fields

import moderngl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.atlas.volume import LatentVolume
from engine.geometry.charts import Charts
from engine.gl.targets import release_framebuffer
from engine.gl.time_sliced import PIXELS_PER_SLICE, TimeSlicedTask, run_on_thread, split_into_bands, split_rows
from tests.engine.village import CAMERAS, CHANNELS, SIZE, dreamed, same


def disturbed(ctx: moderngl.Context, work: TimeSlicedTask) -> int:
    """Do it piece by piece, with something else that draws in between; the number of pieces."""
    count = 1
    while not work.run_for(0.0):
        count += 1
        frame = ctx.framebuffer([ctx.texture((32, 32), 4)])
        frame.use()
        frame.scissor = (0, 0, 4, 4)
        frame.clear()
        ctx.enable(moderngl.BLEND | moderngl.CULL_FACE)
        for unit in range(8):
            frame.color_attachments[0].use(unit)
        release_framebuffer(frame)
    return count


@pytest.fixture
def two(ctx, charts, monkeypatch: pytest.MonkeyPatch):
    """Two volumes, for which a small view is many pieces."""
    for name, size in (
        ("gl.time_sliced.PIXELS_PER_SLICE", 4096),
        ("atlas.scatter.TESTED_PER_SLICE", 1024),
        ("atlas.scatter.COLOURED_PER_SLICE", 64),
    ):
        monkeypatch.setattr(f"engine.{name}", size)
    volumes = [LatentVolume(ctx, charts, CHANNELS, seed=7) for _ in range(2)]
    yield volumes
    for volume in volumes:
        volume.release()


@pytest.mark.parametrize("colours", [True, False])
def test_pieces_make_the_same_bits(ctx, two, colours) -> None:
    whole, piecewise = two
    for k, camera in enumerate(CAMERAS.values()):
        gathered = whole.gather(camera, SIZE, colours)
        work = piecewise.gather_task(camera, SIZE, colours)
        assert disturbed(ctx, work) > 3
        for field in fields(gathered):
            np.testing.assert_array_equal(getattr(work.result, field.name), getattr(gathered, field.name), field.name)
        taken = whole.write_mask(gathered, 10)
        work = piecewise.write_mask_task(gathered, 10)
        assert disturbed(ctx, work) > 3
        assert (work.result == taken).all() and taken.any()
        painting = dreamed(camera, seed=k)
        only = {0: np.random.default_rng(k).random((256, 256)) < 0.5} if k == 1 else None
        count = whole.scatter(gathered, painting, colours, only)
        work = piecewise.scatter_task(gathered, painting, colours, only)
        assert disturbed(ctx, work) > 3
        assert work.result == count > 0
    assert same(whole.snapshot(), piecewise.snapshot()) and whole.revision == piecewise.revision
    overviews = [[v.atlas[n].overview.read() for n in v.atlas] for v in two]
    assert overviews[0] == overviews[1]
    assert ctx.error == "GL_NO_ERROR"


def test_texels_are_found_in_pieces_while_others_look_elsewhere(two) -> None:
    whole, piecewise = two
    street, above = CAMERAS["street"], CAMERAS["above"]
    masks, pieces = whole.find_visible_texels(street, SIZE), piecewise.find_visible_texels_slices(street, SIZE)
    count = 0
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            found = end.value
            break
        count += 1
        piecewise.find_visible_texels(above, SIZE)
    assert count > 5 and found.keys() == masks.keys()
    assert all((found[number] == masks[number]).all() for number in masks)


def begun(volume: LatentVolume) -> TimeSlicedTask[int]:
    """A scatter of which the latents are painted, and of the colours some."""
    camera = CAMERAS["street"]
    work = volume.scatter_task(volume.gather(camera, SIZE), dreamed(camera))
    while not (
        len(volume.atlas) and volume.atlas[0].colour_frame.read((0, 0, 2048, 2048), components=4).count(b"\xff") > 99
    ):
        assert not work.run_for(0.0)
    return work


def test_nobody_finds_the_volume_half_painted(two) -> None:
    whole, piecewise = two
    camera = CAMERAS["street"]
    whole.scatter(whole.gather(camera, SIZE), dreamed(camera))
    work = begun(piecewise)
    assert piecewise.busy and piecewise.revision == 0 and not piecewise.atlas[0].tile_stamps.any()
    assert same(whole.snapshot(), piecewise.snapshot())
    assert work.done and not piecewise.busy and piecewise.revision == 1 and piecewise.atlas[0].tile_stamps.any()
    piecewise.erase()
    begun(piecewise)
    np.testing.assert_array_equal(piecewise.gather(camera, SIZE).latents, whole.gather(camera, SIZE).latents)
    begun_again = piecewise.gather_task(camera, SIZE)
    piecewise.erase()
    assert begun_again.done and begun_again.result.steps.any() and not len(piecewise.atlas)


def test_a_volume_that_is_freed_abandons_what_is_under_way(ctx, charts: Charts) -> None:
    volume = LatentVolume(ctx, charts, CHANNELS)
    work = begun(volume)
    volume.release()
    assert work.done and work.run_for(1.0) and not volume.busy
    with pytest.raises(IndexError):
        _ = work.result


def test_what_fails_in_a_piece_is_raised_once(ctx) -> None:
    def broken():  # type: ignore[no-untyped-def]
        yield
        raise ValueError("broken")

    work = TimeSlicedTask(ctx, broken())
    assert not work.run_for(0.0)
    with pytest.raises(ValueError, match="broken"):
        work.run_for(0.0)
    assert work.run_for(0.0)


@given(st.lists(st.integers(0, 50), max_size=40), st.integers(1, 60))
def test_runs_cover_every_row_once_and_hold_no_more_than_they_should(counts, most) -> None:
    found = list(split_rows(np.array(counts, dtype=np.int64), most))
    rows = [row for low, high in found for row in range(low, high)]
    assert rows == sorted(set(rows)) and {row for row, n in enumerate(counts) if n} <= set(rows)
    assert all(low < high and sum(counts[low:high]) < most + max(counts[low:high]) for low, high in found)


@given(st.integers(1, 3000), st.integers(1, 3000))
def test_bands_cover_a_view_once(width, height) -> None:
    found = list(split_into_bands((width, height)))
    assert [y for _, y, _, _ in found] == [sum(h for *_, h in found[:k]) for k in range(len(found))]
    assert sum(h for *_, h in found) == height and all(w == width and x == 0 for x, _, w, _ in found)
    assert all(w * h <= max(PIXELS_PER_SLICE, width) for _, _, w, h in found)


def test_work_on_a_thread_yields_until_it_is_done(ctx) -> None:
    go, where = threading.Event(), []

    def work() -> int:
        where.append(threading.current_thread())
        go.wait(20)
        return 7

    task = TimeSlicedTask(ctx, run_on_thread(work))
    assert not task.run_for(0.0) and not task.done
    go.set()
    assert task.run_to_end() == 7 and where != [threading.current_thread()]


@pytest.mark.parametrize("error", [ValueError("broken"), TimeoutError("its own")])
def test_what_fails_on_a_thread_is_raised_here(ctx, error) -> None:
    def work() -> None:
        raise error

    with pytest.raises(type(error), match=str(error)):
        TimeSlicedTask(ctx, run_on_thread(work)).run_to_end()


def test_a_cancelled_task_leaves_the_thread_to_others(ctx) -> None:
    go = threading.Event()
    task = TimeSlicedTask(ctx, run_on_thread(lambda: go.wait(20)))
    task.run_for(0.0)
    task.cancel()
    go.set()
    assert TimeSlicedTask(ctx, run_on_thread(lambda: 3)).run_to_end() == 3

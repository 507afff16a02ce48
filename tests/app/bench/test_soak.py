"""The soak: the random user follows its seed, leaks are told from allowed growth, slow frames name what they did."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.actions.registry import HANDLERS, PAINT_HANDLERS
from app.bench.soak.events import Button, Do, Key, Move, WindowState
from app.bench.soak.frame_times import MAX_SLOW_FRAMES, Frame, FrameTimes
from app.bench.soak.gestures import EXCLUDED, GESTURES
from app.bench.soak.memory_use import MemoryUse, summarize_growth
from app.bench.soak.random_user import RandomUser
from app.bench.soak.sample_files import write_sample_files
from app.state.frame_profiler import Span
from scenes import edit
from scenes.load import load_scene

ROOT = Path(__file__).parents[3]
WINDOW_STATE = WindowState((960, 540), (0, 20, 600, 520), (40, 30), 5, None, ("View", "Log"), (Path("picture.png"),))


def events(seed: int, count: int = 300) -> list[tuple[str, list]]:
    user = RandomUser(seed)
    return [user.next(WINDOW_STATE) for _ in range(count)]


def test_same_seed_same_gestures() -> None:
    assert events(3) == events(3)
    assert events(3) != events(4)


def test_every_gesture_occurs_and_the_window_stays_open() -> None:
    seen = events(0, 1500)
    assert {name for name, _ in seen} == set(GESTURES)
    done = [event for _, many in seen for event in many]
    actions = {event.action for event in done if isinstance(event, Do)}
    assert actions <= {*HANDLERS, *PAINT_HANDLERS} and not actions & EXCLUDED
    down: list[object] = []  # what is pressed is let go of
    for event in done:
        if isinstance(event, Key | Button):
            (down.append if event.pressed else down.remove)(event.name)
    assert not down
    assert all(0 <= e.x <= 960 and 0 <= e.y <= 540 for e in done if isinstance(e, Move))


def test_edits_fit_the_scene_that_is_seen(tiny_scene: Path) -> None:
    scene = load_scene(tiny_scene)
    window = WindowState((96, 54), (0, 0, 60, 54), scene.map.shape[::-1], len(scene.materials), None, ("View",), ())
    user = RandomUser(0, {name: GESTURES[name] for name in ("build", "change material")})
    changed = 0
    for _ in range(40):
        for event in user.next(window)[1]:
            assert isinstance(event, Do)
            after = event.details[0](scene)
            changed += after != scene
            assert edit.validate_scene(after) == after
    assert changed > 20


def test_sample_files_hold_what_the_program_takes_and_what_it_does_not(tiny_scene: Path, tmp_path: Path) -> None:
    scene = load_scene(tiny_scene)
    files = write_sample_files(tmp_path, scene)
    assert (load_scene(tmp_path / "scene").map == scene.map).all()
    assert sum(not path.exists() for path in files) == 1


def calm(*parts: Any, **more: Any) -> MemoryUse:
    """A sample that counts."""
    return replace(MemoryUse(*parts, **more), calm=True)


def test_what_a_running_dream_takes_is_no_growth() -> None:
    level = [calm(i, 700_000_000, 0, 0, 0) for i in range(0, 600, 20)]
    dreams = [MemoryUse(i, 1_500_000_000, 0, 0, 0, doing="dreaming") for i in range(400, 600)]
    figures = summarize_growth(sorted((*level, *dreams), key=lambda sample: sample.seconds))
    assert figures["rest_grown_mb"] == 0 and figures["resident_peak_mb"] == 1500


def test_allowed_growth_is_no_leak() -> None:
    painted = [calm(i, 700_000_000 + 20_000_000 * i, 20_000_000 * i, 0, 0) for i in range(40)]
    assert summarize_growth(painted)["rest_grown_mb"] == pytest.approx(0)
    assert summarize_growth(painted)["volume_grown_mb"] > 400
    leak = [calm(i, 700_000_000 + 1_000_000 * i, 0, 0, 0) for i in range(40)]
    assert 20 < summarize_growth(leak)["rest_grown_mb"] < 35
    start = [calm(i, 700_000_000 + (300_000_000 if i > 5 else 0), 0, 0, 0) for i in range(40)]
    assert summarize_growth(start)["rest_grown_mb"] == pytest.approx(0)
    large = [calm(i, 700_000_000 + 400_000_000 * (i > 30), 0, 0, 0, scene=400_000_000 * (i > 30)) for i in range(40)]
    assert summarize_growth(large)["rest_grown_mb"] == pytest.approx(0)


def uneven(leak: float = 0, count: int = 1200) -> list[MemoryUse]:
    """700 MB, up to 300 MB more until the C library gives its holes back, and a leak of so many bytes a sample."""
    random = np.random.default_rng(3)
    holes = 300e6 * (np.arange(count) % 20 / 20) * random.random(count)
    return [calm(i / 2, int(700e6 + leak * i + more), 0, 0, 0) for i, more in enumerate(holes)]


def test_a_leak_shows_through_what_comes_and_goes() -> None:
    assert abs(summarize_growth(uneven())["rest_grown_mb"]) < 5
    assert 50 < summarize_growth(uneven(100e3))["rest_grown_mb"] < 80  # of 90 MB after the warm-up, four fifths
    assert summarize_growth(uneven(100e3))["resident_grown_mb"] == summarize_growth(uneven(100e3))["rest_grown_mb"]


@pytest.mark.parametrize("where", [slice(310, 420), slice(1000, 1200), slice(300, 500)])
@pytest.mark.parametrize("doing", ["building", "dreaming"])
def test_a_peak_is_neither_a_leak_nor_hides_one(where: slice, doing: str) -> None:
    """Building for minutes: then other minutes are compared. Anything else may take most of those that are."""
    for leak, least, most in ((0, -12, 12), (100e3, 40, 95)):
        memory_samples = uneven(leak)
        for i in range(*where.indices(len(memory_samples)))[slice(None) if doing == "building" else slice(20, 150)]:
            more = memory_samples[i].resident + 14_000_000_000
            memory_samples[i] = replace(
                memory_samples[i], resident=more, doing=f"{doing} much", building=doing == "building"
            )
        figures = summarize_growth(memory_samples)
        assert least < figures["rest_grown_mb"] < most
        assert figures["resident_peak_mb"] > 14_000 and figures["soak_peak"]["doing"] == f"{doing} much"


def test_nothing_is_compared_where_a_scene_is_built_all_the_time() -> None:
    figures = summarize_growth([calm(i, 10**9, 0, 0, 0, doing="building x", building=True) for i in range(9)])
    assert "rest_grown_mb" not in figures and figures["resident_peak_mb"] == 1000


def test_slow_frames_say_what_they_did() -> None:
    quick = Frame(Span(0.010, 0.002), {"Drawing": Span(0.009, 0.001)}, "rest")
    slow = Frame(Span(0.060, 0.050), {"Drawing": Span(0.009, 0.001), "Saving": Span(0.05, 0.049)}, "save")
    frame_times = FrameTimes()
    for frame in [quick] * 95 + [slow] * 5:
        frame_times.add(frame)
    figures = frame_times.figures
    assert figures["dreaming_frames"] == 100
    assert figures["wall_p50_ms"] == pytest.approx(10) and figures["wall_p99_to_median"] == pytest.approx(6)
    assert figures["cpu_slow_share"] == pytest.approx(0.05)
    assert figures["soak_slow_by_wall"] == {"Saving": [5, 250.0, 50.0]}
    assert "wall_drawn_p50_ms" not in figures and figures["wall_still_frames"] == 100
    assert figures["soak_slowest_by_cpu"][0] == {
        "doing": "save", "wall_ms": 60, "cpu_ms": 50, "Saving": 49, "Drawing": 1,
    }  # fmt: skip


def test_frames_that_draw_the_scene_are_compared_with_each_other() -> None:
    frame_times = FrameTimes()
    for number in range(200):
        drawn = number % 4 == 0
        wall = 0.040 if drawn else 0.008
        frame_times.add(Frame(Span(wall, wall / 2), {}, "walk", drawn, since=max(wall, 0.016)))
    figures = frame_times.figures
    assert figures["wall_p99_to_median"] == pytest.approx(5)
    assert figures["wall_still_p99_to_median"] == figures["cpu_drawn_p99_to_median"] == 1
    assert (figures["wall_still_frames"], figures["wall_drawn_frames"], figures["shown_frames"]) == (150, 50, 200)
    assert figures["shown_p50_ms"] == pytest.approx(16) and figures["shown_p99_ms"] == pytest.approx(40)


def test_the_slowest_of_many_frames_are_remembered() -> None:
    frame_times = FrameTimes()
    for number in range(3 * MAX_SLOW_FRAMES):
        wall = 0.3 if number == 7 else 0.01
        frame_times.add(Frame(Span(wall, wall), {f"part {number}": Span(wall, wall)}, "rest"))
    assert frame_times.figures["dreaming_frames"] == 3 * MAX_SLOW_FRAMES
    assert frame_times.figures["soak_slow_by_cpu"] == {"part 7": [1, 300.0, 300.0]}


def test_without_a_dream_there_are_no_frame_times() -> None:
    assert FrameTimes().figures == {"dreaming_frames": 0}


@pytest.mark.parametrize(("words", "expected"), (([], "rayverie bench soak"), (["home", "soon", "{}"], "SECONDS")))
def test_its_process_tells_in_a_sentence_what_it_lacks(words: list[str], expected: str) -> None:
    done = subprocess.run([sys.executable, "-m", "app.bench.soak", *words], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2 and expected in done.stderr and len(done.stderr.splitlines()) == 1


def test_the_command_compares_figures_with_their_aims() -> None:
    spec = importlib.util.spec_from_file_location("soak_script", ROOT / "scripts" / "soak.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    good = {"exceptions": 0, "gl_errors": 0, "rest_grown_mb": 12.5, "wall_p99_to_median": 2.5}
    assert script.missed(good) == []
    assert script.missed(good | {"exceptions": 1, "wall_p99_to_median": 2.51}) == ["exceptions", "wall_p99_to_median"]
    assert script.missed({}) == list(script.AIMS) and script.missed(good | {"gl_errors": float("nan")}) == ["gl_errors"]
    assert len(script.commit()) >= 7

"""The whole program as its users start it: a process of its own, a real (tiny) diffusion model, keys from outside by xdotool."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.files.screenshots import read_screenshot

ROOT = Path(__file__).parents[3]


@dataclass
class Program:
    process: subprocess.Popen[bytes]
    window: str
    home: Path

    def xdotool(self, *words: str) -> str:
        return subprocess.run(
            ["xdotool", *words], check=True, capture_output=True, text=True, timeout=20
        ).stdout.strip()

    @property
    def title(self) -> str:
        return self.xdotool("getwindowname", self.window)

    def until(self, condition: Callable[[], bool], what: str, seconds: float = 240.0) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return
            assert self.process.poll() is None, (
                f"{what}: the program ended with {self.process.returncode}: {self.output}"
            )
            time.sleep(0.1)
        raise AssertionError(f"{what}: not within {seconds} s; the title is {self.title!r}; {self.output}")

    def shot(self) -> Path:
        """Press F12 and wait for the picture."""
        before = set(self.shots())
        self.xdotool("key", "F12")
        self.until(lambda: set(self.shots()) > before, "a screenshot appears")
        return (set(self.shots()) - before).pop()

    def shots(self) -> list[Path]:
        return list(self.home.rglob("rayverie-*.png"))

    @property
    def output(self) -> str:
        return (self.home / "output.txt").read_text()


@pytest.fixture(params=[2])
def program(
    display: str, tiny_scene: Path, tiny_model: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Program]:
    """param: the steps of a dream."""
    env = os.environ | {"HOME": str(tmp_path), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    env = {k: v for k, v in env.items() if not k.startswith("XDG_")}
    words = [
        sys.executable,
        "-m",
        "app",
        str(tiny_scene),
        "--model",
        str(tiny_model),
        "--no-refine-at-rest",
        "--steps",
        str(request.param),
        "--size",
        "640x400",
    ]
    with (tmp_path / "output.txt").open("wb") as output:
        process = subprocess.Popen(words, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT)
    program = Program(process, "", tmp_path)

    def found() -> bool:
        search = ["xdotool", "search", "--onlyvisible", "--name", "Rayverie"]
        program.window = subprocess.run(search, capture_output=True, text=True).stdout.split("\n")[0]
        return bool(program.window)

    program.until(found, "the window opens")
    program.xdotool("windowfocus", "--sync", program.window)
    yield program
    process.kill()
    process.wait(20)


@pytest.mark.timeout(600)  # a busy machine loads torch slowly; nothing here measures time
def test_walk_paint_screenshot_leave(program: Program) -> None:
    program.until(lambda: "this view is finished" in program.title, "the first view gets painted")
    first = program.shot()
    program.xdotool("keydown", "w")
    time.sleep(1.0)
    program.xdotool("keyup", "w")
    time.sleep(0.5)
    program.until(lambda: "this view is finished" in program.title, "where one comes to rest gets painted")
    second = program.shot()
    (before, start), (_, end) = read_screenshot(first), read_screenshot(second)
    way = np.subtract(end.position, start.position)
    assert np.linalg.norm(way) > 0.3
    assert way @ start.axes[2] > 0.9 * np.linalg.norm(way * (1, 0, 1))
    assert before.dream.steps == 2
    with Image.open(second) as image:
        scene = np.asarray(image)[60:-60, :280].astype(float)
    assert scene.std() > 5
    assert "failed" not in program.output
    program.xdotool("key", "Escape")
    time.sleep(0.5)
    assert program.process.poll() is None
    for _ in range(2):  # it asks, for the paint is in no file; a second time is an answer
        program.xdotool("key", "ctrl+q")
        time.sleep(0.5)
    assert program.process.wait(30) == 0


@pytest.mark.timeout(600)
@pytest.mark.parametrize("program", [200], indirect=True)
def test_ctrl_c_in_the_middle_of_a_dream_is_no_crash(program: Program) -> None:
    program.until(lambda: "dreaming this view: step" in program.title, "a long dream runs")
    program.process.send_signal(signal.SIGINT)
    assert program.process.wait(60) == 130
    assert program.output.splitlines()[-1] == "Stopped."

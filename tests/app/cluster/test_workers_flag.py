"""`--workers N` and `--cluster HOST:PORT` as they are written on the command line."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from app.__main__ import main
from app.cluster.start import SHORT, join_ray, local_ray
from app.loop.answers import info_of
from app.loop.inline_worker import InlineWorker
from base.errors import InputError
from diffusion.loaders.loading import load_model


class Alone(InlineWorker):
    """A crew of one, in this process."""

    room = 1

    def __init__(self, model) -> None:
        super().__init__(model)
        self.model = info_of(model)

    def begin(self, request) -> None:
        assert self._waiting is None
        self.submit(request)
        type(self).room = 0

    def poll(self):
        type(self).room = 1
        return super().poll()


@pytest.fixture
def words(tiny_scene: Path, monkeypatch) -> list[str]:
    """Paint the tiny scene on a few small sheets with the embedded model."""
    for name, side in {
        "patches.WIDEST": 8,
        "patches.TALLEST": 8,
        "sheet_plan.WIDTH": 12,
        "sheet_plan.HEIGHT": 12,
    }.items():
        monkeypatch.setattr(f"engine.atlas.{name}", side)
    return ["dream", str(tiny_scene), "--device", "cpu", "--no-sky", "--steps", "1"]


@pytest.mark.timeout(600)  # it starts Ray and two processes with torch
def test_two_workers_paint_what_one_paints_and_leave_nothing_behind(words, tmp_path, monkeypatch, capsys) -> None:
    before = torch.get_num_threads()
    assert main([*words, "--workers", "2", "--world", str(tmp_path / "two.world")]) == 0
    said = capsys.readouterr().err
    assert "Starting 2 workers." in said and "100% of" in said and "lost" not in said
    left = [process.name() for process in psutil.Process().children(recursive=True)]
    assert not [name for name in left if "ray" in name or "gcs" in name], left
    assert not list(Path(SHORT).glob(f"rayverie-{os.getpid()}-*"))

    @contextmanager
    def alone(*_):
        yield Alone(load_model(None, "cpu"))

    monkeypatch.setattr("app.cli.dream.hire_crew", alone)
    torch.set_num_threads(1)
    try:
        assert main([*words, "--workers", "1", "--world", str(tmp_path / "one.world")]) == 0
    finally:
        torch.set_num_threads(before)
    assert (tmp_path / "one.world").read_bytes() == (tmp_path / "two.world").read_bytes()


def test_ray_may_need_several_starts(monkeypatch) -> None:
    import ray

    errors = [OSError("slow")] * 2
    started: list[subprocess.Popen] = []

    def init(*_, **__) -> None:
        started.append(subprocess.Popen(["sleep", "60"]))
        if errors:
            raise errors.pop()

    monkeypatch.setattr(ray, "init", init)
    with local_ray(1):
        assert [process.poll() is None for process in started] == [False, False, True]
    started.pop().kill()
    errors += [OSError("The machine is  slow.")] * 3
    with (
        pytest.raises(InputError, match="--workers can't start Ray on this machine: The machine is slow"),
        local_ray(1),
    ):
        pass
    assert all(process.poll() is not None for process in started)


@pytest.fixture
def head() -> Iterator[str]:
    """The address of something that listens, as the head of a cluster does."""
    with socket.create_server(("127.0.0.1", 0)) as listens:
        yield f"127.0.0.1:{listens.getsockname()[1]}"


LISTENER = "listen_error_messages"


def test_ray_still_names_its_listener_so() -> None:
    """Read, not imported: Ray takes the way of authentication from the environment once, when it is imported."""
    found = find_spec("ray")
    assert found and found.origin
    assert f"\ndef {LISTENER}(" in (Path(found.origin).parent / "_private" / "worker.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("lacks", ["nothing", "the function", "the module"])
def test_a_cluster_is_joined_without_rays_pages(lacks: str, head: str, monkeypatch) -> None:
    def listen() -> None: ...

    driver = SimpleNamespace() if lacks == "the function" else SimpleNamespace(**{LISTENER: listen})
    joined: list[object] = []
    ray = SimpleNamespace(
        init=lambda *_, **__: joined.append(getattr(driver, LISTENER, None)),
        shutdown=lambda: joined.append("shut down"),
    )
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setitem(sys.modules, "ray._private.worker", None if lacks == "the module" else driver)
    with join_ray(head):
        assert len(joined) == 1
    assert joined[-1] == "shut down"
    if lacks == "nothing":
        assert joined[0] is not listen and getattr(driver, LISTENER) is listen


def closed_port() -> int:
    """A port of this machine at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--workers", "0"], "--workers is 0; allowed is 1 to 4096."),
        (
            ["--cluster", "somewhere"],
            "--cluster: somewhere is no address; it must be HOST:PORT, as `ray start` prints it.",
        ),
        (["--cluster", "127.0.0.1:0"], "--cluster: 127.0.0.1:0 is no address"),
        (["--cluster", f"127.0.0.1:{closed_port()}"], "can't be reached (Connection refused)."),
    ],
)
def test_what_is_no_crew_is_refused_in_one_sentence(flags, said, words, tmp_path, capsys) -> None:
    assert main([*words, *flags, "--world", str(tmp_path / "a.world")]) == 2
    shown = capsys.readouterr().err
    assert said in shown and shown.count("\n") == 1 and not (tmp_path / "a.world").exists()


def test_without_the_extra_one_sentence_says_how_to_get_it(words, monkeypatch, tmp_path, capsys) -> None:
    monkeypatch.setattr("app.extras.find_spec", lambda name: None if name == "ray" else object())
    for flags in (["--workers", "2"], ["--cluster", "127.0.0.1:6379"]):
        assert main([*words, *flags, "--world", str(tmp_path / "a.world")]) == 2
        needs = f"{flags[0]} needs the extra `cluster`; install it with: pip install 'rayverie[cluster]'.\n"
        assert capsys.readouterr().err == needs


def test_a_cluster_does_not_have_pictures_of_this_machine(words, tmp_path, capsys) -> None:
    picture = tmp_path / "style.png"
    picture.write_bytes(b"")
    flags = ["--cluster", "127.0.0.1:6379", "--style-picture", str(picture), "--world", str(tmp_path / "a.world")]
    assert main([*words, *flags]) == 2
    assert "--cluster has no machine with the style picture" in capsys.readouterr().err

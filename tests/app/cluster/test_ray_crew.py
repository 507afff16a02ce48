"""A crew of real Ray actors, with a model that answers at once: lost, wrong and late workers."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from app.cluster.dreamer import Dreamer, Prepared, Trouble
from app.cluster.shipment import pack
from app.cluster.start import crew_of, local_ray
from app.loop.messages import DreamFailed, DreamFinished, ModelInfo, PictureFailed, PictureRequest, Status
from app.session import ModelChoice, Session
from base.errors import InputError
from diffusion.canvas import Dreamed
from diffusion.loaders.embedded import EMBEDDED
from diffusion.settings import DreamSettings
from diffusion.text2image.recipe import GenerateSettings
from scenes.load import load_scene

HERE = ModelInfo("plain", "plain", 4, 16, 64, False, "cpu")


@pytest.fixture(scope="module")
def ray_here():
    with local_ray(2):
        import ray

        yield ray


@pytest.fixture(scope="module")
def plain():
    """A class for actors. It is made here, so that it travels by value: the actors don't see the tests' files."""

    class Plain:
        def __init__(self) -> None:
            self._left = -1

        def prepare(self, answer: str, hold: str = ""):
            self._hold = hold
            if answer == "gone":
                os._exit(1)
            if isinstance(answer, Trouble):
                return answer
            return Prepared(HERE, answer, "here")

        def dream(self, canvas, settings):
            if self._hold and not os.path.exists(self._hold):  # noqa: PTH110 (nothing of this module is there)
                with open(self._hold, "w") as file:  # noqa: PTH123
                    file.write(str(os.getpid()))
                time.sleep(600)
            if settings.steps == 13:
                os._exit(1)
            if settings.steps == 1:
                return Trouble("it is dark", "a traceback")
            image = np.full((8, 8, 3), settings.seed, np.uint8)
            return Dreamed(canvas.noise * settings.steps, image, float(settings.steps), settings.steps, {})

    return Plain


@pytest.fixture(scope="module")
def make_crew(ray_here, plain):
    """Makes crews; answers: of their members to `prepare`, in the order in which they are started."""
    from app.cluster.ray_crew import RayCrew

    crews = []

    def make(*answers, count: int = 2, hold: str = "") -> SimpleNamespace:
        said: list[str] = []
        given = itertools.chain(answers, itertools.repeat("right"))
        actor = ray_here.remote(plain).options(num_cpus=0)
        crew = RayCrew(actor.remote, lambda one: one.prepare.remote(next(given), hold), count, said.append)
        crews.append(crew)
        return SimpleNamespace(crew=crew, said=said)

    yield make
    for crew in crews:
        crew.close()


def collected(crew, count: int) -> dict:
    """The first `count` answers by request: the dream, or what was wrong."""
    found = {}
    while len(found) < count:
        for message in crew.poll():
            if isinstance(message, DreamFinished):
                found[message.request.id] = message.dreamed.latents.sum()
            elif isinstance(message, DreamFailed):
                assert message.request is not None
                found[message.request.id] = message.problem
    return found


def all_ready(crew, count: int) -> bool:
    end = time.monotonic() + 60
    while time.monotonic() < end and [member.ready for member in crew.members] != [True] * count:
        crew._advance()
    return [member.ready for member in crew.members] == [True] * count


@pytest.fixture(scope="module")
def pair(make_crew):
    """Two workers that nothing happens to."""
    made = make_crew()
    made.crew.wait_until_ready()
    return made


def test_it_answers_every_request_once_and_says_which_model_it_has(pair, request_of) -> None:
    crew, said = pair.crew, pair.said
    assert [type(m) for m in crew.poll()] == [Status] and crew.model == HERE and crew.poll() == []
    assert all_ready(crew, 2) and crew.room == 4
    requests = [request_of(k, steps=2 + k) for k in range(7)]
    for request in requests:
        crew.begin(request)
    assert crew.room == 0
    assert collected(crew, 7) == {r.id: (r.canvas.noise * r.settings.steps).sum() for r in requests}
    assert crew.poll() == [] and crew.room == 4 and said == []


def test_a_dream_that_fails_comes_back_with_its_traceback(pair, request_of) -> None:
    crew = pair.crew
    crew.begin(request_of(0, steps=1))
    crew.begin(request_of(1, steps=2))
    found = collected(crew, 2)
    assert found[0] == "it is dark" and not isinstance(found[1], str)


def test_a_request_replaces_those_before_as_with_every_worker(pair, request_of) -> None:
    crew = pair.crew
    for k in range(6):
        crew.begin(request_of(k, steps=2))
    crew.submit(request_of(9, steps=2))
    assert list(collected(crew, 1)) == [9]
    crew.begin(request_of(10, steps=2))
    crew.cancel()
    assert crew.poll() == []
    crew.generate(PictureRequest(1, GenerateSettings("wall")))
    assert isinstance(crew.poll()[0], PictureFailed)


def test_a_worker_that_is_killed_in_a_dream_loses_nothing(make_crew, request_of, tmp_path: Path) -> None:
    made = make_crew(hold=str(tmp_path / "held"))
    crew = made.crew
    crew.wait_until_ready()
    requests = [request_of(k, steps=2 + k) for k in range(5)]
    for request in requests:
        crew.begin(request)
    while not (tmp_path / "held").exists() or not (tmp_path / "held").read_text():
        crew._advance()
    os.kill(int((tmp_path / "held").read_text()), signal.SIGKILL)
    assert collected(crew, 5) == {r.id: (r.canvas.noise * r.settings.steps).sum() for r in requests}
    assert len(made.said) == 1 and "was lost" in made.said[0] and "by others" in made.said[0]
    assert all_ready(crew, 2), "another one takes its place"


def test_a_dream_that_costs_every_worker_is_given_up(make_crew, request_of) -> None:
    made = make_crew()
    crew = made.crew
    crew.wait_until_ready()
    crew.begin(request_of(0, steps=13))
    crew.begin(request_of(1, steps=2))
    found = collected(crew, 2)
    assert found[0] == "the dream cost 3 workers" and not isinstance(found[1], str)
    assert len(made.said) == 3 and len(crew.members) == 2


def test_a_worker_with_another_fingerprint_is_not_used(make_crew, request_of) -> None:
    made = make_crew("right", "wrong")
    crew = made.crew
    crew.wait_until_ready()
    assert all_ready(crew, 1) and [member.number for member in crew.members] == [1]
    assert made.said == ["Worker 2 (here) isn't used: it dreams the test canvas as wrong, not right."]
    crew.begin(request_of(0, steps=2))
    assert list(collected(crew, 1)) == [0]


def test_one_that_never_becomes_ready_is_reported_and_left_out(make_crew) -> None:
    made = make_crew("gone", Trouble("no memory is left", "a traceback"), "right", count=3)
    made.crew.wait_until_ready()
    assert all_ready(made.crew, 1) and len(made.said) == 2
    assert "Worker 1 isn't used: it was lost before it was ready" in "".join(made.said)
    assert "Worker 2 isn't used: no memory is left." in made.said
    with pytest.raises(InputError, match="has no worker left: no memory is left"):
        make_crew(Trouble("no memory is left", ""), count=1).crew.wait_until_ready()
    with pytest.raises(InputError, match="worker 1 can't load the model: scenic is no model"):
        make_crew(Trouble("scenic is no model.", "", True), count=1).crew.wait_until_ready()


def test_a_model_travels_to_machines_that_do_not_have_its_files(ray_here, tmp_path: Path) -> None:
    folder = shutil.copytree(EMBEDDED, tmp_path / "travelled")
    shipment = pack(ModelChoice(str(folder), "cpu"), ray_here.put)
    shutil.rmtree(folder)
    said: list[str] = []
    crew = crew_of(Dreamer, 1, shipment, "", said.append)
    try:
        crew.wait_until_ready()
        assert crew.model.id.startswith("travelled-") and crew.model.knows_surfaces and said == []
        scene = load_scene("hamlet")
        assert crew.remarks(Session(), scene) == []
        idle = Session(dream=DreamSettings(control_strength=0.5))
        assert any("control" in remark for remark in crew.remarks(idle, scene))
    finally:
        crew.close()


def connections(process: psutil.Process) -> list:
    """Of a process, which may have ended: a worker of a test before."""
    try:
        return process.net_connections("inet")
    except psutil.NoSuchProcess:
        return []


def test_only_this_machine_can_reach_it(ray_here) -> None:
    ours = psutil.Process()
    listening = [
        connection.laddr.ip.removeprefix("::ffff:")
        for process in (ours, *ours.children(recursive=True))
        for connection in connections(process)
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) > 3 and set(listening) == {"127.0.0.1"}
    environments = [
        process.environ() for process in ours.children(recursive=True) if process.name() in ("gcs_server", "raylet")
    ]
    assert len(environments) == 2 and {one["RAY_USAGE_STATS_ENABLED"] for one in environments} == {"0"}
    assert ray_here.worker.get_dashboard_url() in (None, "")

"""Jobs in their queue: bounded, cancelled, failed, forgotten; and the lanes that run them."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from app.server.jobs import CANCELLED, DONE, FAILED, RUNNING, WAITING, Job, JobQueue, QueueFull
from app.server.lane import Lane
from base.errors import InputError


@pytest.fixture
def lane():
    lane = Lane("test")
    yield lane
    lane.close()


def held(queue: JobQueue, lane: Lane) -> tuple[Job, threading.Event]:
    """(a job that runs, an event that ends it)."""
    began, gate = threading.Event(), threading.Event()

    def work(job: Job) -> dict[str, Any]:
        began.set()
        gate.wait(30)
        job.check()
        return {"a": 1}

    job = queue.submit(lane, "test", "", work)
    assert began.wait(30)
    return job, gate


def test_a_job_goes_from_waiting_to_done(lane) -> None:
    queue = JobQueue()
    first, gate = held(queue, lane)
    second = queue.submit(lane, "test", "", lambda job: {"b": 2})
    assert (first.state, second.state) == (RUNNING, WAITING)
    gate.set()
    assert second.ended.wait(30)
    assert (first.state, first.result, second.state, second.result) == (DONE, {"a": 1}, DONE, {"b": 2})


def test_a_full_queue_refuses(lane) -> None:
    queue = JobQueue(most=2)
    _, gate = held(queue, lane)
    last = queue.submit(lane, "test", "", lambda job: {})
    with pytest.raises(QueueFull):
        queue.submit(lane, "test", "", lambda job: {})
    gate.set()
    assert last.ended.wait(30)
    assert queue.submit(lane, "test", "", lambda job: {}).ended.wait(30)


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_soon(lane) -> None:
    queue, ran = JobQueue(), []
    first, gate = held(queue, lane)
    second = queue.submit(lane, "test", "", lambda job: ran.append(1) or {})
    queue.cancel(second)
    assert second.ended.is_set() and second.state == CANCELLED
    queue.cancel(first)
    gate.set()
    assert first.ended.wait(30) and first.state == CANCELLED
    lane.submit(lambda: None).result(30)
    assert not ran


def test_failures_become_sentences_and_the_lane_lives_on(lane, capsys) -> None:
    def wrong(job: Job) -> dict[str, Any]:
        raise InputError("request", "size", "is wrong")

    def broken(job: Job) -> dict[str, Any]:
        return {"x": 1 // 0}

    queue = JobQueue()
    jobs = [queue.submit(lane, "test", "", work) for work in (wrong, broken)]
    assert all(job.ended.wait(30) for job in jobs)
    assert [job.state for job in jobs] == [FAILED, FAILED]
    assert jobs[0].error == "request: size is wrong."
    assert jobs[1].error.startswith("internal error: ZeroDivisionError")
    assert "Traceback" in capsys.readouterr().err
    assert queue.submit(lane, "test", "", lambda job: {}).ended.wait(30)


def test_ended_jobs_are_forgotten_oldest_first(lane) -> None:
    queue = JobQueue(keep=2)
    jobs = []
    for _ in range(4):
        jobs.append(queue.submit(lane, "test", "", lambda job: {}))
        assert jobs[-1].ended.wait(30)
    assert queue.get(jobs[0].id) is None and queue.get(jobs[3].id) is jobs[3]


def test_closing_cancels_and_refuses(lane) -> None:
    queue = JobQueue()
    job, gate = held(queue, lane)
    queue.close()
    gate.set()
    assert job.ended.wait(30) and job.state == CANCELLED
    with pytest.raises(QueueFull):
        queue.submit(lane, "test", "", lambda job: {})


def test_urgent_work_goes_first(lane) -> None:
    gate, order = threading.Event(), []
    lane.submit(lambda: gate.wait(30))
    last = lane.submit(lambda: order.append("usual"))
    urgent = lane.submit(lambda: order.append("urgent"), urgent=True)
    gate.set()
    urgent.result(30), last.result(30)
    assert order == ["urgent", "usual"]


def test_a_lane_hands_exceptions_on(lane) -> None:
    with pytest.raises(ZeroDivisionError):
        lane.call(lambda: 1 // 0)
    assert lane.call(threading.get_ident) != threading.get_ident()

"""Jobs in a bounded queue, with progress, preview, result and cancellation."""

from __future__ import annotations

import secrets
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.loop.messages import sentence
from app.server.lane import Lane
from base.errors import InputError, escape_controls

WAITING, RUNNING, DONE, FAILED, CANCELLED = STATES = ("waiting", "running", "done", "failed", "cancelled")
ENDED = (DONE, FAILED, CANCELLED)


class QueueFull(Exception):
    """The maximum number of jobs is waiting."""


class Stopped(BaseException):
    """Ends a cancelled job. A BaseException, so that no `except Exception` on the way catches it."""


@dataclass(eq=False)
class Job:
    """One request. Written by one thread, read by others.

    kind: generate, dream, …; about: a few words for people, such as the prompt
    step, steps: of the running work; preview: PNG of the running dream, b"" without one
    result: JSON values; error: a sentence when it failed; version: grows with every change
    """

    id: str
    kind: str
    about: str
    state: str = WAITING
    step: int = 0
    steps: int = 0
    preview: bytes = b""
    result: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    version: int = 0
    started: float = 0.0
    ended: threading.Event = field(default_factory=threading.Event)
    _cancel: threading.Event = field(default_factory=threading.Event)

    def cancelled(self) -> bool:
        return self._cancel.is_set()

    def cancel(self) -> None:
        """Request cancellation. A waiting job ends at once, a running one after its model call."""
        self._cancel.set()

    def check(self) -> None:
        """Raise Stopped when the job was cancelled."""
        if self.cancelled():
            raise Stopped

    def report(self, step: int, steps: int, preview: bytes | None = None) -> None:
        """Report progress. preview: PNG, None to keep the last one."""
        self.step, self.steps = step, steps
        if preview is not None:
            self.preview = preview
        self.version += 1

    def end(self, state: str, result: dict[str, Any] | None = None, error: str = "") -> None:
        self.state, self.result, self.error = state, result or {}, error
        self.preview = b""
        self.version += 1
        self.ended.set()

    def eta(self) -> float:
        """Seconds until the job ends, estimated from its steps; 0 where that is not possible."""
        if self.state != RUNNING or not self.step:
            return 0.0
        return (time.monotonic() - self.started) * (self.steps - self.step) / self.step

    def describe(self) -> dict[str, Any]:
        """JSON values, without the preview's picture."""
        return {
            "id": self.id,
            "kind": self.kind,
            "about": self.about,
            "state": self.state,
            "step": self.step,
            "steps": self.steps,
            "eta_seconds": round(self.eta(), 1),
            "result": self.result,
            "error": self.error,
        }


class JobQueue:
    """Waiting, running and finished jobs. The last `keep` finished ones are kept.

    most: jobs that may wait or run at a time
    """

    def __init__(self, most: int = 16, keep: int = 200) -> None:
        self._most, self._keep = most, keep
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, lane: Lane, kind: str, about: str, work: Callable[[Job], dict[str, Any]]) -> Job:
        """Run `work(job)` on a lane; its result becomes the job's. Raises QueueFull."""
        with self._lock:
            if self._closed or sum(job.state not in ENDED for job in self._jobs.values()) >= self._most:
                raise QueueFull
            job = Job(secrets.token_hex(8), kind, about)
            self._jobs[job.id] = job
            self._forget()
        lane.submit(lambda: run(job, work))
        return job

    def get(self, id: str) -> Job | None:
        return self._jobs.get(id)

    def all(self) -> list[Job]:
        """Oldest first."""
        with self._lock:
            return list(self._jobs.values())

    def open(self) -> list[Job]:
        """Waiting and running jobs, oldest first."""
        return [job for job in self.all() if job.state not in ENDED]

    def cancel(self, job: Job) -> None:
        with self._lock:
            job.cancel()
            if job.state == WAITING:
                job.end(CANCELLED)

    def close(self) -> None:
        """Cancel everything and accept no more jobs."""
        self._closed = True
        for job in self.open():
            self.cancel(job)

    def _forget(self) -> None:
        ended = [job.id for job in self._jobs.values() if job.state in ENDED]
        for id in ended[: max(0, len(ended) - self._keep)]:
            del self._jobs[id]


def placeless(error: InputError) -> str:
    """Return a sentence for clients, without paths of this machine."""
    return str(InputError(Path(error.where).name, error.field, error.problem))


def run(job: Job, work: Callable[[Job], dict[str, Any]]) -> None:
    """Run a job's work and record the outcome. The traceback of an internal error is printed; the job gets one sentence."""
    if job.state != WAITING:
        return
    job.state, job.started = RUNNING, time.monotonic()
    job.version += 1
    try:
        job.check()
        job.end(DONE, work(job))
    except Stopped:
        job.end(CANCELLED)
    except InputError as error:
        job.end(FAILED, error=placeless(error))
    except Exception as error:
        print(escape_controls(f"job {job.id} failed:"), file=sys.stderr)
        traceback.print_exc()
        job.end(FAILED, error=f"internal error: {sentence(error)}")

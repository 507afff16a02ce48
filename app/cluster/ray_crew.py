"""A crew of Ray actors: sends them requests, replaces lost ones, and returns their dreams."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError

from app.cluster.dreamer import Prepared, Trouble
from app.cluster.simulate import DEPTH
from app.loop.messages import DreamFailed, DreamFinished, Message, ModelInfo, Request, Status
from app.loop.refusing_worker import RefusingWorker
from app.session import Session
from base.errors import InputError
from scenes.scene import Scene

TRIES = 3  # lost workers after which a request counts as failed
PATIENCE = 0.1  # seconds between checks for cancellation
WHY = "workers of `--workers` and `--cluster` only dream scenes"


@dataclass(eq=False)
class Member:
    """number: 1, 2, …; prepared: None until its model is loaded; ready: whether it may paint; held: its requests, oldest first."""

    number: int
    actor: Any
    prepared: Prepared | None = None
    ready: bool = False
    held: list[Request] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"worker {self.number}" + (f" ({self.prepared.place})" if self.prepared else "")


class RayCrew(RefusingWorker):
    """The `Crew` protocol. One thread.

    hire: starts an actor of `app.cluster.dreamer.Dreamer`; prepare: sends it its model (actor → reference to Prepared or Trouble)
    count: of members; report: takes one line about what happened; cancelled: asked while waiting; it may raise KeyboardInterrupt

    All members must dream the test canvas exactly as the first one does.
    """

    def __init__(
        self,
        hire: Callable[[], Any],
        prepare: Callable[[Any], Any],
        count: int,
        report: Callable[[str], None],
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__(WHY)
        self._hire, self._prepare, self._report, self._cancelled = hire, prepare, report, cancelled
        self._jobs: dict[Any, tuple[Member, Request | None]] = {}  # reference → whose; None: prepares
        self._waiting: deque[Request] = deque()
        self._costs: Counter[int] = Counter()  # request → members that it cost
        self._dropped: set[int] = set()
        self._right = ""  # fingerprint
        self._model: ModelInfo | None = None
        self.members: list[Member] = []
        for number in range(1, count + 1):
            self._start(number)

    def wait_until_ready(self) -> None:
        """Wait for the first member. Raises InputError if none can load the model."""
        while self._model is None:
            self._advance()
        self._messages.append(Status(f"the model {self._model.id} is ready", self._model))

    @property
    def model(self) -> ModelInfo:
        assert self._model is not None, "wait_until_ready was not called"
        return self._model

    @property
    def room(self) -> int:
        ready = sum(member.ready for member in self.members)
        return max(0, DEPTH * max(1, ready) - self._running)

    def begin(self, request: Request) -> None:
        self._waiting.append(request)
        self._send()

    def submit(self, request: Request) -> None:
        self.cancel()
        self.begin(request)

    def cancel(self) -> None:
        """Drop all requests. Members finish their running dream, but its result is dropped."""
        self._dropped |= {request.id for member in self.members for request in member.held}
        self._waiting.clear()

    def poll(self) -> list[Message]:
        """Return the messages since the last poll. If there are none while dreams run, wait for the next."""
        while not self._messages and self._running:
            self._advance()
        messages, self._messages = self._messages, []
        return messages

    def remarks(self, session: Session, scene: Scene) -> list[str]:
        """A sentence for each setting that has no effect on the model."""
        first = next(member for member in self.members if member.ready)
        return ray.get(first.actor.remarks.remote(session, scene))

    def close(self) -> None:
        for member in self.members:
            ray.kill(member.actor)
        self.members, self._jobs = [], {}
        self._waiting.clear()

    @property
    def _running(self) -> int:
        """Return the number of unanswered requests."""
        held = sum(request.id not in self._dropped for member in self.members for request in member.held)
        return held + len(self._waiting)

    def _start(self, number: int) -> None:
        member = Member(number, self._hire())
        self.members.append(member)
        self._jobs[self._prepare(member.actor)] = member, None

    def _send(self) -> None:
        """Send waiting requests to the members with the fewest."""
        while self._waiting and (free := [m for m in self.members if m.ready and len(m.held) < DEPTH]):
            member, request = min(free, key=lambda m: len(m.held)), self._waiting.popleft()
            member.held.append(request)
            self._jobs[member.actor.dream.remote(request.canvas, request.settings)] = member, request

    def _advance(self) -> None:
        """Wait a moment for answers and process them."""
        self._cancelled()
        for reference in ray.wait(list(self._jobs), num_returns=1, timeout=PATIENCE)[0]:
            member, request = self._jobs.pop(reference)
            try:
                answer = ray.get(reference)
            except RayActorError as error:
                self._lose(member, error)
            except RayError as error:
                self._take(member, request, Trouble(f"{type(error).__name__}: {error}", str(error)))
            else:
                self._take(member, request, answer)
        self._send()

    def _take(self, member: Member, request: Request | None, answer: Any) -> None:
        if request is None:
            if isinstance(answer, Prepared):
                member.prepared = answer
                self._compare()
            else:
                self._dismiss(member, answer.problem, answer if answer.wrong_input else None)
            return
        member.held.remove(request)
        if request.id in self._dropped:
            self._dropped.discard(request.id)
        elif isinstance(answer, Trouble):
            self._messages.append(DreamFailed(request, answer.problem, answer.traceback))
        else:
            self._messages.append(DreamFinished(request, answer))

    def _compare(self) -> None:
        """Accept members whose dream of the test canvas is right."""
        if not self._right:
            first = min(self.members, key=lambda member: member.number)
            if first.prepared is None:
                return
            self._right, self._model = first.prepared.fingerprint, first.prepared.model
        for member in [m for m in self.members if m.prepared is not None and not m.ready]:
            assert member.prepared is not None
            if member.prepared.fingerprint == self._right:
                member.ready = True
            else:
                self._dismiss(member, f"it dreams the test canvas as {member.prepared.fingerprint}, not {self._right}")

    def _dismiss(self, member: Member, why: str, trouble: Trouble | None = None) -> None:
        """Continue without a member. Raises InputError if it was the last one, or if the others would fail in the same way."""
        self.members.remove(member)
        ray.kill(member.actor)
        if trouble is not None:
            raise InputError(member.name, "", f"can't load the model: {why.rstrip('.')}")
        self._report(f"{member.name.capitalize()} isn't used: {why.rstrip('.')}.")
        if not self.members:
            raise InputError("--workers", "", f"has no worker left: {why.rstrip('.')}")
        if not self._right:
            self._compare()

    def _lose(self, member: Member, error: RayActorError) -> None:
        """Handle the loss of a member's process or machine: pass its requests to others and start a replacement."""
        if member not in self.members:
            return  # already handled by another of its requests
        self._jobs = {reference: job for reference, job in self._jobs.items() if job[0] is not member}
        if not member.ready:
            self._dismiss(member, f"it was lost before it was ready ({' '.join(str(error).split())[:200]})")
            return
        self.members.remove(member)
        held = [request for request in member.held if request.id not in self._dropped]
        self._report(f"{member.name.capitalize()} was lost; {len(held)} of its dreams are dreamed by others.")
        self._costs.update(request.id for request in member.held[:1])  # only the first one had started
        for request in reversed(held):
            if self._costs[request.id] < TRIES:
                self._waiting.appendleft(request)
            else:
                self._messages.append(DreamFailed(request, f"the dream cost {TRIES} workers", ""))
        self._start(member.number)

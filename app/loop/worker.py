"""The worker of the window: owns the model on its own thread and answers requests with messages."""

from __future__ import annotations

import os
import queue
import threading
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any

from app.loop.answers import Dream, Probe, answer, dream_of, info_of, probe_of, report
from app.loop.messages import (
    PREVIEWS,
    DreamFailed,
    InspectionRequest,
    Message,
    ModelBeside,
    ModelOrder,
    ModelProgress,
    ModelReplaced,
    PartBegun,
    PicturePreview,
    PictureRequest,
    Preview,
    PreviewOptions,
    Request,
    Status,
    id_of,
    sentence,
)
from app.loop.model_loading import Report, fits_beside, free_memory, load_choice, load_ordered, refuse_room
from app.loop.picture_jobs import Generate, PictureQueue, generate_of, make_picture
from app.loop.previews import Throttle
from app.session import ModelChoice

Load = Callable[[], Any]  # → diffusion.models.model.Model
LoadChoice = Callable[[ModelChoice, Report], Any]  # app.loop.model_loading.load_choice, or a test's replacement

EMBEDDED = ModelChoice()
WAITING_RESULTS = 4  # finished dreams that may wait for the window before the worker pauses


class ThreadWorker:
    """The `Worker` protocol as one thread. It loads the model, then takes the latest request, and outlives failures.

    load: loads the first model; load_choice: another one, later; fits: whether both have room in memory
    choice: what the model is loaded with, for the recipes of pictures
    threads: torch's threads for the model: 1 if a renderer uses the same cores (with 2 both slow down badly), None for all.
    nice: by how much the thread's priority is lowered in favour of frames (Linux only).
    helped: whether a second thread takes requests that follow the running one (`Request.follows`), if a processor dreams.
    """

    def __init__(
        self,
        load: Load,
        dream: Dream = dream_of,
        *,
        look: Probe = probe_of,
        generate: Generate = generate_of,
        choice: ModelChoice = EMBEDDED,
        load_choice: LoadChoice = load_choice,
        fits: Callable[[ModelChoice], bool] = fits_beside,
        threads: int | None = 1,
        nice: int = 10,
        helped: bool = False,
    ) -> None:
        self._load, self._dream, self._look, self._threads, self._nice = load, dream, look, threads, nice
        self._generate, self._choice, self._pictures, self._picture_due = generate, choice, PictureQueue(), True
        self._load_choice, self._fits = load_choice, fits
        self._model: Any = None
        self._beside: tuple[ModelChoice, Any] | None = None  # another model, for comparisons
        self._drop_beside = False
        self._order: ModelOrder | None = None  # waits
        self._orders = self._cancelled_orders = -1  # ids; those up to the second are cancelled
        self._news = threading.Condition()
        self._waiting: deque[Request] = deque()  # the mailbox
        self._answering = self._helping = False  # whether this thread, and the second one, dream a request
        self._asked: InspectionRequest | None = None  # the pending probe of the network
        self._probe_due = False  # whether it has waited for a dream or a picture
        self._latest = self._abandoned = -1  # ids up to _abandoned are cancelled
        self._closed = self._lowered = False
        self._statuses: deque[Message] = deque(maxlen=100)
        self._previews: deque[Message] = deque(maxlen=PREVIEWS)
        self._watch, self._throttle = PreviewOptions(), Throttle()
        self._results: queue.Queue[Message] = queue.Queue(WAITING_RESULTS)
        self._thread = threading.Thread(target=self._run, name="dreamer", daemon=True)
        self._thread.start()
        self._helper = threading.Thread(target=self._help, name="dreamer's helper", daemon=True) if helped else None
        if self._helper is not None:
            self._helper.start()

    def submit(self, request: Request) -> None:
        with self._news:
            if not request.follows:
                self._waiting.clear()
            self._waiting.append(request)
            self._latest = request.id
            self._news.notify_all()

    def cancel(self) -> None:
        with self._news:
            self._abandoned = self._latest
            self._waiting.clear()
            self._previews.clear()

    def inspect(self, asked: InspectionRequest | None) -> None:
        with self._news:
            self._asked = asked
            self._news.notify_all()

    def generate(self, asked: PictureRequest) -> None:
        with self._news:
            self._pictures.add(asked)
            self._news.notify_all()

    def cancel_pictures(self) -> None:
        self._pictures.cancel()

    def load_model(self, order: ModelOrder) -> None:
        with self._news:
            self._order, self._orders = order, order.id
            self._news.notify_all()

    def drop_beside(self) -> None:
        with self._news:
            self._drop_beside = True
            self._news.notify_all()

    def cancel_model(self) -> None:
        self._cancelled_orders = self._orders

    def watch(self, how: PreviewOptions) -> None:
        self._watch = how

    def poll(self) -> list[Message]:
        messages: list[Message] = []
        while self._statuses:
            messages.append(self._statuses.popleft())
        results = []
        while not self._results.empty():
            results.append(self._results.get_nowait())
        with self._news:  # after the results, so that the previews that preceded them are included
            messages += self._previews
            self._previews.clear()
        kept = (m for m in messages + results if not self._pictures.is_abandoned(m))
        return [m for m in kept if not self._is_abandoned(id_of(m))]

    def close(self) -> None:
        with self._news:
            self._closed = True
            self._news.notify_all()
        for thread in (self._thread, self._helper):
            if thread is not None and thread is not threading.current_thread():
                thread.join(timeout=30)

    def _is_abandoned(self, request_id: int | None) -> bool:
        return request_id is not None and request_id <= self._abandoned

    def _emit(self, message: Message) -> None:
        if isinstance(message, Status | ModelProgress):
            self._statuses.append(message)
        elif isinstance(message, Preview | PartBegun | PicturePreview):
            with self._news:
                self._previews.append(message)
        else:
            while not self._closed:  # if the window is busy, wait for room instead of losing a dream
                try:
                    return self._results.put(message, timeout=0.1)
                except queue.Full:
                    continue

    def _run(self) -> None:
        self._model = self._ready()
        while True:
            with self._news:
                self._news.wait_for(lambda: self._closed or self._has_work)
                order = picture = request = None
                dropping, self._drop_beside = self._drop_beside, False
                if not dropping:
                    order, self._order = self._order, None
                if not dropping and order is None and not (self._asked and self._probe_due):
                    picture = self._pictures.take() if self._picture_due or not self._waiting else None
                    self._picture_due = picture is None  # views and pictures take turns
                    if picture is None and self._waiting:
                        request = self._waiting.popleft()
                asked, self._answering = self._asked, request is not None
                self._news.notify_all()
            if self._closed:
                return
            if dropping:  # not under the lock, for which frames would wait
                self._beside = None
                free_memory()
            elif order is not None:
                (self._load_beside if order.beside else self._replace)(order)
            elif picture is not None or request is not None:
                if picture is not None:
                    self._picture(self._model, picture)
                elif request is not None:
                    self._answer(self._model, request, self._throttle)
                self._answering, self._probe_due = False, self._asked is not None
            elif asked is not None:
                self._report(self._model, asked)

    @property
    def _has_work(self) -> bool:
        """Whether there is something to do now. While the second thread dreams, nothing but a dream may use the model or replace it."""
        if self._order or self._drop_beside:
            return not self._helping
        if self._model is None:
            return False
        picture = bool(self._pictures) and (self._picture_due or not self._waiting)
        probe = self._asked is not None and (self._probe_due or not self._waiting)
        return not self._helping if picture or probe else bool(self._waiting)

    def _help(self) -> None:
        """The second thread: dream what follows the running request, beside it."""
        prepared = False
        while True:
            with self._news:
                self._news.wait_for(lambda: self._closed or self._may_help)
                if self._closed:
                    return
                request, model, self._helping = self._waiting.popleft(), self._model.twin(), True
            if not prepared:
                self._set_threads()
                self._lower_priority()
                prepared = True
            self._answer(model, request, Throttle())
            del model  # it may be replaced now
            with self._news:
                self._helping = False
                self._news.notify_all()

    @property
    def _may_help(self) -> bool:
        """Whether the second thread takes the next request. It leaves the model to whatever needs it alone."""
        if not (self._answering and self._waiting and self._waiting[0].follows) or str(self._model.device) != "cpu":
            return False
        return not (self._order or self._drop_beside or self._pictures or self._asked)

    def _replace(self, order: ModelOrder) -> None:
        """Load another model. The present one stays, or is loaded again, if that fails."""

        def make_room() -> None:
            self._model = None
            free_memory()

        there, self._beside = self._beside, None
        if there is not None and there[0] == order.choice:
            model = there[1]
        else:
            there = None  # freed before another one is read
            model = load_ordered(order, self._load_choice, self._emit, self._is_cancelled(order), make_room, self._fits)
        if model is None:
            if self._model is None and not self._closed:
                self._model = self._ready()
            return
        self._load, self._choice = lambda: self._load_choice(order.choice, lambda part, share: None), order.choice
        with self._news:  # waiting requests were made for the previous model
            self._waiting.clear()
            self._asked = None
            self._abandoned = self._latest
            self._model = model
        self._emit(ModelReplaced(order, info_of(model)))
        free_memory()

    def _load_beside(self, order: ModelOrder) -> None:
        """Load another model while the present one stays."""
        self._beside = None
        model = load_ordered(order, self._load_choice, self._emit, self._is_cancelled(order), refuse_room, self._fits)
        if model is not None:
            self._beside = order.choice, model
            self._emit(ModelBeside(order, info_of(model)))

    def _is_cancelled(self, order: ModelOrder) -> Callable[[], bool]:
        return lambda: self._closed or order.id <= self._cancelled_orders

    def _picture(self, model: Any, request: PictureRequest) -> None:
        def cancelled() -> bool:
            return self._closed or self._pictures.is_cancelled(request)

        make_picture(model, request, self._choice, self._generate, self._emit, cancelled)

    def _answer(self, model: Any, request: Request, throttle: Throttle) -> None:
        def cancelled() -> bool:
            return self._closed or self._is_abandoned(request.id)

        if request.beside:
            if self._beside is None:
                return  # its comparison is over
            model = self._beside[1]
        answer(model, request, self._dream, self._emit, cancelled, lambda: self._watch, throttle)

    def _report(self, model: Any, asked: InspectionRequest) -> None:
        """Probe the network. If a dream is requested meanwhile, stop and probe again after it, but wait for no second one: where
        dream follows dream, a probe would never end."""
        due, self._probe_due = self._probe_due, False

        def cancelled() -> bool:
            return self._closed or self._asked is not asked or (not due and bool(self._waiting or self._pictures))

        inspected = report(model, asked, self._look, cancelled)
        with self._news:
            if inspected is None or self._asked is not asked:
                return
            self._asked = None
        self._emit(inspected)

    def _ready(self) -> Any:
        """Load the model in this thread; None if that failed."""
        self._emit(Status("loading the model"))
        try:
            self._set_threads()
            model = self._load()
            if not self._lowered:  # only now: with low priority, loading takes too long on a busy machine
                self._lower_priority()
                self._lowered = True
            self._emit(Status(f"the model {model.id} is ready", info_of(model)))
            return model
        except Exception as error:
            self._emit(DreamFailed(None, sentence(error), traceback.format_exc()))
            return None

    def _set_threads(self) -> None:
        """Set torch's threads for this thread's work."""
        if self._threads is not None:
            import torch

            torch.set_num_threads(self._threads)

    def _lower_priority(self) -> None:
        """Lower this thread's priority in favour of frames, once."""
        if hasattr(os, "setpriority"):
            thread = threading.get_native_id()
            os.setpriority(os.PRIO_PROCESS, thread, min(19, os.getpriority(os.PRIO_PROCESS, thread) + self._nice))

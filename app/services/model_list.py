"""Lists the models of this machine on a background thread."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from app.files import model_folders
from app.loop.memory_room import measure_room
from app.state.model_list import ModelList
from base.errors import InputError
from diffusion.library.listing import list_models
from diffusion.loaders.hub_snapshot import cache_folder


class ModelLister:
    """A `ModelSource`. `get` never waits: it returns the latest list and reads the disk on a thread at first use and after `refresh`."""

    def __init__(self, config: Path) -> None:
        """config: the folder with the list of registered folders."""
        self._config = config
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="models")
        self._running: Future[ModelList] | None = None
        self._known: ModelList | None = None
        self._wanted = True
        self.problem = ""

    def get(self) -> ModelList | None:
        """Return the latest list; None until it was read for the first time."""
        if self._running is not None and self._running.done():
            running, self._running = self._running, None
            try:
                self._known = running.result()
                self.problem = self._known.problem
            except Exception as error:  # the panel shows it
                self.problem = str(error) or type(error).__name__
        if self._wanted and self._running is None:
            self._wanted = False
            self._running = self._thread.submit(read_list, self._config)
        return self._known

    @property
    def busy(self) -> bool:
        """Whether the disk is being read."""
        return self._running is not None or self._wanted

    def refresh(self) -> None:
        """Read the disk again at the next call of `get`."""
        self._wanted = True

    def close(self) -> None:
        """Wait for the running read."""
        self._thread.shutdown(wait=True, cancel_futures=True)


def read_list(config: Path) -> ModelList:
    """Read the list of models and the free memory."""
    cache, problem = cache_folder(), ""
    try:
        folders = model_folders.load(config)
    except InputError as error:
        folders, problem = (), str(error)
    return ModelList(tuple(list_models(folders, cache)), folders, measure_room(), cache, problem)

"""The process of a worker: loads the model, dreams the test canvas, then dreams what it is sent."""

from __future__ import annotations

import os
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.cluster.shipment import Shipment, unpack
from app.loop.messages import ModelInfo, sentence
from app.session import Session
from base.errors import InputError
from diffusion.canvas import Canvas, Dreamed
from diffusion.settings import DreamSettings
from scenes.scene import Scene


@dataclass(frozen=True)
class Prepared:
    """A worker's model is loaded. fingerprint: of its dream of the test canvas; place: "IP address, process id"."""

    model: ModelInfo
    fingerprint: str
    place: str


@dataclass(frozen=True)
class Trouble:
    """A worker's task failed. problem: one sentence; traceback: for the log; wrong_input: whether the user can fix it."""

    problem: str
    traceback: str
    wrong_input: bool = False


class Dreamer:
    """Owns a model in its own process. Methods return values, including errors. Uses Ray only for shipped files and its own address."""

    def __init__(self) -> None:
        self._model: Any = None

    def prepare(self, shipment: Shipment, folder: str) -> Prepared | Trouble:
        """Load the model, and dream the test canvas. folder: the working directory, which files are named from; "" if they are
        shipped."""
        try:
            return self._prepare(shipment, folder)
        except Exception as error:
            return _trouble(error)

    def dream(self, canvas: Canvas, settings: DreamSettings) -> Dreamed | Trouble:
        """Dream a canvas with the model that `prepare` loaded."""
        from diffusion.dream import dream

        try:
            return dream(self._model, canvas, settings)
        except Exception as error:
            return _trouble(error)

    def remarks(self, session: Session, scene: Scene) -> list[str]:
        """A sentence for each setting that has no effect on the model."""
        from app.loop.model_remarks import model_remarks

        return model_remarks(session, scene, self._model, previews=False)

    def _prepare(self, shipment: Shipment, folder: str) -> Prepared:
        import ray
        import torch

        from app.cluster.trial import SETTINGS, fingerprint, trial_canvas
        from app.loop.answers import info_of
        from app.loop.chosen_model import load_chosen
        from diffusion.dream import dream

        torch.set_num_threads(1)  # sums depend on how they are split; and each worker has one core
        if shipment.files:
            with tempfile.TemporaryDirectory(prefix="rayverie-", ignore_cleanup_errors=True) as there:
                self._model = load_chosen(unpack(shipment, Path(there), ray.get))
        else:
            os.chdir(folder or ".")
            self._model = load_chosen(shipment.choice)
        trial = dream(self._model, trial_canvas(self._model.channels, self._model.multiple), SETTINGS)
        place = f"{ray.util.get_node_ip_address()}, process {os.getpid()}"
        return Prepared(info_of(self._model), fingerprint(trial), place)


def _trouble(error: Exception) -> Trouble:
    wrong = isinstance(error, InputError)
    return Trouble(sentence(error), "" if wrong else traceback.format_exc(), wrong)

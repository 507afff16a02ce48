"""The `--no-model` mode: a painted world can be shown and edited, but nothing is dreamed. Loads neither networks nor torch."""

from __future__ import annotations

from pathlib import Path

from app.loop.messages import DreamFailed, Message, ModelInfo, Request, Status
from app.loop.refusing_worker import RefusingWorker
from base.errors import InputError
from engine.storage.world import read_world

ABSENT = "no model is loaded (--no-model)"


def model_of_world(path: Path | None) -> ModelInfo:
    """Describe the model that a world was painted with, from its file. Raises InputError without a world."""
    if path is None or not path.exists():
        missing = "name one with --world" if path is None else f"{path} is not there; name another with --world"
        raise InputError("--no-model", "", f"shows a painted world: {missing}")
    header = read_world(path).header
    return ModelInfo(
        id="no model",
        space=header.model,
        channels=header.channels,
        multiple=64,
        native=512,
        takes_depth=False,
        device="cpu",
        dreams=False,
    )


class AbsentWorker(RefusingWorker):
    """The `Worker` protocol without a model: every request fails with one sentence."""

    def __init__(self, stands_for: ModelInfo) -> None:
        super().__init__(ABSENT)
        self._messages += [Status(f"{ABSENT}; what is painted is shown", stands_for)]

    def submit(self, request: Request) -> None:
        self._messages.append(DreamFailed(request, ABSENT, ""))

    def cancel(self) -> None:
        pass

    def poll(self) -> list[Message]:
        messages, self._messages = self._messages, []
        return messages

    def close(self) -> None:
        pass

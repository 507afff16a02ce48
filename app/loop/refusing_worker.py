"""A base for workers that can do little: every request other than a dream is answered with one sentence."""

from __future__ import annotations

from app.loop.messages import (
    InspectionRequest,
    InspectionResult,
    Message,
    ModelKept,
    ModelOrder,
    PictureFailed,
    PictureRequest,
    PreviewOptions,
)


class RefusingWorker:
    """The part of the `Worker` protocol besides dreams. why: the sentence; the answers wait in `_messages`."""

    def __init__(self, why: str) -> None:
        self._why, self._messages = why, list[Message]()

    def watch(self, how: PreviewOptions) -> None:
        """Do nothing: it has no previews."""

    def inspect(self, asked: InspectionRequest | None) -> None:
        if asked is not None:
            self._messages.append(InspectionResult(asked, None, self._why))

    def generate(self, asked: PictureRequest) -> None:
        self._messages.append(PictureFailed(asked, self._why, ""))

    def cancel_pictures(self) -> None:
        """Do nothing: there are none."""

    def load_model(self, order: ModelOrder) -> None:
        self._messages.append(ModelKept(order, f"{self._why}; start the program without it"))

    def cancel_model(self) -> None:
        """Do nothing: none is being loaded."""

    def drop_beside(self) -> None:
        """Do nothing: there is none."""

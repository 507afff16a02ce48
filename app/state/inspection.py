"""The state of the network inspection: what was requested, and the latest result from the worker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from app.loop.messages import InspectionRequest, InspectionResult, Message, NoisedSteps, NoisingRequest
from app.state.timeline import Record

if TYPE_CHECKING:
    from diffusion.introspection.concepts import Concepts  # which needs torch


@dataclass(frozen=True)
class NetworkInspection:
    """asked: not answered yet; answer: the last one, with the picture uint8 [H,W,3] that its dream came to; named: the last answer
    with names of what the steps show; noised: the last answer with a noised picture."""

    asked: InspectionRequest | None = None
    answer: InspectionResult | None = None
    named: InspectionResult | None = None
    noised: InspectionResult | None = None
    picture: np.ndarray | None = None
    _coming: np.ndarray | None = None

    def ask(
        self,
        record: Record,
        place: int,
        *,
        cut: bool = False,
        named: bool = False,
        decoder: bool = False,
        noising: NoisingRequest | None = None,
    ) -> NetworkInspection:
        """Request an inspection of a step of a finished dream. Returns the same state if the step was not recorded.

        place: of the step among those recorded; cut: also ablations; named: also materials of all steps; decoder: also the decoder's stages
        noising: also this picture noised to the level of each step
        """
        start = record.shown[place].preview.start if place < len(record.shown) else None
        if record.canvas is None or record.settings is None or start is None:
            return self
        seen = record.shown[place].preview
        asked = InspectionRequest(
            record.id, seen.step, record.canvas, record.settings, start, seen.sigma, cut, (), decoder, noising
        )
        if named:
            kept = tuple(step.preview.denoised for step in record.shown)
            asked = replace(asked, predictions=tuple(one for one in kept if one is not None))
        return replace(self, asked=asked, _coming=record.image)

    def take(self, message: Message) -> NetworkInspection:
        """Handle a worker's message. Unrelated ones change nothing; a failure keeps the earlier answer."""
        if not isinstance(message, InspectionResult) or message.asked is not self.asked:
            return self
        if message.inside is None:
            return replace(self, asked=None, _coming=None)
        named, noised = (message if message.concepts else self.named), (message if message.noised else self.noised)
        return NetworkInspection(None, message, named, noised, self._coming)

    def concepts_of(self, record: Record) -> tuple[Concepts, ...]:
        """Return the materials of a dream's steps, if they were requested."""
        named = self.named
        return named.concepts if named is not None and named.asked.dream == record.id else ()

    def find_noised(self, record: Record) -> tuple[NoisingRequest, NoisedSteps] | None:
        """Return the last request to noise a picture with this dream's noise, and its result."""
        told = self.noised
        if told is None or told.asked.dream != record.id or told.noised is None or told.asked.noising is None:
            return None
        return told.asked.noising, told.noised


def lookable(record: Record) -> bool:
    """Whether the network can be inspected at a dream's steps."""
    return record.canvas is not None and any(step.preview.start is not None for step in record.shown)

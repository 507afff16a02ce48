"""Actions of the Timeline's noised pictures: noise a picture to the level of each step, and dream on from such a level."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.actions import image_jobs
from app.actions.context import ActionContext
from app.actions.image_fit import cover, fill_transparent
from app.loop.messages import NoisingRequest
from app.state.timeline import Record


def noise_picture(context: ActionContext, record: Record, opened: bool, steps: int, start_at: int, end_at: int) -> None:
    """Noise a dream's finished picture, or the one opened in the Image panel, with that dream's noise and the Sampler panel's
    spacing. steps, start_at, end_at: as in `DreamSettings`."""
    state = context.state
    if record.image is None or (opened and state.source is None):
        return
    height, width = record.image.shape[:2]
    picture = (
        fill_transparent(cover(state.source.picture, (width, height)))[..., :3]
        if opened and state.source
        else record.image
    )
    settings = replace(state.session.dream, steps=steps, start_at=start_at, end_at=end_at)
    noising = NoisingRequest(np.ascontiguousarray(picture), settings)
    state.inspection = state.inspection.ask(record, len(record.shown) - 1, noising=noising)
    context.worker.inspect(state.inspection.asked)


def dream_on(context: ActionContext, noising: NoisingRequest, step: int) -> None:
    """Dream this view from a noised picture, starting at a step."""
    strength = 1 - step / noising.settings.steps
    whole = np.dstack([noising.picture, np.full(noising.picture.shape[:2], 255, np.uint8)])
    image_jobs.dream_from_picture(context, whole, strength, freeze=False, whole=True)

"""Variations: dreams this view, or one material in it, with four seeds; one of them may be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from app.actions.compare import begin_comparison
from app.actions.context import ActionContext
from app.actions.paint import paintable_scene
from app.actions.travel import stop_travel
from app.state.picture_form import SEEDS
from diffusion.settings import DreamSettings
from scenes.scene import SKY

COUNT = 4


def vary(context: ActionContext, material: int | None = None, first: int = 1) -> None:
    """Dream four variations, with the seeds that follow the session's from `first` on.

    material: a material's index, to change only its surfaces in this view and keep all other paint; None changes the whole view.
    """
    state, open_scene = context.state, paintable_scene(context)
    if open_scene is None:
        return
    if material == SKY:
        state.notify("The sky is painted as a whole; its variations need another seed in the Sampler panel", "warning")
        return
    stop_travel(context)
    context.release_mouse()
    state.comparison = None
    settings = _with_seeds(state.session.dream, first)
    begin = begin_comparison(context, open_scene, state.camera, state.scene_size, settings, material, first)
    context.services.strokes.do(begin)


def vary_again(context: ActionContext) -> None:
    """Dream four more variations of the same view or material."""
    comparison = context.state.comparison
    if comparison is not None and comparison.first:
        comparison.open_scene.painter.cancel()
        vary(context, comparison.material, comparison.first + COUNT)


def _with_seeds(settings: DreamSettings, first: int) -> Mapping[str, DreamSettings]:
    """Return the settings with the next seeds, by label."""
    seeds = (np.arange(first, first + COUNT) + settings.seed) % SEEDS
    return {f"seed {seed}": replace(settings, seed=int(seed)) for seed in seeds}

"""Compares two models on one view: the second one is loaded beside the first for as long as that takes."""

from __future__ import annotations

from app.actions import compare
from app.actions.context import ActionContext
from app.actions.models import load_model
from app.actions.paint import paintable_scene
from app.loop.open_scene import OpenScene
from app.session import ModelChoice
from app.state.comparison import Beside
from app.state.model_load import follow_model, keeps_paint, short_name


def compare_models(context: ActionContext, choice: ModelChoice) -> None:
    """Load another model beside the present one, then compare both on the view that is looked at by then."""
    if paintable_scene(context) is not None:
        load_model(context, choice, beside=True)


def follow_beside(context: ActionContext, open_scene: OpenScene) -> None:
    """Once a frame: begin the comparison with a model that is loaded, and free that when the comparison is over."""
    state, loading = context.state, context.state.loading
    if context.changes_surfaces or open_scene.painter.client.laying:
        return
    if loading is not None and loading.beside and loading.model is not None:
        state.loading, state.beside = None, Beside(loading.choice, loading.model)
        _begin(context, open_scene, state.beside)
    elif loading is None and state.beside is not None and state.comparison is None:
        state.beside = None
        context.worker.drop_beside()


def keep_compared(context: ActionContext, number: int) -> None:
    """Keep one side of a comparison; of two models, go on with the one that made it. Its picture is kept where the paint of both is
    of the same latents."""
    state, comparison = context.state, context.state.comparison
    if comparison is None or comparison.sides[number].dreamed is None:
        return
    beside = comparison.sides[number].beside
    if beside is None or keeps_paint(state.model, beside.model):
        compare.keep_compared(context, number)
    else:
        compare.stop_comparing(context)
    if beside is not None:
        load_model(context, beside.choice)  # the worker has it already


def _begin(context: ActionContext, open_scene: OpenScene, beside: Beside) -> None:
    state, dream = context.state, context.state.session.dream
    context.release_mouse()
    mine, other = short_name(state.session.model), short_name(beside.choice)
    other = f"{other}, changed" if other == mine else other
    both = {mine: dream, other: follow_model(dream, state.model, beside.model)}
    begin = compare.begin_comparison(context, open_scene, state.camera, state.scene_size, both, beside={other: beside})
    context.services.strokes.do(begin)


def step_through(context: ActionContext) -> None:
    """Show the finished comparison step by step, or its ends again."""
    if context.state.comparison is not None:
        context.state.comparison.step_through ^= True

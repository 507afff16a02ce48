"""Loads another model without a restart. The present one stays until the new one is ready; paint is stored by latent space."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

from app.actions.compare import stop_comparing
from app.actions.context import ActionContext
from app.actions.export import read_presets
from app.actions.save import has_unsaved_paint
from app.actions.travel import stop_travel
from app.files import model_folders
from app.loop.messages import ModelBeside, ModelInfo, ModelKept, ModelMessage, ModelOrder, ModelProgress, ModelReplaced
from app.loop.open_scene import OpenScene
from app.session import ModelChoice
from app.state.app_state import Edited
from app.state.inspection import NetworkInspection
from app.state.keymap import BY_NAME, captions
from app.state.model_load import ModelLoad, follow_model, keeps_paint
from diffusion.library.listing import refuse_unregistrable
from diffusion.loaders.prompt_loras import resolve_loras, style_remarks

_IDS = itertools.count()


def load_model(context: ActionContext, choice: ModelChoice, beside: bool = False) -> None:
    """Load a model with its additions. Stops running work; nothing is dreamed until loading succeeds or fails.

    beside: keep the present model, to compare both.
    """
    state = context.state
    if state.loading is not None:
        state.notify("A model is being loaded; cancel that first", "warning")
        return
    stop_travel(context)
    stop_comparing(context)
    if state.open_scene is not None:
        state.open_scene.painter.interrupt()
    prompts = (*state.scene.prompts, *state.session.dream.further)
    loras, remarks = resolve_loras(choice.lora, prompts)
    for remark in (*remarks, *style_remarks(state.scene.prompts, choice.ip_adapter is not None)):
        state.log.add(remark, "warning")
    order = ModelOrder(next(_IDS), replace(choice, lora=loras), beside)
    state.loading, state.beside = ModelLoad(order, choice), None
    context.worker.inspect(None)
    context.worker.load_model(order)


def cancel_load(context: ActionContext) -> None:
    """Stop loading before the next part. Has no effect once the model is loaded."""
    state = context.state
    if state.loading is not None and state.loading.model is None:
        context.worker.cancel_model()
        state.loading = replace(state.loading, cancelling=True)


def handle_model_message(context: ActionContext, message: ModelMessage) -> None:
    """Handle the worker's messages about loading a model."""
    state, loading = context.state, context.state.loading
    if loading is None or message.order.id != loading.order.id:
        return
    if isinstance(message, ModelProgress):
        state.loading = replace(loading, part=message.part, share=message.share)
    elif isinstance(message, ModelReplaced | ModelBeside):
        state.loading = replace(loading, share=1.0, model=message.model, cancelling=False)
    elif isinstance(message, ModelKept):
        state.loading = None
        stays = f"; {state.model.id} stays" if state.model is not None else ""
        if message.problem:
            what = f"{loading.name} can't be loaded{stays}: {message.problem}"
            state.notify(what, "error", message.traceback)
        else:
            state.notify(f"Loading cancelled{stays}")


def follow_loading(context: ActionContext, open_scene: OpenScene) -> None:
    """Switch to a loaded model once nothing changes the surfaces and their paint is saved. Call once a frame."""
    state, services, loading = context.state, context.services, context.state.loading
    if loading is None or loading.model is None or loading.beside:
        return
    if context.changes_surfaces or open_scene.painter.client.laying:
        return
    if not keeps_paint(state.model, loading.model) and has_unsaved_paint(context):
        if not loading.saving:
            state.loading = replace(loading, saving=True)
            services.autosave.save()
        elif not services.autosave.busy:  # saving failed, which a message explains
            state.loading = None
            state.notify("The paint could not be saved, so the previous model stays", "error")
            load_model(context, state.session.model)
        return
    state.loading = None
    _go_over(context, open_scene, loading.choice, loading.model)


def _go_over(context: ActionContext, open_scene: OpenScene, choice: ModelChoice, model: ModelInfo) -> None:
    """Switch to another model."""
    state, services, before = context.state, context.services, context.state.model
    kept, painted, file = keeps_paint(before, model), len(open_scene.volume.atlas) > 0, services.worlds.file
    state.timeline, state.inspection, state.cancelled_view = state.timeline.seal(), NetworkInspection(), ()
    state.session = replace(state.session, model=choice, dream=follow_model(state.session.dream, before, model))
    open_scene.painter.cancel()
    if not kept:
        services.forget_paint()
        state.strokes = ()
        open_scene.renew(state.session, model)
    state.model = model
    open_scene.fit(state.session, model)
    open_scene.painter.client.forget_dreamed()
    open_scene.painter.reset_failures()
    state.history = state.history.map(lambda edited: _with_model(edited, choice, kept))
    if before is None:
        begin_with_model(context, model)
        return
    state.amend_form(state.pictures.form.follow(before, model))
    words = (
        "the paint stays, as both models have the same latents"
        if kept
        else _describe_change(before, file)
        if painted
        else ""
    )
    state.notify(f"{model.id} is ready" + (f"; {words}" if words else ""))
    if not kept:
        services.worlds.look_again()
        if not services.autosave.restore_for_model():
            load_saved_world(context, known=painted)


def _describe_change(before: ModelInfo, file: Path) -> str:
    return (
        "its latents differ, so the surfaces are painted anew; "
        f"the paint of {before.id} is kept in {file.name} and comes back with that model"
    )


def _with_model(edited: Edited, choice: ModelChoice, kept: bool) -> Edited:
    """Return a state of the undo history with another model; strokes on paint of other latents are dropped."""
    session, route, scene, strokes, form = edited
    return replace(session, model=choice), route, scene, strokes if kept else (), form


def begin_with_model(context: ActionContext, model: ModelInfo) -> None:
    """Start with the first model: restore the state of a crashed run, or load the scene's world."""
    context.state.amend_form(context.state.pictures.form.follow(None, model))
    read_presets(context)
    if not context.services.autosave.restore():
        load_saved_world(context)


def load_saved_world(context: ActionContext, known: bool = False) -> None:
    """Load the requested world or the scene's own, or only mention it if the user prefers.

    known: whether the user was told that paint of other latents is stored separately
    """
    state, worlds = context.state, context.services.worlds
    if not known and worlds.home != worlds.base and worlds.base.exists():
        where = f"this model's paint is kept in {worlds.home.name}"
        state.notify(f"{worlds.base.name} holds paint of other latents; {where}")
    if not worlds.home.exists():
        return
    if state.session.world is not None or state.session.view.load_world:
        worlds.load()
        return
    keys = captions(BY_NAME["load_world"], state.keys.bindings).split(", ")[0]
    state.notify(f"This scene has a saved world; open it with Load world{f' ({keys})' if keys else ''}")


def add_models(context: ActionContext, path: Path) -> None:
    """Register a folder or file, and list the models in it from now on."""
    config = context.state.folders.config
    path = model_folders.absolute(path)

    def work() -> None:
        refuse_unregistrable(path)
        model_folders.save(config, model_folders.add_folder(model_folders.load(config), path))

    context.services.io.submit(work, lambda _: _refresh_list(context, f"Models of {path} are listed"))


def remove_models(context: ActionContext, path: Path) -> None:
    """Forget a registered folder or file; its files stay."""
    config = context.state.folders.config

    def work() -> None:
        model_folders.save(config, model_folders.remove_folder(model_folders.load(config), path))

    context.services.io.submit(
        work, lambda _: _refresh_list(context, f"{path.name} is no longer listed; its files stay")
    )


def _refresh_list(context: ActionContext, words: str) -> None:
    context.services.models.refresh()
    context.state.notify(words)

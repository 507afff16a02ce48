"""The parts of a frame that concern the scene: opening, movement, strokes, rebuilding, painting and drawing."""

from __future__ import annotations

import moderngl

from app.actions.compare import update_comparison
from app.actions.compare_models import follow_beside
from app.actions.context import ActionContext
from app.actions.models import begin_with_model, follow_loading, handle_model_message, load_saved_world
from app.actions.single_pictures import take_message as take_picture_message
from app.actions.travel import stop_travel
from app.explorer.input import Controls
from app.loop.messages import DreamFailed, InspectionResult, Message, ModelInfo, ModelMessage, Status
from app.loop.open_scene import OpenScene
from app.moving import walk
from base.errors import InputError


def open_planned(context: ActionContext, ctx: moderngl.Context) -> None:
    """Open the requested scene once its plan is ready."""
    plan, state = context.services.opener.poll(), context.state
    if plan is None:
        return
    open_scene = state.open_scene = OpenScene(ctx, plan, state.session, context.worker)
    if state.model:
        open_scene.fit(state.session, state.model)
        load_saved_world(context)
    state.walker = walk.Walker.at(open_scene.start(state.session.view.fov))
    state.log.add(f"{state.scene.name} is open: {plan.charts.texels:,} texels on {len(plan.charts):,} charts")


def move(context: ActionContext, controls: Controls, seconds: float) -> None:
    """Move the camera: walk, look around, or follow a path. It is fixed during a comparison or while a picture covers the scene."""
    state = context.state
    if state.comparison is not None or state.pictures.over_scene:
        return
    taken = state.travel.camera(state.clock())
    if taken is not None:
        state.walker = walk.Walker.at(taken)
    state.walker = controls.turn(state.walker, seconds)
    wish = controls.read_movement()
    if wish.forward or wish.right or wish.up:
        state.travel.playing = None
        if state.travel.flight is not None:
            state.travel.flight.follow = False
    ground = state.open_scene.ground if state.open_scene and state.session.view.walk else None
    state.walker = walk.step(state.walker, wish, seconds, ground)


def change_surfaces(context: ActionContext, open_scene: OpenScene) -> None:
    """Apply the brush, undo and redo to the surfaces."""
    state, services = context.state, context.services
    services.brush_strokes.update(open_scene)
    settled = not services.rebuild.busy and services.rebuild.shown is state.scene
    if not services.strokes.follow(open_scene, state.strokes, settled):
        state.notify("Too far back: that paint is no longer stored", "warning")


def rebuild(context: ActionContext, open_scene: OpenScene) -> None:
    """Rebuild the scene after edits. A film keeps the scene that it started with."""
    state, services = context.state, context.services
    if state.travel.film is not None or services.strokes.busy or services.worlds.loading:
        return
    plan = open_scene.plan
    try:
        services.rebuild.follow(open_scene, state.scene)
    except InputError:
        state.scene = services.rebuild.shown
        raise
    if open_scene.plan is not plan:
        state.walker = walk.lift_out(state.walker, open_scene.ground)


def paint(context: ActionContext, open_scene: OpenScene, now: float) -> None:
    """Process the worker's messages and request the next dream. Films and the autopilot request their own."""
    update_comparison(context)
    follow_loading(context, open_scene)
    follow_beside(context, open_scene)
    state, painter = context.state, open_scene.painter
    film, flight = state.travel.film, state.travel.flight
    painter.session = state.session
    idle = film is not None or _busy_otherwise(context) or painter.client.model is None
    for message in (
        painter.collect() if idle or flight else painter.update(state.camera, state.scene_size, now, state.calm)
    ):
        _take_message(context, open_scene, message, now)
    for times in painter.client.pop_times():
        state.log.add(times.summary, "dream", times.details)
    if film is not None:
        film.update(state.session.view.mode, state.session.view.daylight)
        if film.done:
            stop_travel(context)
    if flight is not None and not idle:
        flight.update(state.camera, now)
        if flight.done:
            state.travel.flight = None
            state.notify(f"Autopilot ended: {flight.status_text}")


def draw(context: ActionContext, open_scene: OpenScene) -> moderngl.Texture:
    """Draw the scene behind the panels."""
    state, brush, view = context.state, context.state.brush, context.state.session.view
    steps, held = state.session.dream.steps, bool(brush.tool)
    laying = bool(open_scene.painter.client.tasks)
    return context.services.viewport.draw(
        open_scene, state.camera, state.scene_size, view, steps, held, brush.painting, laying, state.calm
    )


def _busy_otherwise(context: ActionContext) -> bool:
    """Whether dreams of this view must wait: the surfaces are being changed, or something else is shown."""
    state = context.state
    if state.overlays.start:  # paint would be lost if another scene is chosen
        return True
    return context.changes_surfaces or state.loading is not None or state.comparison is not None or state.view_cancelled


def _take_message(context: ActionContext, open_scene: OpenScene, message: Message, now: float) -> None:
    state = context.state
    if not open_scene.painter.refining:  # dozens of parts would push their own view out of the timeline
        state.timeline = state.timeline.take(message, now)
    state.inspection = state.inspection.take(message)
    take_picture_message(context, message)
    if isinstance(message, InspectionResult) and message.problem:
        state.notify(f"The network can't be inspected: {message.problem}", "error")
    if isinstance(message, ModelMessage):
        handle_model_message(context, message)
    if isinstance(message, DreamFailed):
        state.model = state.model if message.request else None
        what = "The model can't be loaded" if message.request is None else "A dream failed"
        state.notify(f"{what}: {message.problem}", "error", message.traceback)
    elif isinstance(message, Status):
        state.log.add(message.text[:1].upper() + message.text[1:])
        if message.model:
            _take_model(context, open_scene, message.model)


def _take_model(context: ActionContext, open_scene: OpenScene, model: ModelInfo) -> None:
    """Handle the first loaded model: restore the state of a crashed run, or load the requested world."""
    context.state.model = model
    open_scene.fit(context.state.session, model)
    begin_with_model(context, model)

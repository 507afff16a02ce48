"""Actions of the guided tour: open it, set up panels for a station, note a view and find what changed in it."""

from __future__ import annotations

from dataclasses import replace

from app.actions.context import ActionContext
from app.loop.open_scene import OpenScene
from app.state.tour import NotedView
from diffusion.lessons.stations import Setting
from engine.gl.time_sliced import Slices


def toggle_tour(context: ActionContext) -> None:
    """Open or close the Lessons panel."""
    overlays = context.state.overlays
    overlays.tour = not (overlays.tour and context.panels.shown)
    context.panels.shown = context.panels.shown or overlays.tour


def set_up(context: ActionContext, setting: Setting) -> None:
    """Bring a station's panels to the front and set them up."""
    context.state.tour.setting = replace(setting)
    context.panels.bring_to_front(*setting.panels)


def note_view(context: ActionContext) -> None:
    """Remember this view's texels."""
    state = context.state
    state.tour.noted = state.tour.counted = None
    if (open_scene := state.ready_scene()) is not None:
        context.services.strokes.do(_note(context, open_scene))


def compare_noted(context: ActionContext) -> None:
    """Count the texels of the noted view that have changed since."""
    state = context.state
    state.tour.counted = None
    if (open_scene := state.ready_scene()) is not None and state.tour.noted is not None:
        context.services.strokes.do(_compare(context, open_scene, state.tour.noted))


def _note(context: ActionContext, open_scene: OpenScene) -> Slices[None]:
    state = context.state
    camera, size, steps = state.camera, state.scene_size, state.session.dream.steps
    gathered = yield from open_scene.painter.requests.gather_task(camera, size).remaining_slices()
    state.tour.noted = NotedView(camera, size, gathered, steps)


def _compare(context: ActionContext, open_scene: OpenScene, noted: NotedView) -> Slices[None]:
    now = yield from open_scene.painter.requests.gather_task(noted.camera, noted.size).remaining_slices()
    if now.latents.shape == noted.gathered.latents.shape:
        context.state.tour.counted = noted.count_changes(now)
    else:
        context.state.tour.noted = None
        context.state.notify("The noted view has another size now; choose the station again", "warning")

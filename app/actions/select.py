"""Selects the material of a surface that was clicked in the scene."""

from __future__ import annotations

from app.actions.context import ActionContext
from scenes.raycast import material_at
from scenes.scene import SKY


def pick_surface(context: ActionContext, x: float, y: float) -> None:
    """Select the material at a point of the window, or the sky, in the Scene panel."""
    state = context.state
    if state.open_scene is None:
        return
    left, top, width, height = state.scene_box.box
    place = (x - left) / width, (y - top) / height
    state.picked = material_at(state.open_scene.plan.blocks, state.camera, width / height, place)
    context.panels.shown = True
    context.panels.bring_to_front("Scene")
    scene = state.open_scene.scene
    state.notify(f"Selected {'the sky' if state.picked == SKY else scene.materials[state.picked].name}")


def selected(context: ActionContext) -> None:
    """The Scene panel shows what was picked."""
    context.state.picked = None

"""Selects, places, removes and raises blocks in the view. One press of the button is one step of undo."""

from __future__ import annotations

from dataclasses import replace

from app.actions.context import ActionContext
from app.state.builder import NOT_ON_MAP, TOOLS, Press
from scenes import heights
from scenes.building import find_target, is_in_layers, mark_block
from scenes.camera import Vector
from scenes.edit_map import paint_stroke
from scenes.pointing import aim, find_height, find_on_plane, find_surface, material_at
from scenes.scene import EMPTY, SKY


def select_surface(context: ActionContext, x: float, y: float) -> None:
    """Select the material at a point of the window, or the sky, for the Scene panel and for building."""
    state = context.state
    if state.open_scene is None:
        return
    aspect, place = _place(context, x, y)
    found = material_at(state.open_scene.scene, state.open_scene.plan.blocks, state.camera, aspect, place)
    state.builder.value = NOT_ON_MAP if found == SKY else found + 1
    context.panels.shown = True
    context.panels.bring_to_front("Scene")
    state.notify(f"Selected {'the sky' if found == SKY else state.open_scene.scene.materials[found].name}")


def choose_tool(context: ActionContext, tool: str | None = None) -> None:
    """Select a tool of `app.state.builder.TOOLS`, or none (""). Without a name, toggle the last one."""
    context.release_mouse()
    state = context.state
    state.builder.choose(tool if tool is not None else "" if state.builder.tool else state.builder.last)
    if state.builder.tool:
        state.brush.choose("")
        state.overlays.toasts = [toast for toast in state.overlays.toasts if toast.text not in TOOLS.values()]
        state.notify(TOOLS[state.builder.tool])


def press(context: ActionContext, x: float, y: float, shift: bool = False) -> None:
    """Handle a press of the left button at a point of the window."""
    state = context.state
    builder, ray = state.builder, _ray(context, x, y)
    tool = builder.choose_by_shift(shift)
    if (
        state.open_scene is None
        or (surface := find_surface(state.open_scene.plan.blocks, state.camera.position, ray)) is None
    ):
        return
    if tool == "place" and builder.value in (EMPTY, NOT_ON_MAP):
        state.notify("Select a material to place: Ctrl+click a surface, or use the Scene panel", "warning")
        return
    target = find_target(state.scene, surface, tool, builder.value)
    if target is None:
        if is_in_layers(state.scene, surface):
            state.notify(
                "This block is in layers.png, which is edited as a picture: here only the map changes", "warning"
            )
        return
    builder.press = started = Press(tool, state.scene, surface.point, target.x, target.z, shift)
    if tool != "raise":
        _stroke(context, started, target.x, target.z)


def drag(context: ActionContext, x: float, y: float) -> None:
    """Handle movement of the pointer while the button is down."""
    state = context.state
    held, origin, ray = state.builder.press, state.camera.position, _ray(context, x, y)
    if held is None:
        return
    if held.tool == "raise":
        height = find_height(origin, ray, held.point[0], held.point[2])
        name = heights.find_name(held.scene, int(held.scene.map[held.z, held.x]))
        if height is not None and name is not None:
            one = mark_block(held.scene, held.x, held.z)
            where = heights.find_blocks(held.scene, name) if held.whole else one
            state.scene = heights.raise_blocks(held.scene, where, height - held.point[1])
    elif (place := find_on_plane(origin, ray, held.point[1])) is not None:
        depth, width = state.scene.map.shape
        block = int(place[0] // 1), int(place[1] // 1)
        if block != (held.x, held.z) and 0 <= block[0] < width and 0 <= block[1] < depth:
            _stroke(context, held, *block)


def release(context: ActionContext) -> None:
    context.state.builder.press = None


def abandon(context: ActionContext) -> None:
    """Undo everything since the button was pressed."""
    builder = context.state.builder
    if builder.press is not None:
        context.state.scene, builder.press = builder.press.scene, None


def turn_wheel(context: ActionContext, clicks: float) -> None:
    """Select the next (down) or the previous material."""
    state = context.state
    count, step = len(state.scene.materials), -1 if clicks > 0 else 1
    value = state.builder.value
    state.builder.value = (value - 1 + step) % count + 1 if value > 0 else 1
    name = state.scene.materials[state.builder.value - 1].name
    state.overlays.toast(f"Material: {name}", seconds=1.5, instead_of="Material: ")


def _stroke(context: ActionContext, press: Press, x: int, z: int) -> None:
    """Set the blocks from the last one to this one."""
    state, builder = context.state, context.state.builder
    value = builder.value if press.tool == "place" else EMPTY
    start, end = (press.x + 0.5, press.z + 0.5), (x + 0.5, z + 0.5)
    state.scene = paint_stroke(state.scene, start, end, 1, value)
    builder.press = replace(press, x=x, z=z)


def _place(context: ActionContext, x: float, y: float) -> tuple[float, tuple[float, float]]:
    """(aspect, place in 0..1 of the view) of a point of the window."""
    left, top, width, height = context.state.scene_box.box
    return width / height, ((x - left) / width, (y - top) / height)


def _ray(context: ActionContext, x: float, y: float) -> Vector:
    return aim(context.state.camera, *_place(context, x, y))

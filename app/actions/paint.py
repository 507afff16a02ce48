"""Actions that change paint: in this view, of a material, everywhere. Each is a stroke that can be undone."""

from __future__ import annotations

from collections.abc import Callable

from app.actions.context import ActionContext
from app.loop.erasing import all_texels
from app.loop.open_scene import OpenScene
from app.loop.paint_survey import materials
from app.loop.painted_prompts import find_outdated_masks
from app.state.brush import TOOLS, view_size
from app.state.stroke import Stroke
from engine.atlas.visibility import TexelMasks
from engine.atlas.volume import LatentVolume
from engine.gl.time_sliced import Slices

PaintAction = Callable[[ActionContext, OpenScene], None]


def paintable_scene(context: ActionContext) -> OpenScene | None:
    """Return the open scene if its surfaces can be changed by hand now; else None, after a message with the reason."""
    state, services = context.state, context.services
    open_scene = state.open_scene
    if open_scene is None or open_scene.painter.client.model is None or services.strokes.busy:
        return None
    if is_loading(context):
        return None
    if services.rebuild.busy:
        state.notify("The scene is being built; try again in a moment", "warning")
        return None
    if state.travel.film is not None:
        state.notify("A video is being recorded; stop it first", "warning")
        return None
    return open_scene


def is_loading(context: ActionContext) -> bool:
    """Whether another model is being loaded; then a warning says so."""
    if context.state.loading is not None:
        context.state.notify("A model is being loaded; try again when it is there", "warning")
    return context.state.loading is not None


def dreams(context: ActionContext, open_scene: OpenScene) -> bool:
    """Whether the model dreams; without one, a warning says so."""
    model = open_scene.painter.client.model
    if model is not None and not model.dreams:
        context.state.notify("Nothing can be dreamed: no model is loaded (--no-model)", "warning")
        return False
    return True


def change_view(operation: str) -> PaintAction:
    """Apply an operation of engine.edits.patch.OPERATIONS to everything that this view shows."""

    def act(context: ActionContext, open_scene: OpenScene) -> None:
        state = context.state
        _change(
            context,
            open_scene,
            open_scene.volume.find_visible_texels_slices(state.camera, view_size(state.scene_size), through=True),
            operation,
        )

    return act


def dream_again(context: ActionContext, open_scene: OpenScene) -> None:
    """Erase everything that a dream of this view paints, including its margin, so that it is dreamed again."""
    if not dreams(context, open_scene):
        return
    state = context.state
    state.cancelled_view = ()
    camera, (width, height) = open_scene.painter.requests.frame_view(state.camera, state.scene_size)
    texels = open_scene.volume.find_visible_texels_slices(camera, (2 * width, 2 * height), through=True)
    _change(context, open_scene, texels, "erase")


def change_material(operation: str) -> Callable[[ActionContext, OpenScene, int], None]:
    """Apply an operation to all of one material (its index in the scene, or SKY)."""

    def act(context: ActionContext, open_scene: OpenScene, material: int) -> None:
        stroke = _change(context, open_scene, _of_material(open_scene.volume, material), operation)
        if operation == "erase":
            context.services.strokes.sweep(stroke, open_scene.scene, material)

    return act


def repaint_all(context: ActionContext, open_scene: OpenScene) -> None:
    """Erase all paint that isn't frozen, so that everything is dreamed again."""
    if not dreams(context, open_scene):
        return
    stroke = _change(context, open_scene, all_texels(open_scene.volume), "erase")
    context.services.strokes.sweep(stroke, open_scene.scene)
    context.state.cancelled_view = ()


def repaint_outdated(context: ActionContext, open_scene: OpenScene) -> None:
    """Erase the paint whose material's prompt has changed."""
    if not dreams(context, open_scene):
        return
    masks = find_outdated_masks(open_scene.volume, open_scene.painter.client.prompts, open_scene.scene)
    _change(context, open_scene, masks, "erase")
    context.state.cancelled_view = ()


def erase_all(context: ActionContext, open_scene: OpenScene) -> None:
    """Erase all paint, including frozen paint."""
    state, strokes = context.state, context.services.strokes
    stroke = strokes.begin(open_scene)

    def erase() -> None:
        open_scene.painter.cancel()
        strokes.erase_all(open_scene, stroke)
        strokes.sweep(stroke, open_scene.scene)
        strokes.add(state, stroke)
        state.notify("All paint erased; undo restores it")

    strokes.then(erase)


def choose_brush(context: ActionContext, tool: str | None = None) -> None:
    """Select a brush tool of TOOLS, or none (""). Without a name, toggle the last one."""
    context.release_mouse()
    brush = context.state.brush
    brush.choose(tool if tool is not None else "" if brush.tool else brush.last)
    if brush.tool:
        context.state.builder.choose("")
        context.state.notify(TOOLS[brush.tool].words)


def press_brush(context: ActionContext, open_scene: OpenScene, x: float, y: float) -> None:
    """Handle a press of the button on the scene, at a point of the window."""
    context.state.brush.press(x, y)


def resize_brush(factor: float) -> Callable[[ActionContext], None]:
    """Return an action that resizes the brush of the mask editor if it is open, else that over the scene."""
    return lambda context: (context.state.pictures.editor or context.state.brush).resize(factor)


def _of_material(volume: LatentVolume, material: int) -> Slices[TexelMasks]:
    """Find all paint of a material, page by page."""
    masks = {}
    for number in list(volume.atlas):
        masks[number] = materials(volume.charts, number) == material
        yield
    return masks


def _change(
    context: ActionContext, open_scene: OpenScene, masks: TexelMasks | Slices[TexelMasks], operation: str
) -> Stroke:
    strokes = context.services.strokes
    stroke = strokes.begin(open_scene)
    strokes.then(open_scene.painter.cancel)  # as a job, as cancelling at once would lay a finished dream in this frame
    strokes.change(open_scene, stroke, masks, operation)
    strokes.finish(context.state, stroke)
    return stroke

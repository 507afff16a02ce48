"""What actions do to what is painted: on this view, on a material, everywhere. Each is a stroke that undo takes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.loop.paint_survey import materials
from app.services.texel_strokes import Stroke
from app.state.brush import TOOLS, view_size
from engine.atlas.visibility import Masks
from engine.atlas.volume import LatentVolume
from engine.gl.time_sliced import Pieces

if TYPE_CHECKING:
    from app.explorer.explorer import Explorer


def ready(x: Explorer) -> bool:
    """Whether the surfaces can be changed by hand now; otherwise the user is told why not."""
    if x.stage is None or x.stage.painter.model is None or x.retouch.busy:
        return False
    if x.remodel.busy:
        x.say("The scene is being built; try again in a moment", "warning")
        return False
    if x.travel.film is not None:
        x.say("A video is being recorded; stop it first", "warning")
        return False
    return True


def on_view(operation: str) -> Callable[[Explorer], None]:
    """Do an operation of engine.edits.patch.OPERATIONS to all that this view shows."""

    def act(x: Explorer) -> None:
        if ready(x):
            assert x.stage is not None
            _do(x, x.stage.volume.seeing(x.camera, view_size(x.scene_size)), operation)

    return act


def dream_again(x: Explorer) -> None:
    """Forget all that a dream of this view would paint, which is a little more than it shows: then it is dreamed anew."""
    if ready(x):
        assert x.stage is not None
        x.attend()
        camera, (width, height) = x.stage.painter.framed(x.camera, x.scene_size)
        _do(x, x.stage.volume.seeing(camera, (2 * width, 2 * height)), "erase")


def on_material(x: Explorer, material: int, operation: str) -> None:
    """Do it to all of one material (its index in the scene, or SKY)."""
    if ready(x):
        assert x.stage is not None
        stroke = _do(x, _of_material(x.stage.volume, material), operation)
        if operation == "erase":
            x.retouch.sweep(stroke, x.stage.scene, material)


def erase_all(x: Explorer) -> None:
    if ready(x):
        assert x.stage is not None
        stage, stroke = x.stage, x.retouch.begin(x.stage)

        def erase() -> None:
            stage.painter.cancel()
            x.retouch.erase_all(stage, stroke)
            x.retouch.sweep(stroke, stage.scene)
            x.add_stroke(stroke)
            x.say("All paint erased; undo restores it")

        x.retouch.then(erase)


def choose_brush(x: Explorer, tool: str | None = None) -> None:
    """Take a brush of TOOLS; "" lays it down; without a name the last one is taken, or the one in the hand laid down."""
    x.controls.release_mouse()
    x.brush.choose(tool if tool is not None else "" if x.brush.tool else x.brush.last)
    if x.brush.tool:
        x.say(TOOLS[x.brush.tool].words)


def resize_brush(factor: float) -> Callable[[Explorer], None]:
    return lambda x: x.brush.resize(factor)


def _of_material(volume: LatentVolume, material: int) -> Pieces[Masks]:
    """All that is painted of a material, a page for each piece."""
    masks = {}
    for number in list(volume.atlas):
        masks[number] = materials(volume.charts, number) == material
        yield
    return masks


def _do(x: Explorer, masks: Masks | Pieces[Masks], operation: str) -> Stroke:
    assert x.stage is not None
    stroke = x.retouch.begin(x.stage)
    x.retouch.then(x.stage.painter.cancel)  # not now: a dream that is being laid would be laid at once
    x.retouch.change(x.stage, stroke, masks, operation)
    x.retouch.then(lambda: x.add_stroke(stroke))
    return stroke

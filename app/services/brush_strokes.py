"""Applies the brush: turns the pointer's path into strokes on the surfaces or marks on the picture."""

from __future__ import annotations

from app.loop.open_scene import OpenScene
from app.services.texel_strokes import TexelStrokes
from app.state.app_state import AppState
from app.state.brush import TOOLS, distance, view_size


class BrushStrokes:
    """Applies `AppState.brush`. Call `update` once a frame, on the GL thread."""

    def __init__(self, state: AppState, strokes: TexelStrokes) -> None:
        self._state, self._strokes = state, strokes

    def update(self, open_scene: OpenScene) -> None:
        """Apply the pointer's path since the last frame."""
        brush = self._state.brush
        if not brush.way or self._strokes.busy:
            return
        if brush.moved:
            self._dab(open_scene)
            brush.moved, brush.way = False, brush.way[-1:]
        if not brush.down:
            brush.way = []
            if brush.stroke is not None:
                stroke, brush.stroke = brush.stroke, None
                self._strokes.finish(self._state, stroke)

    def _dab(self, open_scene: OpenScene) -> None:
        state, brush = self._state, self._state.brush
        left, top, width, height = state.scene_box.box
        size, camera, tool = view_size(state.scene_size), state.camera, TOOLS[brush.tool or brush.last]
        scale = size[0] / width
        radius = brush.radius * state.scene_box.scale * scale
        way = [((px - left) * scale, (py - top) * size[1] / height) for px, py in brush.way]
        if tool.operation:
            brush.stroke = brush.stroke or self._strokes.begin(open_scene)
            near = distance(size, way, radius) < radius
            masks = open_scene.volume.find_visible_texels_slices(camera, size, near)
            self._strokes.change(open_scene, brush.stroke, masks, tool.operation)
        else:
            brush.mask.dab(camera, size, way, radius, tool.marks)

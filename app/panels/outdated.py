"""Counts paint whose material's prompt has changed since, for the Scene panel, and offers to repaint it."""

from __future__ import annotations

import weakref

from imgui_bundle import imgui

from app.gui.theme import colour
from app.loop.open_scene import OpenScene
from app.loop.painted_prompts import OutdatedSurvey
from app.panels.context import PanelContext, hint
from engine.atlas.volume import LatentVolume


class Outdated:
    """Follows the open scene's volume, a few pages per frame."""

    def __init__(self) -> None:
        self._survey = OutdatedSurvey()
        self._volume: weakref.ref[LatentVolume] | None = None

    def update(self, open_scene: OpenScene) -> None:
        """One frame's work. GL thread."""
        volume = open_scene.volume
        if self._volume is None or self._volume() is not volume:
            self._volume, self._survey = weakref.ref(volume), OutdatedSurvey()
        if not open_scene.painter.client.laying:
            self._survey = self._survey.update(volume, open_scene.painter.client.prompts, open_scene.scene)

    def texels(self, material: int) -> int:
        """Outdated texels of a material, or of SKY; 0 for a material that the volume doesn't know yet."""
        return self._survey.texels(material)

    def draw(self, ui: PanelContext) -> None:
        """Draw a line with a button if anything is outdated."""
        if not self._survey.total:
            return
        imgui.align_text_to_frame_padding()
        imgui.text_colored(colour(ui.palette.warning), "\uf071")
        imgui.same_line()
        imgui.text_unformatted("Prompts changed.")
        hint("Some paint has other prompts than its material now. New prompts affect only new paint.")
        imgui.same_line()
        if imgui.button("Repaint what changed"):
            ui.do("repaint_outdated")
        hint("Erase the paint of other prompts, so that it is painted again. Frozen paint stays; undo restores it.")

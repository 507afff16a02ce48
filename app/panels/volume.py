"""What was painted and is kept: how much of the scene, how much memory; saving, loading, erasing."""

from __future__ import annotations

from dataclasses import replace

from imgui_bundle import imgui

from app.panels.context import PanelContext, begin_facts, fact, faint, hint
from app.session import Session


class VolumePanel:
    title = "Volume"

    def draw(self, ui: PanelContext) -> Session:
        stage = ui.stage
        if stage is None:
            faint("The scene is being opened.")
            return ui.session
        charts, volume = stage.plan.charts, stage.volume
        pages = len(list(volume.atlas))
        if begin_facts("volume"):
            fact("Texels", f"{charts.texels:,} on {len(charts):,} charts")
            fact("Painted pages", f"{pages} of {charts.pages}")
            fact("Paintings", f"{volume.revision}")
            fact("Latent channels", f"{volume.channels}")
            imgui.end_table()
        view = ui.session.view
        imgui.separator_text("Show")
        for i, mode in enumerate(("painted", "latents", "steps", "density")):
            if i:
                imgui.same_line()
            if imgui.radio_button(mode.capitalize(), view.mode == mode):
                view = replace(view, mode=mode)
        imgui.separator_text("World")
        for label, action, text in (
            ("\uf0c7  Save", "save_world", "Write everything painted to this scene's world file."),
            ("\uf07c  Load", "load_world", "Read back this scene's world file."),
            (
                "\uf1f8  Erase all",
                "erase",
                "Forget everything painted. It can't be undone, but a saved world can be loaded.",
            ),
        ):
            if imgui.button(label):
                ui.do(action)
            hint(text)
            imgui.same_line()
        imgui.new_line()
        if ui.session.world:
            faint(f"World file: {ui.session.world}")
        return replace(ui.session, view=view)

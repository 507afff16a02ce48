"""How the next view is dreamed: every setting of the diffusion core, drawn from its own metadata."""

from __future__ import annotations

from dataclasses import replace

from imgui_bundle import imgui

from app.panels.context import PanelContext, faint, hint
from app.panels.form import edit
from app.session import Session
from diffusion.canvas import DreamSettings


class SamplerPanel:
    title = "Sampler"

    def draw(self, ui: PanelContext) -> Session:
        painter = ui.painter
        if painter is None or painter.model is None:
            # The tables of samplers live beside torch, which the worker is importing: asking now would stop the window.
            faint("The model is still being loaded.")
            return ui.session
        model = painter.model
        faint(f"{model.id} on {model.device}")
        dream = edit(ui.session.dream)
        imgui.spacing()
        if imgui.button("\uf01e  Dream this view again"):
            ui.do("dream")
        hint("Forget what is painted in this view and dream it anew with these settings.")
        imgui.same_line()
        if imgui.button("Defaults"):
            dream = DreamSettings()
        hint("Put every setting above back to where it started.")
        faint("Changes apply to the next dream.")
        return replace(ui.session, dream=dream)

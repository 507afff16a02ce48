"""The volume panel: how much of the scene and of each material is painted, memory, saving, loading, erasing."""

from __future__ import annotations

import weakref
from dataclasses import replace

import numpy as np
from imgui_bundle import imgui, implot

from app.gui.theme import colour
from app.loop.meter import Meter
from app.loop.open_scene import OpenScene, Plan
from app.loop.paint_survey import Survey, survey
from app.panels.brush import ICONS, BrushTools
from app.panels.context import PanelContext, begin_facts, fact, faint, hint, make_accent_spec
from app.panels.meter import draw_meter
from app.session import Session
from app.state import history, stroke
from app.state.keymap import BY_NAME
from engine.edits import orphaned_paint
from scenes.scene import SKY

PATIENCE = 1.0  # seconds between counts


class VolumePanel:
    title = "Volume"

    def __init__(self) -> None:
        self._counted: tuple[weakref.ref[Plan], Survey] | None = None  # weak, so that a closed scene can be freed
        self._counted_at = 0.0
        self._brush = BrushTools("freeze", "thaw", "erase")
        self.meter = Meter()

    def draw(self, ui: PanelContext) -> Session:
        open_scene = ui.open_scene
        if open_scene is None:
            faint("Opening the scene.")
            return ui.session
        counts = self._count(open_scene, ui.now)
        imgui.progress_bar(counts.share, imgui.ImVec2(-1, 0), f"{counts.share:.1%} of the scene painted")
        hint("Share of all surfaces that hold paint, even with few steps.")
        charts, volume = open_scene.plan.charts, open_scene.volume
        if begin_facts("volume"):
            fact("Texels", f"{charts.texels:,} on {len(charts):,} charts")
            fact("Atlas pages", f"{len(volume.atlas)} of {charts.pages}, {counts.bytes / 2**20:.0f} MB")
            fact("Undo memory", f"{ui.undo_bytes / 2**20:.0f} MB")
            hint(
                f"Paint under strokes (up to {stroke.LIMIT >> 20} MB), paint of removed surfaces "
                f"(up to {orphaned_paint.STASH_BYTES >> 20} MB) and earlier maps "
                f"(up to {history.LIMIT >> 20} MB). The oldest is discarded first."
            )
            imgui.end_table()
        view = _choose_mode(ui.session)
        imgui.separator_text("This view")
        draw_meter(ui, open_scene, self.meter, sum(counts.painted.values()))
        imgui.separator_text("World")
        _world(ui)
        imgui.separator_text("Brush")
        _by_hand(ui, self._brush)
        imgui.separator_text("Materials")
        _materials(ui, open_scene, counts)
        if counts.share > 0:
            imgui.separator_text("Steps")
            _histogram(ui, counts)
        return replace(ui.session, view=view)

    def _count(self, open_scene: OpenScene, now: float) -> Survey:
        old = self._counted[1] if self._counted is not None and self._counted[0]() is open_scene.plan else None
        if old is None or (old.revision != open_scene.volume.revision and now - self._counted_at > PATIENCE):
            self._counted_at = now
            self._counted = weakref.ref(open_scene.plan), survey(open_scene.volume, old)
        assert self._counted is not None
        return self._counted[1]


def _choose_mode(session: Session):  # type: ignore[no-untyped-def]
    view = session.view
    for i, mode in enumerate(("painted", "latents", "steps", "density")):
        if i:
            imgui.same_line()
        if imgui.radio_button(mode.capitalize(), view.mode == mode):
            view = replace(view, mode=mode)
    return view


def _world(ui: PanelContext) -> None:
    for i, (label, action, text) in enumerate(
        (
            ("\uf0c7  Save", "save_world", "Save all paint to this scene's world file."),
            ("\uf07c  Load", "load_world", "Load this scene's world file."),
            ("\uf12d  Erase view", "dream", "Erase the paint in this view and paint it again. Frozen paint stays."),
            ("\uf1f8  Erase all", "erase", "Erase all paint, including frozen paint."),
        )
    ):
        if i % 2:
            imgui.same_line()
        if imgui.button(label, imgui.ImVec2(imgui.get_content_region_avail().x * (0.5 if i % 2 == 0 else 1), 0)):
            ui.do(action)
        hint(text)
    if ui.session.world:
        faint(f"World file: {ui.session.world}")


def _by_hand(ui: PanelContext, brush: BrushTools) -> None:
    """Draw the brush tools, and the same operations for the whole view."""
    brush.draw(ui)
    for name, action in (("Freeze view", "freeze_view"), ("Thaw view", "thaw_view")):
        if imgui.button(name, imgui.ImVec2(imgui.get_content_region_avail().x * (0.5 if name[0] == "F" else 1), 0)):
            ui.do(action)
        hint(BY_NAME[action].help)
        if name[0] == "F":
            imgui.same_line()


def _materials(ui: PanelContext, open_scene: OpenScene, counts: Survey) -> None:
    """Draw each visible material: colour, name, painted share, and buttons to freeze, thaw and erase it."""
    flags = imgui.TableFlags_.sizing_stretch_prop | imgui.TableFlags_.row_bg
    if not imgui.begin_table("materials", 3, flags):
        return
    for index in sorted(counts.texels, key=lambda i: -counts.texels[i]):
        name = "sky" if index == SKY else open_scene.scene.materials[index].name
        shade = (120, 160, 210) if index == SKY else open_scene.scene.materials[index].display
        prompt, negative = open_scene.scene.prompt(index)
        imgui.table_next_row()
        imgui.table_next_column()
        imgui.text_colored(colour("#" + bytes(shade).hex()), "■")
        imgui.same_line()
        imgui.text_unformatted(name)
        hint(prompt + (f"\nnot: {negative}" if negative else ""))
        imgui.table_next_column()
        share = counts.painted.get(index, 0) / max(1, counts.texels[index])
        imgui.text_unformatted(f"{share:.0%}")
        hint(f"{counts.painted.get(index, 0):,} of {counts.texels[index]:,} texels")
        imgui.table_next_column()
        imgui.begin_disabled(share == 0)
        for tool, text in (
            ("freeze", f"Protect the paint on {name} until it is thawed."),
            ("thaw", f"Allow painting over frozen paint on {name} again."),
            ("erase", f"Erase the paint on {name}. Frozen paint stays."),
        ):
            if tool != "freeze":
                imgui.same_line()
            if imgui.small_button(f"{ICONS[tool]}##{tool}{index}"):
                ui.do(f"{tool}_material", index)
            hint(text)
        imgui.end_disabled()
    imgui.end_table()


def _histogram(ui: PanelContext, counts: Survey) -> None:
    last = int(np.flatnonzero(counts.steps).max(initial=1)) + 1
    flags = implot.Flags_.no_legend | implot.Flags_.no_title | implot.Flags_.no_inputs | implot.Flags_.no_mouse_text
    if implot.begin_plot("##steps", imgui.ImVec2(-1, 96 * ui.scale), flags):
        implot.setup_axes(
            "steps", "", implot.AxisFlags_.none, implot.AxisFlags_.no_decorations | implot.AxisFlags_.auto_fit
        )
        implot.setup_axis_limits(implot.ImAxis_.x1, 0.4, last + 0.6, implot.Cond_.always)
        implot.plot_bars(
            "texels",
            np.arange(last + 1, dtype=np.float64),
            counts.steps[: last + 1].astype(np.float64),
            0.8,
            spec=make_accent_spec(),
        )
        implot.end_plot()
    hint("Number of texels for each number of diffusion steps.")

"""Plots of the materials that each region looks like at every step, with confidence; a click selects the step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgui_bundle import imgui

from app.panels.context import PanelContext, faint, hint, shorten_to_width
from app.panels.shares_plot import plot_shares, was_clicked
from app.state.inspection import lookable
from app.state.timeline import Record

if TYPE_CHECKING:
    from diffusion.introspection.concepts import Concepts  # which needs torch

TALL = 64.0  # points of a plot
MOST = 6  # maximum number of plots, for the largest regions
ABOUT = (
    "Decodes every step of this dream, and a small classifier of 42 materials names what each region looks like. It knows "
    "nothing else; 93 % of its answers are right on pictures it was not trained on."
)


def draw_concepts(ui: PanelContext, record: Record, place: int) -> int | None:
    """Draw the plots. place: of the selected step. Returns the step that was clicked, if any."""
    found = ui.inspection.concepts_of(record)
    asked = ui.inspection.asked is not None and bool(ui.inspection.asked.predictions)
    if not found:
        imgui.begin_disabled(asked or record.image is None or not lookable(record))
        if imgui.button("\uf02b  Naming…" if asked else "\uf02b  Name each step"):
            ui.do("look_inside", record, len(record.shown) - 1, False, True)
        hint(ABOUT)
        imgui.end_disabled()
        return None
    clicked = None
    for i, one in enumerate(found[:MOST]):
        imgui.text_disabled(shorten_to_width(one.prompt, imgui.get_content_region_avail().x))
        here = min(place, len(one.confidence) - 1)
        best = int(one.confidence[here].argmax())
        faint(f"looks like {one.names[best]} ({one.confidence[here, best]:.2f})")
        first, *others = one.confidence.T
        pointed = plot_shares(f"##concepts {i}", first, others[::-1], here, TALL * ui.scale)
        clicked = pointed if was_clicked() else clicked
        hint(_legend(one))
    return clicked


def _legend(one: Concepts) -> str:
    step = one.named_from
    lines = [f"{name}: {one.confidence[-1, i]:.2f} in the end" for i, name in enumerate(one.names)]
    return "\n".join([f"From step {step + 1} on: {one.names[0]} (bright line).", *lines])

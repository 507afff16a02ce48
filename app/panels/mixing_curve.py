"""A plot of the mixing schedule, shown while its sliders move: the share of coarse latents at each place of a run."""

from __future__ import annotations

import numpy as np
from imgui_bundle import imgui, implot

from app.panels.context import faint, hint, make_accent_spec
from diffusion.settings import DreamSettings

POINTS = 96
TALL = 4.5  # heights of a line
WORDS = (
    "Share of the coarse latents in each step, from the start of a run to its end: of paint that is mixed (mix, bright line) "
    "and of paint from further away (refine, faint line)."
)


def mixing_shares(settings: DreamSettings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (places 0..1 of a run, shares 0..1 of the coarse latents for mixed paint, for paint from twice as far), [POINTS] each."""
    from diffusion.denoisers.skip_residual import coarse_weight  # with torch, which is there by then

    places = np.linspace(0, 1, POINTS)

    def shares(octave: int) -> np.ndarray:
        return np.array([coarse_weight(settings, float(place), octave) for place in places])

    return places, shares(0), shares(1)


def draw_mixing(settings: DreamSettings) -> None:
    """Draw the plot, or a remark if nothing is mixed."""
    places, mixed, refined = mixing_shares(settings)
    if not mixed.any() and not refined.any():
        faint("Nothing is mixed: mix and refine are 0.")
        return
    flags = implot.Flags_.canvas_only | implot.Flags_.no_inputs
    if implot.begin_plot("##mixing", imgui.ImVec2(-1, TALL * imgui.get_text_line_height()), flags):
        hidden = implot.AxisFlags_.no_decorations
        implot.setup_axes("", "", hidden, hidden)
        implot.setup_axes_limits(-0.02, 1.02, -0.05, 1.05, implot.Cond_.always)
        dim = imgui.get_style_color_vec4(imgui.Col_.text_disabled)
        implot.plot_line("##refined", places, refined, spec=implot.Spec(line_color=dim))
        implot.plot_line("##mixed", places, mixed, spec=make_accent_spec())
        implot.end_plot()
    hint(WORDS)

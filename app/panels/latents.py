"""The latents of a step: all channels as pictures, and a histogram of their values."""

from __future__ import annotations

import numpy as np
from imgui_bundle import imgui, implot

from app.loop.messages import Preview
from app.panels.context import PanelContext, choice, faint, hint, make_accent_spec
from app.panels.picture_view import fit_size

ACROSS = 8  # channels in a row
TALL = 60.0  # points of the histogram
REACH, BINS = 4.0, 48
SPREAD = 2.5  # standard deviations from a channel's mean to black or white
# What is shown → its tooltip.
SIDES = {
    "Prediction": "Latents that the network predicts at this step.",
    "Input": "Latents that the step starts from, scaled to a variance of 1.",
}


class LatentsView:
    """A part of the Timeline panel."""

    def __init__(self) -> None:
        self._side = "Prediction"
        self._sheet: tuple[object, np.ndarray] | None = None

    def draw(self, ui: PanelContext, step: Preview, width: float) -> None:
        for i, (name, words) in enumerate(SIDES.items()):
            if i:
                imgui.same_line()
            if choice(name, self._side == name):
                self._side = name
            hint(words)
        latents = step.denoised if self._side == "Prediction" else step.start
        if latents is None:
            faint("The latents of this step were not kept.")
            return
        if self._sheet is None or self._sheet[0] is not latents:
            self._sheet = latents, channel_sheet(latents)
        sheet = self._sheet[1]
        imgui.image(ui.picture("timeline latents", sheet), fit_size(sheet, width, 4 * TALL * ui.scale))
        hint(f"All {len(latents)} channels, {ACROSS} in a row, each grey at its own mean.")
        scaled = latents if self._side == "Prediction" else latents / (1 + step.sigma**2) ** 0.5
        _histogram(scaled, TALL * ui.scale)
        faint(f"mean {scaled.mean():.2f}, standard deviation {scaled.std():.2f}")


def channel_sheet(latents: np.ndarray) -> np.ndarray:
    """uint8 [H,W,3]: the channels of [C,h,w] in rows of ACROSS, with a dark line between them."""
    mean, deviation = latents.mean((1, 2), keepdims=True), latents.std((1, 2), keepdims=True)
    grey = 255 * ((latents - mean) / np.maximum(2 * SPREAD * deviation, 1e-12) + 0.5).clip(0, 1)
    framed = np.pad(np.rint(grey).astype(np.uint8), ((0, -len(latents) % ACROSS), (0, 1), (0, 1)))
    rows, tall, wide = len(framed) // ACROSS, *framed.shape[1:]
    sheet = framed.reshape(rows, ACROSS, tall, wide).transpose(0, 2, 1, 3).reshape(rows * tall, ACROSS * wide)
    used = min(len(latents), ACROSS) * wide
    return np.repeat(sheet[:, :used, None], 3, 2)


def _histogram(values: np.ndarray, tall: float) -> None:
    counts = np.histogram(values.clip(-REACH, REACH), BINS, (-REACH, REACH))[0].astype(np.float64)
    flags = implot.Flags_.canvas_only | implot.Flags_.no_inputs
    if not implot.begin_plot("##histogram", imgui.ImVec2(-1, tall), flags):
        return
    hidden = implot.AxisFlags_.no_decorations
    implot.setup_axes("", "", implot.AxisFlags_.no_label, hidden)
    implot.setup_axes_limits(-REACH, REACH, 0.0, max(float(counts.max()) * 1.1, 1.0), implot.Cond_.always)
    places = (np.arange(BINS) + 0.5) * (2 * REACH / BINS) - REACH
    implot.plot_bars("##counts", places, counts, 2 * REACH / BINS, spec=make_accent_spec())
    implot.end_plot()
    hint("Histogram of the latents' values, from −4 to 4.")

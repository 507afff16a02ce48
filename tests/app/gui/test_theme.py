"""What is written can be read, on whatever it stands: the contrast of the Web Content Accessibility Guidelines."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from imgui_bundle import imgui, implot

from app.gui import theme

READABLE = 4.5  # level AA; 3.0 for what is large or said elsewhere, too


@pytest.fixture(params=sorted(theme.PALETTES))
def colours(request: pytest.FixtureRequest) -> Iterator[dict[str, np.ndarray]]:
    """The style's colours, RGBA 0..1, by name."""
    context, plots = imgui.create_context(), implot.create_context()
    theme.apply(request.param, 1.0)
    names = [name for name in imgui.Col_.__members__ if name != "count"]
    yield {name: np.array(tuple(imgui.get_style_color_vec4(imgui.Col_[name]))) for name in names}
    implot.destroy_context(plots)
    imgui.destroy_context(context)


def over(*layers: np.ndarray) -> np.ndarray:
    """RGB of layers, the lowest first."""
    seen = layers[0][:3]
    for layer in layers[1:]:
        seen = seen + layer[3] * (layer[:3] - seen)
    return seen


def contrast(a: np.ndarray, b: np.ndarray) -> float:
    linear = [
        np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722) for c in (a, b)
    ]
    return float((max(linear) + 0.05) / (min(linear) + 0.05))


@pytest.mark.parametrize(
    ("layers", "least"),
    [
        (("window_bg",), READABLE),
        (("window_bg", "frame_bg"), READABLE),
        (("window_bg", "button"), READABLE),
        (("window_bg", "header_hovered"), READABLE),
        (("window_bg", "frame_bg", "plot_histogram"), READABLE),  # a progress bar's words stand on it
        (("window_bg", "frame_bg", "slider_grab"), READABLE),  # a slider's digits stand on its grab
        (("window_bg", "frame_bg_active", "slider_grab_active"), 3.0),
        (("window_bg", "button_active"), 3.0),  # a button that is chosen
        (("popup_bg",), READABLE),
    ],
)
def test_text_stands_out(colours: dict[str, np.ndarray], layers: tuple[str, ...], least: float) -> None:
    ground = over(*(colours[name] for name in layers))
    assert contrast(over(ground, colours["text"]), ground) >= least


def test_faint_text_can_be_read_too(colours: dict[str, np.ndarray]) -> None:
    ground = over(colours["window_bg"])
    assert contrast(over(ground, colours["text_disabled"]), ground) >= READABLE

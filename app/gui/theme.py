"""The style of the panels: a dark and a light palette of a few named colours, spacing and fonts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imgui_bundle
from imgui_bundle import imgui, implot

FONTS = Path(imgui_bundle.__file__).parent / "assets" / "fonts"
SIZE = 16.0  # points


@dataclass(frozen=True)
class Palette:
    """Colours as "#rrggbb". ground: behind everything; panel: of windows; field: of inputs; ink, faint: text; accent: what is active."""

    ground: str
    panel: str
    field: str
    line: str
    ink: str
    faint: str
    accent: str
    good: str
    warning: str
    bad: str


PALETTES: dict[str, Palette] = {
    "dark": Palette(
        ground="#0e1116", panel="#171b22", field="#232933", line="#2d3440", ink="#e4e8ee", faint="#8b95a5",
        accent="#e0a458", good="#69b578", warning="#e0a458", bad="#e5696b",
    ),
    "light": Palette(
        ground="#e8e6e1", panel="#f6f5f2", field="#e6e3dd", line="#cfcbc3", ink="#23262b", faint="#6a6f78",
        accent="#a8601a", good="#2f7d46", warning="#a8601a", bad="#b3343a",
    ),
}  # fmt: skip


def colour(hexadecimal: str, alpha: float = 1.0) -> imgui.ImVec4:
    r, g, b = (int(hexadecimal[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return imgui.ImVec4(r, g, b, alpha)


def load_fonts() -> None:
    """Roboto with the icons of Font Awesome in it, both shipped with imgui-bundle (Apache 2.0, OFL); ImGui's own otherwise.

    Once for each ImGui context. Glyphs are drawn when first used, at the size and scale of the moment, so they stay crisp.
    """
    atlas = imgui.get_io().fonts
    text, icons = FONTS / "Roboto" / "Roboto-Regular.ttf", FONTS / "Font_Awesome_6_Free-Solid-900.otf"
    if not text.exists():
        atlas.add_font_default()
        return
    atlas.add_font_from_file_ttf(str(text), SIZE)
    if icons.exists():
        config = imgui.ImFontConfig()
        config.merge_mode = True
        config.glyph_min_advance_x = SIZE * 1.25
        atlas.add_font_from_file_ttf(str(icons), SIZE * 0.85, config)


# In points. All are set each time, so that changes of scale or palette don't accumulate.
METRICS: dict[str, float | tuple[float, float]] = {
    "window_padding": (12, 10), "frame_padding": (8, 4), "item_spacing": (8, 7), "item_inner_spacing": (6, 4),
    "cell_padding": (6, 3), "indent_spacing": 14, "scrollbar_size": 10, "grab_min_size": 10,
    "window_rounding": 6, "child_rounding": 6, "frame_rounding": 4, "popup_rounding": 6, "grab_rounding": 4,
    "scrollbar_rounding": 5, "tab_rounding": 4, "window_border_size": 0, "popup_border_size": 1, "frame_border_size": 0,
    "tab_bar_overline_size": 2, "tab_min_width_shrink": 44, "docking_separator_size": 2, "separator_text_border_size": 1,
    "separator_text_padding": (0, 4),
}  # fmt: skip


def apply(name: str = "dark", scale: float = 1.0) -> Palette:
    """Set ImGui's and ImPlot's style. scale: pixels per point that the window system leaves to us (1 on macOS, 2 on a 4K screen)."""
    palette = PALETTES.get(name, PALETTES["dark"])
    (imgui.style_colors_light if name == "light" else imgui.style_colors_dark)()
    style: Any = imgui.get_style()
    for key, value in METRICS.items():
        setattr(style, key, imgui.ImVec2(*(v * scale for v in value)) if isinstance(value, tuple) else value * scale)
    for key, value in _colours(palette).items():
        style.set_color_(getattr(imgui.Col_, key), value)
    style.font_size_base, style.font_scale_dpi = SIZE, scale
    style.window_menu_button_position = imgui.Dir.none
    style.separator_text_align = imgui.ImVec2(0, 0.5)
    _plots(palette)
    return palette


def _colours(p: Palette) -> dict[str, imgui.ImVec4]:
    c = colour
    names = {
        "text": c(p.ink), "text_disabled": c(p.faint), "text_link": c(p.accent), "window_bg": c(p.panel, 0.96),
        "child_bg": c(p.panel, 0.0), "popup_bg": c(p.panel, 0.98), "border": c(p.line), "menu_bar_bg": c(p.ground),
        "frame_bg": c(p.field), "frame_bg_hovered": c(p.line), "frame_bg_active": c(p.line),
        "title_bg": c(p.ground), "title_bg_active": c(p.ground), "title_bg_collapsed": c(p.ground),
        "scrollbar_bg": c(p.panel, 0.0), "scrollbar_grab": c(p.line), "scrollbar_grab_hovered": c(p.faint),
        "scrollbar_grab_active": c(p.faint), "check_mark": c(p.accent), "checkbox_selected_bg": c(p.field),
        "slider_grab": c(p.accent, 0.45), "slider_grab_active": c(p.accent, 0.6), "button": c(p.field), "button_hovered": c(p.line),
        "button_active": c(p.accent, 0.6), "header": c(p.field), "header_hovered": c(p.line), "header_active": c(p.line),
        "separator": c(p.line), "separator_hovered": c(p.accent, 0.6), "separator_active": c(p.accent),
        "resize_grip": c(p.line, 0.0), "resize_grip_hovered": c(p.line), "resize_grip_active": c(p.accent),
        "tab": c(p.ground), "tab_hovered": c(p.line), "tab_selected": c(p.panel), "tab_selected_overline": c(p.accent),
        "tab_dimmed": c(p.ground), "tab_dimmed_selected": c(p.panel), "tab_dimmed_selected_overline": c(p.line),
        "docking_preview": c(p.accent, 0.5), "docking_empty_bg": c(p.ground), "plot_lines": c(p.accent),
        "plot_lines_hovered": c(p.ink), "plot_histogram": c(p.accent, 0.45), "plot_histogram_hovered": c(p.ink),
        "table_header_bg": c(p.field), "table_border_strong": c(p.line), "table_border_light": c(p.line, 0.5),
        "table_row_bg_alt": c(p.field, 0.4), "text_selected_bg": c(p.accent, 0.35), "nav_cursor": c(p.accent),
        "modal_window_dim_bg": c("#000000", 0.45), "input_text_cursor": c(p.ink),
    }  # fmt: skip
    return names


def _plots(p: Palette) -> None:
    style: Any = implot.get_style()
    style.plot_padding, style.plot_border_size = imgui.ImVec2(6, 6), 0.0
    style.plot_min_size = imgui.ImVec2(60, 40)
    for key, value in {
        "frame_bg": colour(p.panel, 0.0),
        "plot_bg": colour(p.field, 0.5),
        "axis_grid": colour(p.line),
    }.items():
        style.set_color_(getattr(implot.Col_, key), value)

"""Edits a number that may change over the steps: a slider, or a curve whose points can be dragged, added and removed."""

from __future__ import annotations

import numpy as np
from imgui_bundle import imgui, implot

from app.panels.context import hint, make_accent_spec, square
from base.step_schedule import Scheduled, StepSchedule

TALL = 5.5  # height of the plot, in lines of text
NEAR = 0.02  # minimum distance between points, as a share of the run
HELP = "Drag a point to move it, double-click to add one, right-click a point to remove it. Left is the first step."
Points = tuple[tuple[float, float], ...]


def draw_scheduled(value: Scheduled, least: float, most: float) -> tuple[bool, Scheduled]:
    """Draw a setting from `least` to `most`; return (changed, value)."""
    if not isinstance(value, StepSchedule):
        button = imgui.get_frame_height()
        imgui.set_next_item_width(-button - imgui.get_style().item_inner_spacing.x)
        changed, number = imgui.slider_float("##value", value, least, most, "%.2f", imgui.SliderFlags_.always_clamp)
        imgui.same_line(0, imgui.get_style().item_inner_spacing.x)
        if square("\uf201"):
            return True, StepSchedule(((0.0, value), (1.0, value)))
        hint("Change this value over the steps.")
        return changed, number
    imgui.begin_group()
    switched, stepped = imgui.checkbox("Stepped", value.stepped)
    hint("Hold each value until the next point.")
    imgui.same_line()
    if imgui.button("\uf00d"):
        imgui.end_group()
        return True, value.points[0][1]
    hint("Use one number for all steps.")
    points = _plot(value, least, most)
    imgui.text_disabled(str(value))
    imgui.end_group()
    changed = StepSchedule(points, stepped)
    return changed != value or switched, changed


def _plot(schedule: StepSchedule, least: float, most: float) -> Points:
    """Draw the curve; return the points after this frame's mouse input."""
    points = schedule.points
    flags = implot.Flags_.no_legend | implot.Flags_.no_menus | implot.Flags_.no_box_select | implot.Flags_.no_title
    if not implot.begin_plot("##curve", imgui.ImVec2(-1, TALL * imgui.get_text_line_height()), flags):
        return points
    fixed = implot.AxisFlags_.lock | implot.AxisFlags_.no_label
    implot.setup_axes("", "", fixed | implot.AxisFlags_.no_tick_labels, fixed)
    margin = (most - least) * 0.05
    implot.setup_axes_limits(-0.03, 1.03, least - margin, most + margin, implot.Cond_.always)
    _draw_line(schedule)
    for number, (place, height) in enumerate(schedule.points):
        tint = imgui.get_style_color_vec4(imgui.Col_.slider_grab_active)
        moved, x, y, _, hovered, _ = implot.drag_point(number, place, height, tint, 5.0, 0, False, False, False)
        if moved:
            points = move_point(points, number, x, min(max(y, least), most))
        if hovered and imgui.is_mouse_clicked(imgui.MouseButton_.right):
            points = remove_point(schedule.points, number)
            break
    if points == schedule.points and implot.is_plot_hovered() and imgui.is_mouse_double_clicked(0):
        mouse = implot.get_plot_mouse_pos()
        points = add_point(points, mouse.x, min(max(mouse.y, least), most))
    implot.end_plot()
    hint(HELP)
    return points


def _draw_line(schedule: StepSchedule) -> None:
    places = np.linspace(0.0, 1.0, 101)
    values = np.array([schedule.at(place) for place in places])
    implot.plot_line("##line", places, values, spec=make_accent_spec())


def move_point(points: Points, number: int, place: float, value: float) -> Points:
    """Move a point to another value and place, but not past its neighbours."""
    low = points[number - 1][0] + NEAR if number else 0.0
    high = points[number + 1][0] - NEAR if number + 1 < len(points) else 1.0
    moved = (round(min(max(place, low), max(low, high)), 3), round(value, 2))
    return (*points[:number], moved, *points[number + 1 :])


def add_point(points: Points, place: float, value: float) -> Points:
    """Add a point, unless one is near."""
    place = round(min(max(place, 0.0), 1.0), 3)
    if any(abs(place - other) < NEAR for other, _ in points):
        return points
    return tuple(sorted((*points, (place, round(value, 2)))))


def remove_point(points: Points, number: int) -> Points:
    """Remove a point; the last one stays."""
    return points if len(points) == 1 else (*points[:number], *points[number + 1 :])

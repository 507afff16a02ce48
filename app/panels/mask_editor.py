"""The mask editor over the scene: a row of tools, and the picture with its mask to draw on."""

from __future__ import annotations

from imgui_bundle import imgui

from app.gui.theme import colour
from app.panels.context import PanelContext, choice, hint
from app.panels.picture_view import fit_size
from app.state.brush import Point
from app.state.mask_editor import LEAST, MOST, TOOLS, MaskEditor
from app.state.mask_shapes import clear, feather, invert

ICONS = {"brush": "\uf1fc", "eraser": "\uf12d", "rectangle": "\uf5cb", "lasso": "\uf5ee"}
BOTH = imgui.ButtonFlags_.mouse_button_left | imgui.ButtonFlags_.mouse_button_right


def draw_mask_editor(ui: PanelContext, editor: MaskEditor) -> None:
    """Draw the mask editor, filling the current window."""
    _tools(ui, editor)
    _changes(ui, editor)
    room, corner = imgui.get_content_region_avail(), imgui.get_cursor_screen_pos()
    size = fit_size(editor.source.picture, room.x, room.y)
    left, top = corner.x + (room.x - size.x) / 2, corner.y + (room.y - size.y) / 2
    low, high = imgui.ImVec2(left, top), imgui.ImVec2(left + size.x, top + size.y)
    imgui.invisible_button("canvas", imgui.ImVec2(max(1.0, room.x), max(1.0, room.y)), BOTH)
    draw, scale = imgui.get_window_draw_list(), size.x / editor.mask.shape[1]
    draw.add_image(ui.picture("mask source", editor.source.picture), low, high)
    draw.add_image(ui.picture("mask tint", editor.tint), low, high)
    mouse = imgui.get_mouse_pos()
    _follow(editor, ((mouse.x - left) / scale, (mouse.y - top) / scale))
    draw.push_clip_rect(low, high, True)
    _draw_way(ui, editor, draw, (left, top), scale)
    if imgui.is_item_hovered() and editor.tool in ("brush", "eraser"):
        for tint, more in (("#000000", 1.5), ("#ffffff", 0.0)):
            ink = imgui.get_color_u32(colour(tint, 0.8))
            draw.add_circle(mouse, editor.radius * scale + more * ui.scale, ink, 0, 1.5 * ui.scale)
    draw.pop_clip_rect()


def _follow(editor: MaskEditor, point: Point) -> None:
    """Handle the mouse on the canvas, the item drawn last."""
    hovered, io = imgui.is_item_hovered(), imgui.get_io()
    if editor.drawing:
        if imgui.is_mouse_down(imgui.MouseButton_.left) or imgui.is_mouse_down(imgui.MouseButton_.right):
            editor.move(point)
        else:
            editor.release()
    elif hovered and imgui.is_mouse_clicked(imgui.MouseButton_.left):
        editor.press(point)
    elif hovered and imgui.is_mouse_clicked(imgui.MouseButton_.right):
        editor.press(point, remove=True)
    if hovered and io.mouse_wheel:
        editor.resize(1.15**io.mouse_wheel)


def _draw_way(ui: PanelContext, editor: MaskEditor, draw: imgui.ImDrawList, corner: Point, scale: float) -> None:
    """Draw the outline of the rectangle or lasso in progress."""
    if len(editor.way) < 2 or editor.tool not in ("rectangle", "lasso"):
        return
    way = editor.way
    if editor.tool == "rectangle":
        (ax, ay), (bx, by) = way
        way = ((ax, ay), (bx, ay), (bx, by), (ax, by))
    points = [imgui.ImVec2(corner[0] + x * scale, corner[1] + y * scale) for x, y in way]
    for tint, thick in (("#000000", 4.0), ("#ffffff", 2.0)):  # visible on bright and on dark ground
        ink = imgui.get_color_u32(colour(tint, 0.9))
        draw.add_polyline(points, ink, thick * ui.scale, imgui.ImDrawFlags_.closed)  # pyright: ignore[reportArgumentType]


def _tools(ui: PanelContext, editor: MaskEditor) -> None:
    """Draw the tools and their sizes, and the closing buttons at the right."""
    for tool, words in TOOLS.items():
        if choice(f"{ICONS[tool]}  {tool.capitalize()}", editor.tool == tool):
            editor.tool = tool
        hint(words)
        imgui.same_line()
    flags = imgui.SliderFlags_.always_clamp
    brushed = editor.tool in ("brush", "eraser")
    why = "" if brushed else " Only the brush and the eraser have it."
    imgui.begin_disabled(not brushed)
    imgui.set_next_item_width(imgui.get_font_size() * 8)
    log = flags | imgui.SliderFlags_.logarithmic
    _, editor.radius = imgui.slider_float("##radius", editor.radius, LEAST, MOST, "radius %.0f", log)
    hint(f"Radius in pixels of the mask; the mouse wheel and [ ] change it, too.{why}")
    imgui.same_line()
    imgui.set_next_item_width(imgui.get_font_size() * 8)
    _, editor.softness = imgui.slider_float("##softness", editor.softness, 0.0, 1.0, "softness %.2f", flags)
    hint(f"Share of the radius over which a stroke fades.{why}")
    imgui.end_disabled()
    imgui.same_line()
    imgui.begin_disabled(editor.empty)
    if imgui.button("\uf00c  Use mask"):
        ui.do("use_mask")
    imgui.end_disabled()
    hint(
        "Nothing is masked yet."
        if editor.empty
        else "Repaint what is marked: back to the Picture panel with this mask."
    )
    imgui.same_line()
    if imgui.button("\uf00d  Close"):
        ui.do("close_pictures")
    hint("Back to the scene without using the mask (Esc).")


def _changes(ui: PanelContext, editor: MaskEditor) -> None:
    """Draw the buttons that change the whole mask, and undo and redo."""
    history = editor.history
    for label, words, possible, act in (
        ("\uf2ea  Undo", "Take back the last change of the mask (Ctrl+Z).", bool(history.past), editor.undo),
        ("\uf2f9  Redo", "Redo the last undone change (Ctrl+Y).", bool(history.future), editor.redo),
        ("\uf042  Invert", "Repaint what was kept, keep what was repainted.", True, lambda: editor.change(invert)),
        ("\uf1f8  Clear", "Mask nothing.", not editor.empty, lambda: editor.change(clear)),
    ):
        imgui.begin_disabled(not possible)
        if imgui.button(label):
            act()
        imgui.end_disabled()
        hint(words)
        imgui.same_line()
    imgui.set_next_item_width(imgui.get_font_size() * 8)
    flags = imgui.SliderFlags_.always_clamp
    _, editor.feather = imgui.slider_float("##feather", editor.feather, 1.0, 64.0, "by %.0f pixels", flags)
    hint("How far edges are softened by Feather.")
    imgui.same_line()
    imgui.begin_disabled(editor.empty)
    if imgui.button("\uf0d0  Feather"):
        editor.change(lambda mask: feather(mask, editor.feather))
    imgui.end_disabled()
    hint("Soften all edges of the mask.")
    imgui.same_line()
    if imgui.button("\uf0c7  Save as PNG"):
        ui.do("save_mask")
    hint("Write the mask to your pictures: white is repainted.")

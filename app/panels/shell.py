"""Owns ImGui: its context, frames, the docking layout and the area where the scene shows."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import moderngl
from imgui_bundle import imgui, implot

from app.gui import theme
from app.gui.fallback_fonts import FallbackFonts
from app.gui.renderer import ImGuiRenderer
from app.loop.garbage import clear_traceback
from app.panels import PANELS
from app.panels.context import PanelContext
from app.panels.layout import add_missing_panels
from app.panels.menu import draw_menu
from app.panels.overlays import OverlayPanels
from app.session import Session
from app.state.frame_profiler import FrameProfiler
from base.errors import InputError
from base.files import atomic_write

SIDE = 0.335  # the panels' share of a wide window, in which seven tabs are read whole; at least SIDE_POINTS wide
SIDE_POINTS = 420.0
FLOAT = (400.0, 470.0)  # width and height of a floating window in points
TAB, BETWEEN = (4, 4), (3, 4)  # padding of tabs and spacing between them, in points
Size = tuple[int, int]


@dataclass(frozen=True)
class Clipboard:
    read: Callable[[], str]
    write: Callable[[str], None]


class Shell:
    """Owns the ImGui context and its GL objects. One `begin`, `draw`, `render` a frame."""

    def __init__(self, ctx: moderngl.Context, layout: Path, clipboard: Clipboard, theme_name: str = "dark") -> None:
        self.ctx, self.layout_file, self.theme_name = ctx, layout, theme_name
        self.context: Any = imgui.create_context()
        implot.create_context()
        io = imgui.get_io()
        io.config_flags |= imgui.ConfigFlags_.docking_enable
        io.config_windows_move_from_title_bar_only = True
        io.config_drag_click_to_input_text = True
        io.config_error_recovery_enable_assert = io.config_error_recovery_enable_tooltip = False  # the log reports it
        io.set_ini_filename("")
        platform = imgui.get_platform_io()
        platform.platform_get_clipboard_text_fn = lambda _ctx: clipboard.read()
        platform.platform_set_clipboard_text_fn = lambda _ctx, text: clipboard.write(text)
        theme.load_fonts()
        self.fonts = FallbackFonts()
        self.renderer = ImGuiRenderer(ctx)
        self.panels = [(panel(), dock) for panel, dock in PANELS]
        self.overlay_panels = OverlayPanels()
        self.shown = True  # Tab
        self.known = layout.exists()  # not the first start
        self.scene_box: tuple[float, float, float, float] = (0, 0, 1, 1)  # x, y, width, height in points
        self.palette = theme.PALETTES["dark"]
        self._style: tuple[str, float] | None = None
        self._settled = False
        self._front: list[str] = []  # tabs to bring to the front once their windows exist
        self._reset = not self._load_layout()

    def begin(self, size: Size, pixels: Size, scale: float, seconds: float) -> None:
        """Start a frame. size: of the window in points; pixels: of its framebuffer; scale: see `Platform.scale`."""
        io = imgui.get_io()
        io.display_size = imgui.ImVec2(*size)
        io.display_framebuffer_scale = imgui.ImVec2(pixels[0] / max(1, size[0]), pixels[1] / max(1, size[1]))
        io.delta_time = max(1e-4, seconds)
        if self._style != (self.theme_name, scale):
            self.palette = theme.apply(self.theme_name, scale)
            self._style = (self.theme_name, scale)
        self.renderer.begin()
        imgui.new_frame()
        self._dock(scale)

    def draw(self, ui: PanelContext, profiler: FrameProfiler) -> Session:
        """Draw menu, panels and overlays; return the session, changed or not. Errors of panels go to the log."""
        self._profiler, session = profiler, ui.session
        if self.shown:
            self._draw_guarded("menu", ui, lambda: draw_menu(ui, self.theme_name))
            for panel, dock in self.panels:
                if dock == "float" and not ui.overlays.tour:
                    continue
                draw = self._floating if dock == "float" else self._panel
                changed = self._draw_guarded(panel.title, ui, lambda p=panel, d=draw: d(p, ui))
                session = _merge(ui.session, session, changed) if changed is not None else session
            if self._front and self._settled:
                imgui.set_window_focus(self._front.pop(0))  # one per frame, because a focus replaces the previous one
            self._settled = True
        changed = self._draw_guarded("overlays", ui, lambda: self.overlay_panels.draw(ui, self.scene_box))
        return session if changed is None else _merge(ui.session, session, changed)

    def show_scene(self, texture: moderngl.Texture) -> None:
        """Put the scene's picture (row 0 at the bottom, as GL draws) behind the panels."""
        x, y, w, h = self.scene_box
        corners = imgui.ImVec2(x, y), imgui.ImVec2(x + w, y + h), imgui.ImVec2(0, 1), imgui.ImVec2(1, 0)
        imgui.get_background_draw_list().add_image(self.renderer.image(texture), *corners)

    def end(self) -> None:
        """End the frame. `render` may then be called for any number of targets."""
        imgui.render()
        if imgui.get_io().want_save_ini_settings:
            imgui.get_io().want_save_ini_settings = False
            self.save_layout()

    def render(self, target: moderngl.Framebuffer) -> None:
        self.renderer.render(imgui.get_draw_data(), target)

    def fingerprint(self) -> tuple[object, ...]:
        """What `render` would draw; see `ImGuiRenderer.fingerprint`."""
        return self.renderer.fingerprint(imgui.get_draw_data())

    def picture(self, texture: moderngl.Texture) -> imgui.ImTextureRef:
        return self.renderer.image(texture)

    @property
    def editing(self) -> bool:
        """Whether a widget is being dragged or typed into, so that a change is unfinished."""
        return imgui.is_any_item_active()

    @property
    def popup_open(self) -> bool:
        """Whether a menu, a combo's list or the like is open."""
        return imgui.is_popup_open("", imgui.PopupFlags_.any_popup)

    def close_popups(self) -> None:
        imgui.internal.close_popup_to_level(0, True)

    @property
    def cursor(self) -> str:
        """The name of the pointer that ImGui wants: "arrow", "text_input", "resize_ew", "hand", …"""
        return str(imgui.MouseCursor_(imgui.get_mouse_cursor()).name)

    def bring_to_front(self, *titles: str) -> None:
        """Select these panels' tabs in the next frames."""
        self._front += titles

    def reset_layout(self) -> None:
        self._reset = True

    def save_layout(self) -> None:
        """Save the panels' layout for the next start. Write errors are ignored, so that a full disk doesn't stop the program."""
        try:
            with atomic_write(self.layout_file) as temporary:
                temporary.write_text(imgui.save_ini_settings_to_memory(), encoding="utf-8")
        except InputError:
            return

    def release(self) -> None:
        self.save_layout()
        self.renderer.release()
        implot.destroy_context()
        imgui.destroy_context(self.context)

    def _panel(self, panel: Any, ui: PanelContext) -> Session | None:
        changed = panel.draw(ui) if imgui.begin(panel.title)[0] else None
        imgui.end()
        return changed

    def _floating(self, panel: Any, ui: PanelContext) -> Session | None:
        """Draw a floating window, initially at the lower left of the scene, with a close button."""
        x, y, width, height = self.scene_box
        size = imgui.ImVec2(min(FLOAT[0] * ui.scale, width), min(FLOAT[1] * ui.scale, 0.9 * height))
        place, gap = imgui.Cond_.first_use_ever, 12 * ui.scale
        imgui.set_next_window_pos(imgui.ImVec2(x + gap, y + height - gap), place, imgui.ImVec2(0, 1))
        imgui.set_next_window_size(size, place)
        drawn, stays = imgui.begin(panel.title, True, imgui.WindowFlags_.no_docking)
        changed = panel.draw(ui) if drawn else None
        imgui.end()
        ui.overlays.tour = bool(stays)
        return changed

    def _draw_guarded(self, name: str, ui: PanelContext, draw: Callable[[], Any]) -> Any:
        state = imgui.internal.ErrorRecoveryState()
        imgui.internal.error_recovery_store_state(state)
        try:
            with self._profiler.part(name):
                return draw()
        except Exception as error:
            imgui.internal.error_recovery_try_to_recover_state(state)
            ui.log.add(f"The {name} panel failed: {error}", "error", traceback.format_exc())
            clear_traceback(error)
            return None

    def _load_layout(self) -> bool:
        try:
            layout = self.layout_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return False
        imgui.load_ini_settings_from_memory(
            add_missing_panels(layout, {panel.title: dock for panel, dock in self.panels if dock != "float"})
        )
        return True

    def _dock(self, scale: float) -> None:
        """Create the dock space and find the box that it leaves to the scene."""
        view = imgui.get_main_viewport()
        root = imgui.get_id("dock")
        if self._reset and view.work_size.x > 1:
            self._reset = False
            self._arrange(root, view, scale)
        flags = imgui.DockNodeFlags_.passthru_central_node | imgui.DockNodeFlags_.no_docking_over_central_node
        flags |= imgui.DockNodeFlags_.none if self.shown else imgui.DockNodeFlags_.keep_alive_only
        imgui.push_style_var(imgui.StyleVar_.frame_padding, imgui.ImVec2(*(v * scale for v in TAB)))
        imgui.push_style_var(imgui.StyleVar_.item_inner_spacing, imgui.ImVec2(*(v * scale for v in BETWEEN)))
        imgui.dock_space_over_viewport(root, view, flags)
        imgui.pop_style_var(2)
        node = imgui.internal.dock_builder_get_central_node(root)
        if self.shown and node is not None and min(node.size.x, node.size.y) >= 1:
            self.scene_box = (node.pos.x, node.pos.y, node.size.x, node.size.y)
        else:
            self.scene_box = (view.pos.x, view.pos.y, view.size.x, view.size.y)

    def _arrange(self, root: int, view: Any, scale: float) -> None:
        """Set the default layout: panels in two stacks at the right, the scene in the rest."""
        docks = imgui.internal
        docks.dock_builder_remove_node(root)
        docks.dock_builder_add_node(root, int(imgui.internal.DockNodeFlagsPrivate_.dock_space))
        docks.dock_builder_set_node_size(root, view.work_size)
        share = min(0.5, max(SIDE, SIDE_POINTS * scale / view.work_size.x))
        side = docks.dock_builder_split_node(root, imgui.Dir.right, share).id_at_dir
        split = docks.dock_builder_split_node(side, imgui.Dir.down, 0.42)
        homes = {"top": split.id_at_opposite_dir, "bottom": split.id_at_dir}
        for panel, dock in self.panels:
            if dock in homes:
                docks.dock_builder_dock_window(panel.title, homes[dock])
        docks.dock_builder_finish(root)
        self._front, self._settled = ["View", "Preview"], False


def _merge(before: Session, session: Session, changed: Session) -> Session:
    """Merge one panel's changes with those of earlier panels."""
    if changed is before:
        return session
    names = [f.name for f in fields(Session) if getattr(changed, f.name) is not getattr(before, f.name)]
    return replace(session, **{name: getattr(changed, name) for name in names})

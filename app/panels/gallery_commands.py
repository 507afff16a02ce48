"""The commands for selected pictures of the gallery, as buttons and as a menu."""

from __future__ import annotations

from typing import Any, NamedTuple

from imgui_bundle import imgui

from app.files.gallery.entry import Entry
from app.panels.context import PanelContext, hint

PIN = "\uf08d"


class Command(NamedTuple):
    """A command. why: it is disabled, "" if it is enabled; action: of app.actions.registry, with its details."""

    label: str
    words: str
    action: str
    details: tuple[Any, ...]
    why: str = ""


def commands_of(chosen: tuple[Entry, ...]) -> tuple[Command, ...]:
    """Return the commands for one or two pictures, three per line of buttons. All but the comparison concern the last one selected."""
    entry = chosen[-1]
    settingless = "" if entry.has_settings else "This file has no settings of a generated picture."
    pinned = "It is pinned; unpin it first." if entry.pinned else ""
    pin = "Unpin" if entry.pinned else "Pin"
    two = len(chosen) == 2
    large = settingless or ("It is enlarged already; choose the small one." if entry.upscale > 1 else "")
    words = "Enlarge it by the upscaler of the Picture panel. The larger one is added to the gallery."
    view = Command(
        "\uf00e  View", "Show it over the scene. Ctrl+click a second one to compare.", "view_pictures", (entry,)
    )
    compare = Command("\uf0db  Compare", "Show both over the scene.", "view_pictures", chosen)
    return (
        Command("\uf1de  Use settings", "Fill the Picture panel with its settings.", "use_settings", (entry.path,), settingless),
        Command("\uf1c5  Use as input", "Start the next pictures from this one.", "use_input", (entry.path,)),
        Command("\uf043  Splat", "Project it onto the visible surfaces of the scene. You can undo this.", "splat_file", (entry.path,)),
        compare if two else view,
        Command(f"{PIN}  {pin}", "Pinned pictures are kept when the gallery is full, and can't be deleted.", "pin_picture",
             (entry.name, not entry.pinned)),
        Command("\uf0c7  Save", "Copy it, with its settings, to your pictures.", "copy_picture", (entry,)),
        Command("\uf424  Enlarge 2×", words, "upscale_picture", (entry.path, 2), large),
        Command("\uf424  Enlarge 4×", words, "upscale_picture", (entry.path, 4), large),
        Command("\uf1f8  Delete", "Move it to the gallery's bin. You can undo this.", "delete_picture", (entry.name,), pinned),
    )  # fmt: skip


def draw_buttons(ui: PanelContext, commands: tuple[Command, ...]) -> None:
    """Buttons that share a line."""
    gap = imgui.get_style().item_spacing.x
    width = (imgui.get_content_region_avail().x - (len(commands) - 1) * gap) / len(commands)
    padding = imgui.ImVec2(2, imgui.get_style().frame_padding.y)  # the labels need the room
    imgui.push_style_var(imgui.StyleVar_.frame_padding, padding)
    for place, command in enumerate(commands):
        imgui.begin_disabled(bool(command.why))
        if imgui.button(command.label, imgui.ImVec2(width, 0)):
            ui.do(command.action, *command.details)
        imgui.end_disabled()
        hint(command.why or command.words)
        if place + 1 < len(commands):
            imgui.same_line()
    imgui.pop_style_var()


def draw_menu(ui: PanelContext, commands: tuple[Command, ...]) -> None:
    """The entries of an open menu."""
    for command in commands:
        if imgui.menu_item_simple(command.label, enabled=not command.why):
            ui.do(command.action, *command.details)
        hint(command.why or command.words)

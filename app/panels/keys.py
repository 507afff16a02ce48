"""The list of all keys; a click on a key changes it."""

from __future__ import annotations

from imgui_bundle import imgui

from app.panels.context import PanelContext, faint, hint
from app.panels.dialog import begin_dialog, dialog_height, dialog_width
from app.state.keymap import ACTIONS, BY_NAME, FIXED, Action, caption, captions, rebind, reset_keys

HANDS = (  # mouse and gamepad
    ("Mouse", "Look", "Click the scene to look around with the mouse; Esc releases it."),
    ("Right button", "Look", "Drag to look around without capturing the pointer."),
    ("Ctrl+click", "Select", "Select the material of a surface in the Scene panel."),
    ("Wheel", "Speed", "Change the movement speed."),
    ("Gamepad", "Walk, look", "Left stick moves, right stick looks, triggers move down and up."),
)
WIDE = 57  # letters


class KeysDialog:
    """Shows the key list. While a key is changed: the action with the chord to replace ("" = none), then a new chord that is in use."""

    def __init__(self) -> None:
        self._asked: tuple[Action, str] | None = None
        self._conflict = ""

    def draw(self, ui: PanelContext) -> bool:
        """Draw the dialog; return whether it stays open."""
        begin_dialog("Keys", 0.5)
        if imgui.is_window_appearing():
            self._stop(ui)
        self._tell(ui)
        flags = imgui.TableFlags_.row_bg | imgui.TableFlags_.sizing_fixed_fit | imgui.TableFlags_.scroll_y
        imgui.push_style_var(imgui.StyleVar_.cell_padding, imgui.ImVec2(8 * ui.scale, 1.5 * ui.scale))
        if imgui.begin_table("keys", 3, flags, imgui.ImVec2(dialog_width(WIDE), dialog_height(0.62))):
            for action in ACTIONS:
                self._row(ui, action)
            for keys, title, text in HANDS:
                _cells(keys, title, text)
            imgui.end_table()
        imgui.pop_style_var()
        stays = not imgui.button("Close")
        imgui.same_line()
        imgui.begin_disabled(not ui.changed_keys)
        if imgui.button("Reset all keys"):
            ui.do("set_keys", {})
            self._stop(ui)
        imgui.end_disabled()
        imgui.same_line()
        imgui.align_text_to_frame_padding()
        imgui.text_disabled("Click a key to change it, + to add one.")
        imgui.end()
        if not stays:
            self._stop(ui)
        return stays

    def _row(self, ui: PanelContext, action: Action) -> None:
        """Draw an action's keys as buttons, its title and its help. Changed keys can be reset."""
        imgui.table_next_row()
        imgui.table_next_column()
        imgui.push_id(action.name)
        chords = [chord for chord, name in ui.bindings.items() if name == action.name]
        for i, chord in enumerate(chords if action.name == FIXED else [*chords, ""]):
            if i:
                imgui.same_line(0, 3 * ui.scale)
            waiting = self._asked is not None and self._asked == (action, chord) and not self._conflict
            text = "press a key" if waiting else captions(action, {chord: action.name}, ui.key_captions) or "+"
            if imgui.small_button(f"{text}##{chord}") and action.name != FIXED:
                self._ask(ui, action, chord)
            if chord and action.name != FIXED:
                hint("Click to change this key, right-click to remove it.")
                if imgui.is_item_clicked(imgui.MouseButton_.right):
                    ui.do("set_keys", rebind(ui.changed_keys, action.name, chord, ""))
        if action.name in ui.changed_keys:
            imgui.same_line(0, 6 * ui.scale)
            if imgui.small_button("\uf0e2"):
                ui.do("set_keys", reset_keys(ui.changed_keys, action.name))
            hint("Restore this action's default keys.")
        imgui.pop_id()
        _rest(action.title, action.help)

    def _ask(self, ui: PanelContext, action: Action, chord: str) -> None:
        self._asked, self._conflict = (action, chord), ""
        ui.do("catch_key", lambda new: self._caught(ui, new), action.held)

    def _caught(self, ui: PanelContext, new: str) -> None:
        assert self._asked is not None
        action, old = self._asked
        owner = ui.bindings.get(new)
        if owner not in (None, action.name):
            self._conflict = new
            return
        if new:
            ui.do("set_keys", rebind(ui.changed_keys, action.name, old, new))
        self._asked = None

    def _tell(self, ui: PanelContext) -> None:
        """Draw the request for a key, or the conflict with another action."""
        if self._asked is None:
            faint("Movement keys follow key position; others follow the letter.")
            return
        action, old = self._asked
        imgui.align_text_to_frame_padding()
        if not self._conflict:
            imgui.text_unformatted(f"Press the new key for “{action.title}”, or Esc to cancel.")
            return
        owner = BY_NAME[ui.bindings[self._conflict]]
        imgui.text_unformatted(f"{caption(self._conflict)} is already used by “{owner.title}”.")
        imgui.same_line()
        if owner.name != FIXED and imgui.button(f"Use it for “{action.title}”"):
            ui.do("set_keys", rebind(ui.changed_keys, action.name, old, self._conflict))
            self._asked, self._conflict = None, ""
        imgui.same_line()
        if imgui.button("Keep as is"):
            self._asked, self._conflict = None, ""

    def _stop(self, ui: PanelContext) -> None:
        self._asked, self._conflict = None, ""
        ui.do("catch_key", None)


def _cells(*texts: str) -> None:
    imgui.table_next_row()
    imgui.table_next_column()
    imgui.text_unformatted(texts[0])
    _rest(*texts[1:])


def _rest(title: str, text: str) -> None:
    imgui.table_next_column()
    imgui.text_unformatted(title)
    imgui.table_next_column()
    imgui.text_disabled(text)
    hint(text)  # the text may be cut off in a small window

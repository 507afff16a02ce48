"""The command palette: finds any action by a part of its name."""

from __future__ import annotations

from difflib import SequenceMatcher

from imgui_bundle import imgui

from app.panels.context import PanelContext, faint
from app.panels.dialog import begin_dialog, dialog_width
from app.state.keymap import ACTIONS, Action, captions

ROWS = 12  # visible rows; the list scrolls
WIDE = 30  # letters
ALIKE = 0.6  # minimum similarity of a word and the typed text, if the letters aren't there in order
COMMANDS = tuple(action for action in ACTIONS if not action.held and action.name != "palette")


class Palette:
    """The typed text, and the selected command."""

    def __init__(self) -> None:
        self._typed, self._chosen = "", 0

    def draw(self, ui: PanelContext) -> bool:
        """Draw the palette; return whether it stays open."""
        begin_dialog("Command palette", 0.25)
        if imgui.is_window_appearing():
            self._typed, self._chosen = "", 0
            imgui.set_keyboard_focus_here()
        imgui.set_next_item_width(dialog_width(WIDE))
        changed, self._typed = imgui.input_text_with_hint("##find", "Search commands", self._typed)
        commands, exact = find_actions(self._typed)
        self._chosen, moved = (0, True) if changed else self._follow_arrows(len(commands))
        run = imgui.is_key_pressed(imgui.Key.enter, False) or imgui.is_key_pressed(imgui.Key.keypad_enter, False)
        # always full height: a window that shrinks while the user types would jump
        tall = (ROWS + 1) * imgui.get_text_line_height_with_spacing()
        if imgui.begin_child("commands", imgui.ImVec2(dialog_width(WIDE), tall)):
            if not exact:
                faint("No exact match. Did you mean:" if commands else "No matching command.")
            for i, action in enumerate(commands):
                reason = ui.why_not(action.name)
                imgui.begin_disabled(bool(reason))
                clicked = _row(ui, action, i == self._chosen, moved)
                imgui.end_disabled()
                if clicked or (run and i == self._chosen and not reason):
                    wanted = action.name
                    break
            else:
                wanted = ""
        imgui.end_child()
        imgui.separator()
        chosen = commands[self._chosen] if commands else None
        imgui.text_disabled("" if chosen is None else ui.why_not(chosen.name) or chosen.help)
        imgui.end()
        if wanted:
            ui.do(wanted)
        return not wanted

    def _follow_arrows(self, count: int) -> tuple[int, bool]:
        """Return the row selected by the arrow keys, and whether it changed."""
        way = imgui.is_key_pressed(imgui.Key.down_arrow) - imgui.is_key_pressed(imgui.Key.up_arrow)
        return min(max(self._chosen + way, 0), max(0, count - 1)), bool(way)


def find_actions(typed: str) -> tuple[list[Action], bool]:
    """Return (actions, True) for names with these letters in this order: first names that begin with them, the shortest first
    ("Autopilot" before "Autopilot panel"), then those that have them side by side.

    If there are none, return (actions with a similar word, False), most similar first.
    """
    commands = [action for action in COMMANDS if matches(typed, f"{action.title} {action.menu}")]
    if commands:
        return sorted(commands, key=lambda action: _rank(typed.lower(), action.title.lower())), True
    near = {action: likeness(typed, action.title) for action in COMMANDS}
    return sorted((a for a in COMMANDS if near[a] >= ALIKE), key=lambda action: -near[action]), False


def _rank(typed: str, title: str) -> tuple[bool, int]:
    return typed not in title, len(title) if typed and title.startswith(typed) else WIDE


def matches(typed: str, text: str) -> bool:
    """Whether `text` contains the typed letters in order, gaps allowed; case and spaces don't count."""
    letters = iter(text.lower())
    return all(letter in letters for letter in typed.lower() if letter != " ")


def likeness(typed: str, title: str) -> float:
    """Return the similarity 0..1 of the typed text and the title, or its most similar word."""
    words = (title.lower(), *title.lower().split())
    return max(SequenceMatcher(None, typed.lower(), word).ratio() for word in words)


def _row(ui: PanelContext, action: Action, chosen: bool, moved: bool) -> bool:
    """Draw a row; return whether it was clicked."""
    if chosen:
        imgui.push_style_color(imgui.Col_.header, imgui.get_style_color_vec4(imgui.Col_.button_active))
    clicked, _ = imgui.selectable(f"{action.title}##{action.name}", chosen)
    if chosen:
        imgui.pop_style_color()
        if moved:
            imgui.set_scroll_here_y()
    keys = captions(action, ui.bindings, ui.key_captions).split(", ")[0]
    imgui.same_line(dialog_width(WIDE) - imgui.calc_text_size(keys).x - 2 * imgui.get_style().scrollbar_size)
    (imgui.text_unformatted if chosen else imgui.text_disabled)(keys)  # faint text is unreadable on the selection
    return clicked

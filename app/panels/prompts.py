"""A text field for prompts, applied on Enter or when it loses the focus, with suggestions below."""

from __future__ import annotations

from imgui_bundle import imgui

from app.gui.theme import colour
from app.panels.context import PanelContext, hint
from app.panels.dice import dice_width, draw_dice
from app.state.suggestions import Suggestions
from diffusion.models.prompt_syntax import parse_prompt

SHOWN = 4  # suggestions
SYNTAX = "(ivy:1.3) or (ivy) is stronger, [moss] weaker; BREAK separates parts; \\( and \\[ are brackets."
TAGGED = "LoRAs named here are loaded when the program starts, from the folders in --lora."

STYLED = "Style pictures need --ip-adapter."


class PromptFields:
    """Text fields that keep unfinished input. Each panel has its own instance."""

    def __init__(self) -> None:
        self._typing: dict[int, str] = {}  # by ImGui's id of the field; removed when the field loses focus

    @property
    def typing(self) -> bool:
        """Whether something is being typed that isn't applied yet."""
        return any(text.strip() for text in self._typing.values())

    def line(self, label: str, empty: str, text: str, room: float = 0.0) -> tuple[bool, str]:
        """Draw a field that fills the row except for `room` points; return (committed, text). empty: placeholder."""
        identity = imgui.get_id(label)
        imgui.set_next_item_width(-room or -1)
        _, typed = imgui.input_text_with_hint(label, empty, self._typing.get(identity, text))
        active, left = imgui.is_item_active(), imgui.is_item_deactivated_after_edit()
        hint(SYNTAX)
        if active:
            self._typing[identity] = typed
            return False, text
        self._typing.pop(identity, None)
        return left and typed != text, typed

    def prompt(self, ui: PanelContext, label: str, text: str, most: int = SHOWN) -> tuple[bool, str]:
        """Draw a prompt field with at most `most` suggestions of the embedded model; return (committed, prompt)."""
        changed, typed = self.line(label, "Prompt: what it looks like", text, dice_width(ui))
        if drawn := draw_dice(ui, label, self._typing.get(imgui.get_id(label), typed)):
            changed, typed = True, drawn
        shown = self._typing.get(imgui.get_id(label), typed)
        if parse_prompt(shown).loras:
            imgui.text_disabled(TAGGED)
        if parse_prompt(shown).styles and not (
            ui.painter and ui.painter.client.model and ui.painter.client.model.adapter
        ):
            imgui.text_disabled(STYLED)
        painter = ui.painter
        if painter is None or painter.client.model is None or ui.session.model.ref is not None:
            return changed, typed
        chosen = self._suggestions(ui, label, shown, most)
        return (True, chosen) if chosen else (changed, typed)

    def _suggestions(self, ui: PanelContext, label: str, prompt: str, most: int) -> str:
        """Draw suggestions; return the one that was clicked, else "". The height is constant, so that nothing moves while typing."""
        top, line = imgui.get_cursor_pos_y(), imgui.get_text_line_height_with_spacing()
        found = ui.suggestions.about(prompt)
        if found is None:
            searching = bool(prompt.strip()) and not ui.suggestions.problem
            imgui.text_disabled("Searching for similar known prompts…" if searching else "")
            hint(ui.suggestions.problem)
        chosen = "" if found is None else self._matches(ui, label, prompt, found, most)
        room = top + (1 + most) * line - imgui.get_cursor_pos_y()
        if room > 0:
            imgui.dummy(imgui.ImVec2(1, room - imgui.get_style().item_spacing.y))
        return chosen

    def _matches(self, ui: PanelContext, label: str, prompt: str, found: Suggestions, most: int) -> str:
        """Draw the matches; return the one that was clicked, else ""."""
        chosen = ""
        tint = ui.palette.warning if found.far else ui.palette.good
        imgui.text_colored(colour(tint), "\uf071" if found.far else "\uf00c")
        hint(_verdict(found.far))
        imgui.same_line()
        imgui.text_disabled(_heading(found))
        hint("\n".join(found.readings))
        for caption, similarity in [m for m in found.matches if m[0] != prompt][:most]:
            imgui.push_id(f"{label}{caption}")
            end = imgui.get_cursor_pos_x() + imgui.get_content_region_avail().x
            if imgui.selectable(f"   {caption}", False)[0]:
                chosen = caption
            imgui.same_line(end - imgui.calc_text_size("0.00").x)
            imgui.text_disabled(f"{similarity:.2f}")
            imgui.pop_id()
        return chosen


def _heading(found: Suggestions) -> str:
    if found.far:
        return "Unlike anything the model was trained on. Most similar:"
    return f"{found.readings[0]}. Similar:" if found.readings else "Known to the model. Similar:"


def _verdict(far: bool) -> str:
    return (
        "The model was not trained on similar words, so the result may be anything."
        if far
        else "The model was trained on words like these."
    )

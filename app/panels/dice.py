"""Two buttons after a prompt: a dice that replaces it with a random one, and the options for drawing."""

from __future__ import annotations

from dataclasses import replace

from imgui_bundle import imgui

from app.gui.theme import colour
from app.panels.context import PanelContext, hint, square

DICE, OPTIONS = "\uf522", "\uf1de"
GAP = 3.0  # points between the field and the buttons
ANY = "any"
HOTTEST = 0.2  # temperature


def dice_width(ui: PanelContext) -> float:
    """Return the width of the buttons in points."""
    return 2 * (imgui.get_frame_height() + GAP * ui.scale)


def draw_dice(ui: PanelContext, label: str, prompt: str) -> str:
    """Draw the buttons at the end of the row; return a prompt that was drawn for this field, else ""."""
    imgui.push_id(label)
    imgui.same_line(0, GAP * ui.scale)
    if square(f"{DICE}##throw"):
        ui.dice.throw(label, prompt)
    hint(ui.dice.problem or f"Random prompt{_summary(ui)}. Undo brings the old one back.")
    imgui.same_line(0, GAP * ui.scale)
    if square(f"{OPTIONS}##options"):
        imgui.open_popup("dice")
    hint("Options for random prompts.")
    if imgui.begin_popup("dice"):
        _options(ui)
        imgui.end_popup()
    imgui.pop_id()
    drawn = ui.dice.take(label)
    if drawn is not None:
        same = drawn.match == drawn.prompt
        ui.overlays.toast(
            drawn.prompt + ("" if same else f" (most similar known: {drawn.match}, {drawn.similarity:.2f})")
        )
    return drawn.prompt if drawn is not None else ""


def _summary(ui: PanelContext) -> str:
    settings = ui.dice.settings
    words = [word for word in (settings.material, settings.mood) if word]
    near = (
        "near the present one"
        if settings.temperature < 0.02
        else "somewhat like it"
        if settings.temperature < 0.06
        else ""
    )
    return "".join(f", {word}" for word in (*words, near) if word)


def _options(ui: PanelContext) -> None:
    dice, wide = ui.dice, imgui.get_font_size() * 15
    imgui.set_next_item_width(wide - imgui.get_frame_height() - imgui.get_style().item_inner_spacing.x)
    enter = imgui.InputTextFlags_.enter_returns_true
    done, bank = imgui.input_text_with_hint("##bank", "the model's own captions", dice.settings.bank, enter)
    if (done or imgui.is_item_deactivated_after_edit()) and bank.strip() != dice.settings.bank:
        dice.settings = dice.settings.of_bank(bank.strip())
    hint(
        "A text file with a prompt on each line, a folder of captions, or a .safetensors bank. Empty: the model's own."
    )
    inner = imgui.get_style().item_inner_spacing.x
    imgui.same_line(0, inner)
    if square("\uf07c##file"):
        imgui.close_current_popup()
        ui.do("ask_bank")
    hint("Choose a file of prompts; the name of a folder can be typed.")
    imgui.same_line(0, inner)
    imgui.text_unformatted("Bank")
    found = dice.categories()
    for name, names in (("material", found.materials if found else ()), ("mood", found.moods if found else ())):
        imgui.set_next_item_width(wide)
        chosen = getattr(dice.settings, name)
        if imgui.begin_combo(name.capitalize(), chosen or ANY):
            for one in ("", *names):
                if imgui.selectable(one or ANY, one == chosen)[0]:
                    dice.settings = replace(dice.settings, **{name: one})
            imgui.end_combo()
    imgui.set_next_item_width(wide)
    moved, heat = imgui.slider_float("Temperature", dice.settings.temperature, 0.0, HOTTEST, "%.3f")
    if moved:
        dice.settings = replace(dice.settings, temperature=heat)
    hint("0 takes the prompt nearest to the present one, 0.03 stays close to it, above 0.1 it is nearly any.")
    if dice.problem:
        imgui.push_text_wrap_pos(wide * 1.4)
        imgui.text_colored(colour(ui.palette.warning), dice.problem)
        imgui.pop_text_wrap_pos()
    elif found is None:
        imgui.text_disabled("Reading the bank…")

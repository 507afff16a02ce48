"""Words for learners: a "?" that opens a paragraph, and remarks about what is seen; one setting hides them all."""

from __future__ import annotations

from collections.abc import Mapping

from imgui_bundle import imgui

from app.panels.context import PanelContext, hint

WIDTH = 24.0  # letters' heights of a paragraph
# What is explained → how.
ABOUT: Mapping[str, str] = {
    "blocks": "The network is asked once for every step: what of this is picture, and what is noise? The noisy latents come in at the "
    "left. Going down, each block sees less sharply and farther around, and keeps more kinds of findings; going up, they become "
    "sharp again with the help of what crossed the bridges, which was set aside on the way down. The front of each stack shows how "
    "much goes on where; behind it stand single findings.",
    "words": "Where blocks hear the prompt, every place of the picture asks each word: do you concern me? The answers, which add up to "
    "one, decide what the place takes over from the words. Bright is where a word was heard most. Here every material has its own "
    "prompt, which is heard in its own part alone.",
    "steps": "A dream begins as noise and is never painted stroke by stroke: at each step the network guesses the finished picture, "
    "and the noise is lowered a little towards that guess. The first guesses are the average of all that might be; each later one "
    "can rely on what was decided before. Drag the slider and watch the guess become a decision.",
    "emergence": "Colours and large shapes are there long before anything small: noise hides small things first, so they are the last "
    "that can be seen through it. Each plot compares a step's guess with the last one, in large shapes and in details, contrast left "
    "aside. Where the bright line stays up, one recognises what it will be.",
}


def about(ui: PanelContext, what: str) -> None:
    """A small "?" after the last item, that opens the paragraph of ABOUT."""
    if not ui.session.view.hints:
        return
    imgui.same_line()
    imgui.push_style_var(imgui.StyleVar_.frame_padding, imgui.ImVec2(5 * ui.scale, imgui.get_style().frame_padding.y))
    if imgui.button(f"?##{what}"):
        imgui.open_popup(what)
    imgui.pop_style_var()
    hint("What is this?")
    if imgui.begin_popup(what):
        imgui.push_text_wrap_pos(WIDTH * imgui.get_font_size())
        imgui.text_unformatted(ABOUT[what])
        imgui.pop_text_wrap_pos()
        if imgui.button("Hide all explanations"):
            ui.do("hide_hints")
        hint("For good; the View panel brings them back.")
        imgui.end_popup()


def remark(ui: PanelContext, text: str) -> None:
    """A line about what is seen, with a lamp before it."""
    if not (text and ui.session.view.hints):
        return
    imgui.push_style_color(imgui.Col_.text, imgui.get_style_color_vec4(imgui.Col_.check_mark))
    imgui.text_unformatted("\uf0eb")
    imgui.pop_style_color()
    imgui.same_line(0, 4 * ui.scale)
    imgui.push_text_wrap_pos(0.0)
    imgui.text_unformatted(text)
    imgui.pop_text_wrap_pos()

"""Explanations for learners: "?" buttons and remarks about dreams; one setting hides them all."""

from __future__ import annotations

from collections.abc import Mapping

from imgui_bundle import imgui

from app.panels.context import PanelContext, hint

WIDTH = 24.0  # width of a paragraph, in font sizes
# Topic → explanation.
ABOUT: Mapping[str, str] = {
    "blocks": "At each step the network answers one question: which part of this is picture, and which is noise? The noisy latents enter "
    "on the left. On the way down, each block sees a larger area less sharply and keeps more features. On the way up, the features "
    "become sharp again with the help of the skip connections, which carry details across. The front of each stack shows where "
    "much happens; the maps behind it are single features.",
    "words": "In blocks that read the prompt, every place of the picture weighs every word: does it concern me? The weights add up to one "
    "and decide what the place takes from each word. Bright places give a word the most weight. Each material has its own prompt, "
    "which is used only in its own part of the picture.",
    "steps": "A dream starts as noise. At each step the network predicts the finished picture, and some of the noise is replaced by that "
    "prediction. The first predictions average over everything possible; later ones build on what earlier steps decided. "
    "Drag the slider to watch the prediction become definite.",
    "emergence": "Colours and large shapes appear long before details, because noise hides small things most. Each plot compares a step's "
    "prediction with the last one, in large shapes and in details, regardless of contrast. Where the bright line stays high, you can "
    "recognise what the picture will be.",
}


def about(ui: PanelContext, what: str) -> None:
    """Draw a small "?" after the last item, which opens an explanation of ABOUT."""
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
        hint("Hides them everywhere. Turn them on again in the View panel.")
        imgui.end_popup()


def remark(ui: PanelContext, text: str) -> None:
    """Draw a remark, with a lamp icon."""
    if not (text and ui.session.view.hints):
        return
    imgui.push_style_color(imgui.Col_.text, imgui.get_style_color_vec4(imgui.Col_.check_mark))
    imgui.text_unformatted("\uf0eb")
    imgui.pop_style_color()
    imgui.same_line(0, 4 * ui.scale)
    imgui.push_text_wrap_pos(0.0)
    imgui.text_unformatted(text)
    imgui.pop_text_wrap_pos()

"""The network panel: the outputs of the U-Net's blocks, attention to each word of the prompt, and the decoder's stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from imgui_bundle import imgui

from app.panels.context import PanelContext, faint, hint
from app.panels.learn import about, remark
from app.panels.picture_view import fit_size
from app.panels.unet_view import UnetDiagram, figures
from app.panels.word_attention import WordsView
from app.session import Session
from app.state import step_notes as remarks
from app.state.inspection import lookable
from app.state.timeline import Record
from diffusion.introspection.roles import DECODER_ROLES, ROLES
from diffusion.lessons.stations import Setting

LOW, LEAST = 120.0, 210.0  # minimum height of the diagram in points: in a low panel, and with enough room
SHAPE = 0.78  # maximum ratio of its height to its width
WIDE, BROAD = 640.0, 1.2  # minimum width in points, and ratio to the height, of a panel with maps beside the diagram
COLUMN = 250.0  # width of the maps' column in points
BELOW = 104.0  # points below the diagram, so that the first row of maps is visible
ABREAST = 6  # maps in a row
# What is shown → tooltip. All at once would not fit into the panel.
SHOWS = {
    "Blocks": "Output of each U-Net block. Warmer colours took more time.",
    "Words": "Where the picture attends to each word of a prompt.",
    "Decoder": "Output of each stage that turns the step's prediction into a picture.",
}
UNASKED = "Look inside runs the decoder, too, and shows what each of its stages makes."
UNKNOWN = "The stages of this model's autoencoder are not known: it is neither Stable Diffusion's nor the embedded one."
LARGE = 320.0  # size of a map under the mouse in points


class NetworkPanel:
    title = "Network"

    def __init__(self) -> None:
        self._step = 0  # counted backwards from the last step, which shows most
        self._always, self._seen = False, -1
        self._shows = "Blocks"
        self._block: int | None = None
        self._unet, self._words = UnetDiagram(), WordsView()
        self._maps: tuple[Any, list[np.ndarray]] | None = None
        self._followed: Setting | None = None  # the guided tour's last request

    def choose(self, shows: str, region: int = 0, word: int = 0) -> None:
        """Show one of SHOWS; for Words, select a word of a region's prompt."""
        self._shows, self._words.region, self._words.word = shows, region, word

    def _follow(self, setting: Setting | None, record: Record | None) -> None:
        """Show what the guided tour requests."""
        self._followed = setting
        if setting is not None and setting.network and record is not None:
            self._shows, self._step = setting.network, round((1 - setting.place) * (len(record.shown) - 1))

    def draw(self, ui: PanelContext) -> Session:
        record = next((r for r in reversed(ui.timeline.records) if lookable(r)), None)
        if ui.tour.setting is not None:  # the guided tour looks into its own example
            record = ui.timeline.choose_example(lookable)
        if ui.tour.setting is not self._followed:
            self._follow(ui.tour.setting, record)
        if record is None:
            faint("After a dream, see here how the network made it.")
        else:
            self._ask(ui, record)
        answer = ui.inspection.answer
        if answer is not None and answer.inside is not None and ui.inspection.picture is not None:
            inside = answer.inside
            network = "few-step network" if inside.few_step else "model itself"
            coming = ", updating" if ui.inspection.asked is not None else ""
            faint(
                f"Dream {answer.asked.dream + 1}, step {answer.asked.step}, sigma {answer.asked.sigma:.3g}, by the {network}{coming}"
            )
            if self._shows == "Blocks":
                return self._blocks(ui, inside.blocks, ROLES)
            if self._shows == "Decoder" and answer.decoder:
                return self._blocks(ui, answer.decoder, DECODER_ROLES)
            if self._shows == "Decoder":
                faint(UNKNOWN if answer.asked.decoder else UNASKED)
                return ui.session
            self._words.draw(ui, inside.prompts, ui.inspection.picture)
        elif ui.inspection.asked is not None:
            faint("Waiting for the running dream to finish…")
        elif record is not None:
            faint("Look inside runs this step again and shows what the network did.")
        return ui.session

    def _ask(self, ui: PanelContext, record: Record) -> None:
        """Draw the choice of a step and the Look inside button."""
        last = len(record.shown) - 1
        place = max(0, last - self._step)
        words = "\uf002  Look inside"
        width = imgui.calc_text_size(words).x + 2 * imgui.get_style().frame_padding.x
        imgui.set_next_item_width(-width - imgui.get_style().item_spacing.x)
        if last > 0:
            caption = f"step {record.shown[place].number} of {record.steps}"
            place = imgui.slider_int("##step", place, 0, last, caption, imgui.SliderFlags_.always_clamp)[1]
            self._step = last - place
            hint("Step of the last dream to inspect.")
            imgui.same_line()
        imgui.begin_disabled(ui.inspection.asked is not None)
        asked = imgui.button(words)
        hint("Run this step again and show the output of each block.")
        imgui.end_disabled()
        for name, words in SHOWS.items():
            if imgui.radio_button(name, self._shows == name):
                self._shows, self._block = name, None
            hint(words)
            imgui.same_line()
        _, self._always = imgui.checkbox("Always", self._always)
        hint("Inspect every dream while this panel is open. Costs one extra model call per dream.")
        about(ui, self._shows.lower())
        fresh, self._seen = record.id != self._seen, record.id
        if asked or (self._always and fresh):
            ui.do("look_inside", record, place, False, False, self._shows == "Decoder")

    def _blocks(self, ui: PanelContext, blocks: tuple[Any, ...], roles: Mapping[str, str]) -> Session:
        """Draw the U-Net or the decoder, with the output of the selected block beside or below it. roles: of blocks, by kind."""
        chosen = len(blocks) - 2 if self._block is None else min(self._block, len(blocks) - 1)
        room = imgui.get_content_region_avail()
        beside = room.x > max(WIDE * ui.scale, BROAD * room.y)
        width = room.x - beside * (COLUMN * ui.scale + imgui.get_style().item_spacing.x)
        fitting = room.y if beside else min(SHAPE * width, room.y - BELOW * ui.scale)
        least = min(LEAST * ui.scale, max(LOW * ui.scale, room.y))  # the whole diagram has priority over the maps
        after, motion = self._unet.draw(ui, blocks, chosen, width, max(least, fitting))
        if after != chosen:
            self._block = after
        if beside:
            imgui.same_line()
        imgui.begin_group()
        self._block_words(ui, blocks, after, roles)
        imgui.end_group()
        view = ui.session.view
        return ui.session if motion == view.motion else replace(ui.session, view=replace(view, motion=motion))

    def _block_words(self, ui: PanelContext, blocks: tuple[Any, ...], chosen: int, roles: Mapping[str, str]) -> None:
        block = blocks[chosen]
        imgui.push_text_wrap_pos(0.0)
        imgui.text_unformatted(
            f"{block.name}: {roles[block.kind]} {'It reads the prompt.' if block.attends_to_text else ''}"
        )
        imgui.pop_text_wrap_pos()
        faint(figures(block, sum(b.seconds for b in blocks)))
        remark(ui, remarks.of_blocks(blocks))
        if self._maps is None or self._maps[0] is not block:
            self._maps = block, [np.repeat(m[..., None], 3, 2) for m in (block.strength, *block.maps)]
        self._grid(ui, block)

    def _grid(self, ui: PanelContext, block: Any) -> None:
        """Draw the strength map and the most varied channels, enlarged under the mouse."""
        assert self._maps is not None
        gap = 3 * ui.scale
        side = (imgui.get_content_region_avail().x - (ABREAST - 1) * gap) / ABREAST
        imgui.push_style_var(imgui.StyleVar_.item_spacing, imgui.ImVec2(gap, gap))
        for i, picture in enumerate(self._maps[1]):
            if i % ABREAST:
                imgui.same_line()
            texture = ui.picture(f"network map {i}", picture)
            imgui.image(texture, fit_size(picture, side, side))
            if imgui.is_item_hovered():
                imgui.begin_tooltip()
                imgui.text_unformatted(f"channel {block.channels[i - 1]}" if i else "all channels: strength")
                imgui.image(texture, fit_size(picture, LARGE * ui.scale, LARGE * ui.scale))
                imgui.end_tooltip()
        imgui.pop_style_var()

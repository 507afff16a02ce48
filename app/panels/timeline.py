"""The timeline panel: step through and play the last dreams, and save them as GIF, video or pictures."""

from __future__ import annotations

from imgui_bundle import imgui

from app.panels.beside import BesideView
from app.panels.concepts import draw_concepts
from app.panels.context import PanelContext, faint, hint
from app.panels.curves import draw_curves
from app.panels.emergence import EmergencePlots
from app.panels.latents import LatentsView
from app.panels.learn import about, remark
from app.panels.noised import NoisedView
from app.panels.picture_view import fit_size, show
from app.panels.regions import draw_regions
from app.panels.split import Split
from app.session import Session
from app.state import step_notes as remarks
from app.state.inspection import lookable
from app.state.timeline import Record
from diffusion.lessons.stations import Setting

RATE = 8.0  # pictures per second while playing
TALL, LEAST = 230.0, 110.0  # maximum and minimum height of a picture in points
# How a step is shown → tooltip.
SHOWS = {
    "Picture": "Prediction at this step.",
    "Noisy": "Noisy input of the step next to its prediction. Drag the line to compare.",
    "Regions": "Prediction of each region's prompt alone.",
    "Beside": "This dream beside another one of the same view, and where they diverge.",
    "Noised": "A picture with the noise of each step added (unsampled); a dream can continue from any of them.",
    "Latents": "All channels of the latents at this step, and a histogram of their values.",
}


class TimelinePanel:
    title = "Timeline"

    def __init__(self) -> None:
        self._id: int | None = None  # id of the dream shown; None = always the latest
        self._place = 0
        self._playing_since: float | None = None
        self._shows, self._split, self._emergence = "Picture", Split(), EmergencePlots()
        self._latents, self._beside, self._noised = LatentsView(), BesideView(), NoisedView()
        self._followed: Setting | None = None  # the guided tour's last request

    def show(self, number: int, place: int, manner: str) -> None:
        """Show a step of a dream. number: id of the dream; manner: one of SHOWS."""
        self._id, self._place, self._shows, self._playing_since = number, place, manner, None

    def _follow(self, setting: Setting | None, record: Record) -> None:
        """Show what the guided tour requests."""
        self._followed = setting
        if setting is not None and record.shown:
            self.show(record.id, round(setting.place * (len(record.shown) - 1)), setting.timeline)

    def draw(self, ui: PanelContext) -> Session:
        ui.do("watch")
        records = ui.timeline.records
        if not records:
            faint("The steps of each dream appear here.")
            return ui.session
        record = next((r for r in records if r.id == self._id), records[-1])
        if ui.tour.setting is not self._followed:
            record = ui.timeline.choose_example(lambda r: r.image is not None and lookable(r)) or record
            self._follow(ui.tour.setting, record)
        self._thumbnails(ui, records, record)
        pictures = record.pictures
        if pictures:
            self._scrub(ui, record, len(pictures))
            self._picture(ui, record)
            faint(_words(record, self._place))
            self._emergence.follow(record)
            guidance = [step.preview.guidance for step in record.shown]
            remark(ui, remarks.of_step(self._emergence.found, guidance, self._place))
        self._exports(ui, record)
        draw_curves(ui, record, self._place)
        if self._emergence.found:
            self._draw_emergence(ui, record)
        return ui.session

    def _draw_emergence(self, ui: PanelContext, record: Record) -> None:
        """Draw the plots of when each region became what it is; a click selects the step."""
        imgui.align_text_to_frame_padding()
        imgui.text_unformatted("When it emerges")
        about(ui, "emergence")
        named = draw_concepts(ui, record, self._place)
        clicked = self._emergence.draw(ui, self._place)
        clicked = named if named is not None else clicked
        if clicked is not None:
            self.show(record.id, clicked, self._shows)

    def _picture(self, ui: PanelContext, record: Record) -> None:
        """Draw the selected step in the chosen manner. Steps that were not recorded in detail are shown as plain pictures."""
        imgui.set_next_item_width(-2 * imgui.get_frame_height())
        if imgui.begin_combo("##shows", f"Show: {self._shows.lower()}"):
            for name, words in SHOWS.items():
                if imgui.selectable(name, self._shows == name)[0]:
                    self._shows = name
                hint(words)
            imgui.end_combo()
        hint(SHOWS[self._shows])
        about(ui, "steps")
        tall = min(
            TALL * ui.scale,
            max(LEAST * ui.scale, imgui.get_content_region_avail().y - imgui.get_text_line_height_with_spacing()),
        )
        step = record.shown[min(self._place, len(record.shown) - 1)].preview if record.shown else None
        width, image = imgui.get_content_region_avail().x, record.pictures[self._place]
        if step and self._shows == "Noisy" and step.noisy is not None:
            size = fit_size(step.image, width, tall)
            corner = imgui.get_cursor_screen_pos()
            pictures = ui.picture("timeline noisy", step.noisy), ui.picture("timeline", step.image)
            box = corner.x + (width - size.x) / 2, corner.y, size.x, size.y
            self._split.draw(pictures, box, ui.scale, ("noisy", "predicted"))
        elif step and self._shows == "Regions" and step.parts:
            draw_regions(ui, "timeline", step.parts, width)
        elif step and self._shows == "Beside":
            self._beside.draw(ui, record, self._place, width, tall)
        elif step and self._shows == "Noised":
            self._noised.draw(ui, record, width)
        elif step and self._shows == "Latents":
            self._latents.draw(ui, step, width)
        else:
            if self._shows != "Picture":
                faint("Recorded only while this panel or Preview is open.")
            show(ui, "timeline", image, width, tall)

    def _thumbnails(self, ui: PanelContext, records: tuple[Record, ...], chosen: Record) -> None:
        """Draw the last dreams as small pictures. A click on the newest follows new dreams again."""
        room = imgui.get_content_region_avail().x
        side = 44 * ui.scale
        fits = max(1, int(room // (side * 1.6)))
        for i, record in enumerate(records[-fits:]):
            if not record.pictures:
                continue
            image = record.pictures[-1]
            if i:
                imgui.same_line(0, 4 * ui.scale)
            size = imgui.ImVec2(side * image.shape[1] / image.shape[0], side)
            place = imgui.get_cursor_screen_pos()
            imgui.image(ui.picture(f"thumbnail{record.id}", image), size)
            if record is chosen:
                corner = imgui.ImVec2(place.x + size.x, place.y + size.y)
                colour = imgui.get_color_u32(imgui.Col_.check_mark)
                imgui.get_window_draw_list().add_rect(place, corner, colour, 0.0, 2.0 * ui.scale)
            if imgui.is_item_clicked():
                self._id, self._playing_since = (None if record is records[-1] else record.id), None
                self._place = len(record.pictures) - 1
            hint(
                f"Dream {record.id + 1}, {record.seconds:.1f} s"
                if record.image is not None
                else f"Dream {record.id + 1}"
            )

    def _scrub(self, ui: PanelContext, record: Record, count: int) -> None:
        playing = self._playing_since is not None
        if imgui.button("\uf04c" if playing else "\uf04b"):
            self._playing_since = None if playing else ui.now
        hint("Play the steps in a loop.")
        imgui.same_line()
        imgui.set_next_item_width(-1)
        if self._playing_since is not None:
            self._place = int((ui.now - self._playing_since) * RATE) % (
                count + 4
            )  # the finished picture is shown longer
        elif self._id is None:  # the user selected no dream: follow the running one, then show it finished
            self._place = count - 1
        self._place = min(self._place, count - 1)
        clamp, words = imgui.SliderFlags_.always_clamp, _format(record, self._place)
        moved, self._place = imgui.slider_int("##step", self._place, 0, count - 1, words, clamp)
        if moved:
            self._playing_since, self._id = None, record.id

    def _exports(self, ui: PanelContext, record: Record) -> None:
        imgui.begin_disabled(len(record.pictures) < 2)
        for i, (label, suffix) in enumerate((("GIF", ".gif"), ("Video", ".mp4"), ("Pictures", ""))):
            if i:
                imgui.same_line()
            if imgui.button(f"\uf019  {label}"):
                ui.do("export_steps", record, suffix)
            hint(
                f"Save the steps of this dream as {label.lower() if label != 'GIF' else label} in the pictures folder."
            )
        imgui.end_disabled()


def _format(record: Record, place: int) -> str:
    if place < len(record.shown):
        return f"step {record.shown[place].number} of {record.steps}"
    return "finished"


def _words(record: Record, place: int) -> str:
    if place < len(record.shown):
        return f"{record.shown[place].time:.2f} s after the first step"
    return f"decoded; {record.seconds:.2f} s in total" if record.seconds else "decoded"

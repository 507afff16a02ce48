"""Two recorded dreams of one view side by side, step by step: how similar they are, and where they diverge."""

from __future__ import annotations

from imgui_bundle import imgui

from app.panels.context import PanelContext, faint, hint
from app.panels.parting import PartingPlot, paired
from app.panels.picture_view import fit_size
from app.panels.sampler import difference
from app.panels.split import Split
from app.state.timeline import Record

HOW = (
    "Dream this view again to compare: use “Compare with…” in the Sampler panel or “Compare it…” in Models, or change a prompt, "
    "seed or setting and repaint the view."
)


class BesideView:
    """A part of the Timeline panel."""

    def __init__(self) -> None:
        self.other: int | None = None  # the other dream's id; None: the latest comparable one
        self.parting, self._split = PartingPlot(), Split()

    def draw(self, ui: PanelContext, record: Record, place: int, width: float, tall: float) -> None:
        """place: of the selected step."""
        others = comparable(ui.timeline.records, record)
        if not others or record.image is None:
            faint(HOW)
            return
        other = next((one for one in others if one.id == self.other), others[-1])
        if len(others) > 1:
            self._choose(others, other)
        place = min(place, len(record.shown) - 1)
        pairs = paired(record, other)
        left, right = record.shown[place].preview.image, other.shown[pairs[place]].preview.image
        size, corner = fit_size(left, width, tall), imgui.get_cursor_screen_pos()
        box = corner.x + (width - size.x) / 2, corner.y, size.x, size.y
        pictures = ui.picture("timeline", left), ui.picture("timeline beside", right)
        self._split.draw(pictures, box, ui.scale, (record.name, other.name))
        self.parting.draw(record, other, place, ui.scale)
        faint(what_differs(record, other))

    def _choose(self, others: list[Record], chosen: Record) -> None:
        imgui.set_next_item_width(-1)
        if imgui.begin_combo("##beside", f"beside {chosen.name}"):
            for one in others:
                if imgui.selectable(f"{one.name}##{one.id}", one is chosen)[0]:
                    self.other = one.id
            imgui.end_combo()
        hint("The dream to compare with.")


def comparable(records: tuple[Record, ...], record: Record) -> list[Record]:
    """Return the other finished dreams with pictures of the same size from the same camera."""
    return [
        one
        for one in records
        if one is not record and one.image is not None and one.shown and record.shown
        and one.camera == record.camera and one.shown[0].sketch.shape == record.shown[0].sketch.shape
    ]  # fmt: skip


def what_differs(one: Record, other: Record) -> str:
    """Return a line for the model, each setting and prompt that differs between two dreams."""
    if one.settings is None or other.settings is None or one.canvas is None or other.canvas is None:
        return ""
    lines = [] if one.model == other.model else [f"model: {one.name} → {other.name}"]
    lines += [] if one.settings == other.settings else [difference(one.settings, other.settings)]
    pairs = zip(one.canvas.regions, other.canvas.regions, strict=False)
    lines += [f"prompt: {a.prompt} → {b.prompt}" for a, b in pairs if a.prompt != b.prompt]
    return "\n".join(lines) or "Both have the same settings and prompts."

"""What each picture of docs/tour.md shows: how the window is prepared for it, and when it is ready."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from imgui_bundle import imgui

from app.explorer.explorer import Explorer
from app.files import presets
from app.files.picture import Source
from app.moving.route import Route
from app.panels.lessons import LessonsPanel
from app.panels.network import NetworkPanel
from app.panels.timeline import TimelinePanel
from app.session import ModelChoice
from app.state.mask_shapes import draw_stroke
from app.state.overlays import FileDialog
from app.state.timeline import Timeline
from scenes.load import BUILTIN, load_scene, save_scene


@dataclass(frozen=True)
class Shot:
    """prepare: called first; ready: the condition to wait for; frames: number to draw before the screenshot."""

    name: str
    prepare: Callable[[Explorer], None]
    frames: int = 8
    ready: Callable[[Explorer], bool] = lambda x: True


def front(*titles: str) -> Callable[[Explorer], None]:
    return lambda x: x.shell.bring_to_front(*titles)


def front_alone(*titles: str) -> Callable[[Explorer], None]:
    def prepare(x: Explorer) -> None:
        x.state.overlays.close()
        x.shell.bring_to_front(*titles)

    return prepare


def open_dialog(name: str) -> Callable[[Explorer], None]:
    def prepare(x: Explorer) -> None:
        x.state.overlays.close()
        setattr(x.state.overlays, name, True)

    return prepare


def scene_alone(x: Explorer) -> None:
    x.state.overlays.close()
    x.shell.shown = False


def camera_path(x: Explorer) -> None:
    x.do("stop")
    x.shell.bring_to_front("Camera", "Preview")
    x.state.route = Route.of(x.state.scene.paths["walk"])


def freeze(x: Explorer) -> None:
    """A stroke of the brush over the lower half of the scene."""
    x.shell.bring_to_front("Volume", "Preview")
    x.do("brush", "freeze")
    left, top, width, height = x.shell.scene_box
    x.state.brush.press(left + 0.2 * width, top + 0.7 * height)
    for share in (0.3, 0.4, 0.5, 0.6):
        x.controls.mouse_moved(left + share * width, top + (0.7 - 0.1 * (share - 0.2)) * height, 0, 0)
    x.state.brush.release()


def splat(x: Explorer) -> None:
    """A round picture splatted onto the scene."""
    x.do("undo")
    x.do("brush", "")
    x.shell.bring_to_front("View", "Image")
    y, across = np.mgrid[-1:1:256j, -1:1:256j]
    inside = np.hypot(across, y) < 0.85
    rings = np.sin(np.hypot(across, y) * 26) > 0
    red, cream = np.array([[230, 70, 50], [250, 240, 220]], np.uint8)
    picture = np.where(rings[..., None], red, cream)
    x.state.source = Source("target.png", np.dstack([picture, inside * np.uint8(255)]))
    x.do("splat")


def pictures(x: Explorer) -> None:
    """Three pictures of a wall, while the scene waits."""
    x.do("undo")
    x.state.session = replace(x.state.session, live=replace(x.state.session.live, auto=False))
    x.shell.bring_to_front("Picture", "Gallery")
    work = x.state.pictures
    work.form = replace(work.form, count=3, every=2).set(prompt="old red brick wall, sunny day").set_dream(seed=11)
    x.do("make_pictures")


def three_pictures(x: Explorer) -> bool:
    entries = x.state.pictures.gallery.entries
    return len(entries) >= 3 and all(x.state.pictures.small.get(entry.path) is not None for entry in entries)


def draw_mask(x: Explorer) -> None:
    x.do("use_input", x.state.pictures.gallery.entries[0].path)


def masked(x: Explorer) -> bool:
    """The mask editor is open on the first picture, with a curved stroke."""
    work = x.state.pictures
    if work.form.settings.init is None or work.editor is None:
        if work.form.settings.init is not None and not x.services.gallery.busy:
            x.do("edit_mask")
        return False
    height, width = work.editor.mask.shape
    along = np.linspace(0, 1, 40)
    way = list(zip(width * (0.1 + 0.8 * along), height * (0.55 - 0.25 * np.sin(5 * along)), strict=True))
    work.editor.change(lambda mask: draw_stroke(mask, way, height / 9, 0.4))
    return True


def inpaint(x: Explorer) -> None:
    x.do("use_mask")


def inpainted(x: Explorer) -> bool:
    """The picture beside one with ivy, while a second one is generated."""
    work = x.state.pictures
    if work.form.mode == "inpaint" and work.form.settings.prompt != "ivy leaves":
        work.form = replace(work.form, count=2).set(prompt="ivy leaves").set_dream(strength=1.0)
        x.do("make_pictures")
    if len(work.gallery.entries) == 4 and work.seen is None and not x.services.gallery.busy:
        newest = work.gallery.entries[0]
        before = next(entry for entry in work.gallery.entries if entry.path == work.form.settings.init)
        work.gallery.chosen = before.name, newest.name
        x.do("view_pictures", before, newest)
    return work.seen is not None


def fly(x: Explorer) -> None:
    x.do("close_pictures")
    x.state.session = replace(x.state.session, live=replace(x.state.session.live, auto=True))
    x.state.source = None
    x.shell.bring_to_front("View", "Autopilot")
    x.do("autopilot", 0.95, False)


def done(x: Explorer) -> bool:
    return (
        not x.services.strokes.busy
        and not x.state.brush.painting
        and (x.state.open_scene is None or x.state.open_scene.painter.client.running is None)
    )


def rested(x: Explorer) -> bool:
    return x.status == "this view is finished"


def timeline(x: Explorer) -> None:
    """A dream's fourth step, its noise beside what is predicted."""
    x.shell.bring_to_front("Sampler", "Timeline")
    x.state.timeline = Timeline()  # of dreams that weren't displayed
    x.do("dream")


def scrubbed(x: Explorer) -> bool:
    panel = next(panel for panel, _ in x.shell.panels if isinstance(panel, TimelinePanel))
    records = x.state.timeline.records
    if not rested(x) or not records:
        return False
    panel.show(records[-1].id, 3, "Noisy")
    return True


def floating(title: str, box: tuple[int, int, int, int]) -> Callable[[Explorer], None]:
    """A panel undocked at x, y, width, height in points. `Shell.reset_layout` puts it back."""

    def prepare(x: Explorer) -> None:
        x.shell.bring_to_front("Preview")
        docks = imgui.internal
        docks.dock_context_queue_undock_window(imgui.get_current_context(), docks.find_window_by_name(title))
        imgui.set_window_pos(title, imgui.ImVec2(*box[:2]))
        imgui.set_window_size(title, imgui.ImVec2(*box[2:]))

    return prepare


def looked(x: Explorer) -> bool:
    """Inside the network at the last dream's last step, once there is one."""
    if (
        x.state.inspection.asked is None
        and x.state.inspection.answer is None
        and rested(x)
        and x.state.timeline.records
    ):
        record = x.state.timeline.records[-1]
        x.do("look_inside", record, len(record.shown) - 1)
    return x.state.inspection.answer is not None


def words(x: Explorer) -> None:
    """Where a word gets attention: the flowers, if there are any."""
    panel = next(panel for panel, _ in x.shell.panels if isinstance(panel, NetworkPanel))
    answer = x.state.inspection.answer
    prompts = answer.inside.prompts if answer is not None and answer.inside is not None else ()
    places = [(i, k) for i, one in enumerate(prompts) for k, word in enumerate(one.words) if "flower" in word]
    panel.choose("Words", *(places or [(0, 1)])[0])


def lessons(x: Explorer) -> None:
    """The station on attention, with its question answered."""
    x.shell.reset_layout()
    x.do("tour")
    panel = next(panel for panel, _ in x.shell.panels if isinstance(panel, LessonsPanel))
    panel.visit(6)


def compare(x: Explorer) -> None:
    x.state.overlays.tour = False
    x.shell.reset_layout()
    x.shell.bring_to_front("Sampler", "Preview")
    x.do("compare", "Balanced", presets.apply(x.state.session.dream, presets.PRESETS["Balanced"][1]))


def compared(x: Explorer) -> bool:
    return x.state.comparison is not None and x.state.comparison.done


def compare_models(ref: str) -> Callable[[Explorer], None]:
    """The session's model and another one on this view."""

    def prepare(x: Explorer) -> None:
        x.do("stop_comparing")
        x.shell.reset_layout()
        x.shell.bring_to_front("Models", "Preview")
        x.do("compare_models", ModelChoice(ref))

    return prepare


def stepped(x: Explorer) -> bool:
    """A middle step of both, once their steps are compared."""
    overlay = x.shell.overlay_panels.compare
    if x.state.comparison is None or not x.state.comparison.done:
        return False
    if not x.state.comparison.step_through:
        x.do("step_through")
    if overlay.parting.found is None:
        return False
    x.shell.bring_to_front("Models")
    overlay.step = len(overlay.parting.found.coarse) // 2
    return True


def play_run(folder: Path) -> Callable[[Explorer], None]:
    def prepare(x: Explorer) -> None:
        x.do("stop_comparing")
        x.state.overlays.first_help = False
        x.do("open_run", folder)

    return prepare


def last_sheet(x: Explorer) -> bool:
    """The film stands still in the middle of the last sheet."""
    run, film = x.state.pictures.run, x.shell.overlay_panels.cover.film
    if run is None or x.state.pictures.sheets.get(run.sheets[-1][1]) is None:
        film.place, film.playing = 0.0 if run is None else len(run.sheets) - 0.5, False
        return False
    film.place, film.playing = len(run.sheets) - 0.5, False
    return True


def variations(x: Explorer) -> None:
    """Variations of the cobbles, or of another scene's third material."""
    x.do("stop_comparing")
    x.shell.bring_to_front("Scene", "Preview")
    names = [material.name for material in x.state.scene.materials]
    x.do("variations", names.index("cobble") if "cobble" in names else 2)


def browse(x: Explorer) -> None:
    x.do("stop_comparing")
    kept = x.state.folders.data / "scenes"
    for name in BUILTIN:
        save_scene(load_scene(name), kept / name)
    x.state.overlays.file_dialog = FileDialog("open", kept)


def two_views(x: Explorer) -> bool:
    flight = x.state.travel.flight
    return flight is None or sum(view.dreams for view in flight.pilot.views) >= 2


def start_page(x: Explorer) -> None:
    """With two scenes opened before."""
    kept = x.state.folders.data / "scenes"
    for name in ("ruins", "city"):
        save_scene(load_scene(name), kept / f"my {name}")
        x.state.recent = (*x.state.recent, str(kept / f"my {name}"))
    x.do("start_page")


SHOTS = (
    Shot("start", start_page, 30),
    Shot("explorer", front_alone("View", "Preview"), 20),
    Shot("sampler", timeline, 12, scrubbed),
    Shot("network", floating("Network", (24, 50, 850, 560)), 12, looked),
    Shot("words", words),
    Shot("lessons", lessons, 12, looked),
    Shot("compare", compare, 12, compared),
    Shot("variations", variations, 12, compared),
    Shot("open", browse, 20),
    Shot("volume", front_alone("Volume", "Log"), 60, rested),
    Shot("brush", freeze, 12, done),
    Shot("image", splat, 12, lambda x: done(x) and len(x.state.strokes) > 0),
    Shot("gallery", pictures, 12, three_pictures),  # generates what the next two show
    Shot("mask", draw_mask, 12, masked),
    Shot("picture", inpaint, 12, inpainted),
    Shot("autopilot", fly, 12, two_views),
    Shot("camera", camera_path, 14),
    Shot("latents", lambda x: x.do("mode_latents")),
    Shot("steps", lambda x: x.do("mode_steps")),
    Shot("density", lambda x: x.do("mode_density")),
    Shot("painted", lambda x: x.do("mode_painted")),
    Shot("keys", open_dialog("help"), 12),
    Shot("palette", open_dialog("palette"), 12),
    Shot("scene_alone", scene_alone, 90, rested),  # without panels more of the scene is visible and dreamed
)


def further_shots(beside: str | None, run: Path | None) -> tuple[Shot, ...]:
    """Of what needs a file that isn't part of the program."""
    models = () if beside is None else (Shot("models", compare_models(beside), 30, stepped),)
    return models if run is None else (*models, Shot("run", play_run(run.absolute()), 12, last_sheet))

"""The autopilot panel: progress, remaining time, and its plan as a list, on the map and in the scene."""

from __future__ import annotations

import numpy as np
from imgui_bundle import imgui

from app.gui.theme import colour
from app.loop.autopilot import Viewpoint
from app.moving.flight import UNTIL, Flight
from app.panels.context import PanelContext, faint, hint
from app.panels.map import frame, picture
from app.session import Session
from scenes.camera import Camera
from scenes.scene import Scene

LISTED = 5  # number of upcoming views in the list
MAP = 0.55  # maximum share of the panel's width for the map
DRAWN = 24
REACH = 0.8  # height of a view's pyramid in the scene, in blocks


class AutopilotPanel:
    title = "Autopilot"

    def __init__(self) -> None:
        self._until, self._follow = UNTIL, True
        self._picture: tuple[Scene, np.ndarray] | None = None

    def draw(self, ui: PanelContext) -> Session:
        if ui.painter is None or ui.painter.client.model is None:
            faint("Opening the scene." if ui.painter is None else "Loading the model.")
            return ui.session
        flight = ui.travel.flight
        imgui.begin_disabled(flight is not None)
        imgui.set_next_item_width(-1)
        flags = imgui.SliderFlags_.always_clamp
        _, percent = imgui.slider_float("##until", 100 * self._until, 5.0, 100.0, "stop at %.0f %% finished", flags)
        self._until = percent / 100
        surfaces = ui.painter.client.model.knows_surfaces
        hint(f"Share of the surfaces{'' if surfaces else ' visible from the scene’s camera paths'}.")
        imgui.end_disabled()
        changed, follow = imgui.checkbox("Camera follows", flight.follow if flight else self._follow)
        self._follow = follow
        if changed and flight:
            flight.follow = follow
        hint("When off, you can look around while the autopilot paints. Walking also detaches the camera.")
        if flight is None:
            if imgui.button("\uf072  Paint the whole scene", imgui.ImVec2(-1, 0)):
                ui.do("autopilot", self._until, self._follow)
            faint(
                "The autopilot paints all surfaces straight on at full resolution, nearest first."
                if surfaces
                else "The autopilot looks along all camera paths and always paints the view with the most unfinished surface."
            )
            return ui.session
        if imgui.button("\uf04d  Stop", imgui.ImVec2(-1, 0)):
            ui.do("stop")
        self._progress(flight)
        imgui.begin_group()
        self._draw_map(ui, flight, MAP * imgui.get_content_region_avail().x)
        imgui.end_group()
        imgui.same_line()  # stacked, a low panel would hide the list
        imgui.begin_group()
        self._list(ui, flight)
        imgui.end_group()
        _draw_views(ui, flight)
        return ui.session

    def _progress(self, flight: Flight) -> None:
        views = len(flight.pilot.views)
        if not flight.surveyed:
            measuring = f"measuring views: {flight.measured} of {views}" if views else flight.status_text
            imgui.progress_bar(flight.measured / max(1, views), imgui.ImVec2(-1, 0), measuring)
            return
        span = max(flight.until - flight.begun_at, 1e-6)
        share = min(max((flight.coverage - flight.begun_at) / span, 0.0), 1.0)
        imgui.progress_bar(share, imgui.ImVec2(-1, 0), f"{flight.coverage:.1%} of {flight.until:.0%}")
        dreams = sum(view.dreams for view in flight.pilot.views)
        left = flight.seconds_left
        time = "" if left is None else f", about {duration(left)} left"
        faint(f"{flight.status_text}; {dreams} of {views} {flight.noun} painted{time}")

    def _list(self, ui: PanelContext, flight: Flight) -> None:
        """List the upcoming views, each with the share of all surfaces that it would finish."""
        total = max(1, sum(view.seen for view in flight.pilot.views))
        plan = [view for view in flight.pilot.plan if view is not flight.current]
        shown = ([flight.current] if flight.current else []) + plan[:LISTED]
        for i, view in enumerate(shown):
            imgui.push_id(i)
            if imgui.small_button("Go"):
                flight.follow = False
                ui.do("go_to", view.camera)
            imgui.same_line()
            now = "now" if view is flight.current else f"{i + (flight.current is None)}."
            imgui.text_unformatted(f"{now} +{view.gain / total:.1%}")
            x, y, z = view.camera.position
            hint(f"Share of all visible surfaces that this view would finish. Position: {x:.0f}, {y:.0f}, {z:.0f}.")
            imgui.pop_id()
        if len(plan) > LISTED:
            faint(f"and {len(plan) - LISTED} more")

    def _draw_map(self, ui: PanelContext, flight: Flight, room: float) -> None:
        """Draw the map from above: painted views, upcoming views sized by their gain, and the current one."""
        if self._picture is None or self._picture[0] is not ui.scene:
            self._picture = ui.scene, picture(ui.scene)
        depth, width = ui.scene.map.shape
        scale = min(room / width, 150 * ui.scale / depth)
        corner, shape = imgui.get_cursor_screen_pos(), (width * scale, depth * scale)
        imgui.dummy(imgui.ImVec2(*shape))
        hint("Green: painted. Bright: planned; larger dots finish more. Ring: current view.")
        draw, view = imgui.get_window_draw_list(), frame((width, depth), (corner.x, corner.y, *shape), 1.0, (0.0, 0.0))
        end = imgui.ImVec2(corner.x + shape[0], corner.y + shape[1])
        draw.add_image(ui.picture("autopilot map", self._picture[1]), corner, end, col=0xFF808080)
        most = max((v.gain for v in flight.pilot.views), default=1)
        for one in flight.pilot.views:
            x, _, z = one.camera.position
            place = imgui.ImVec2(*view.point(min(max(x, 0.0), width), min(max(z, 0.0), depth)))
            tint = _tint(ui, one)
            if tint is not None:
                draw.add_circle_filled(place, (2.0 + 3.0 * max(one.gain, 0) / max(most, 1)) * ui.scale, tint)
            if one is flight.current:
                draw.add_circle(place, 7 * ui.scale, imgui.get_color_u32(colour("#ffffff")), 0, 2 * ui.scale)


def duration(seconds: float) -> str:
    """Format a duration for people: "40 s", "12 min", "2 h 5 min"."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{max(5, round(seconds / 5) * 5)} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def pyramid(camera: Camera, reach: float = REACH, aspect: float = 16 / 9) -> np.ndarray:
    """Return float64 [5,3]: a camera's position, and the corners of its view at the distance `reach`."""
    right, up, forward = camera.axes
    tall = np.tan(np.radians(camera.fov) / 2)
    corners = [forward + sx * tall * aspect * right + sy * tall * up for sx, sy in ((-1, 1), (1, 1), (1, -1), (-1, -1))]
    return np.array(camera.position) + reach * np.array([np.zeros(3), *corners])


def _tint(ui: PanelContext, view: Viewpoint) -> int | None:
    if view.dreams:
        return imgui.get_color_u32(colour(ui.palette.good, 0.9))
    return imgui.get_color_u32(colour(ui.palette.accent, 0.9)) if view.gain > 0 else None


def _draw_views(ui: PanelContext, flight: Flight) -> None:
    """Draw upcoming views as small pyramids in the scene, those with the largest gain only, and the current one brighter."""
    x, y, width, height = ui.scene_box
    draw = imgui.get_background_draw_list()
    draw.push_clip_rect(imgui.ImVec2(x, y), imgui.ImVec2(x + width, y + height))
    matrix = ui.camera.matrix((max(1, int(width)), max(1, int(height))))
    for view in flight.pilot.plan[:DRAWN]:
        if flight.follow and view is flight.current:
            continue  # the camera is inside it
        clip = np.c_[pyramid(view.camera), np.ones(5)] @ matrix.T
        if (clip[:, 3] <= 0.2).any():
            continue
        ndc = clip[:, :2] / clip[:, 3:]
        eye, *corners = [imgui.ImVec2(x + (a * 0.5 + 0.5) * width, y + (0.5 - b * 0.5) * height) for a, b in ndc]
        now = view is flight.current
        ink = imgui.get_color_u32(colour("#ffffff" if now else ui.palette.accent, 1.0 if now else 0.7))
        draw.add_polyline(corners, ink, (2.0 if now else 1.2) * ui.scale, imgui.ImDrawFlags_.closed)  # pyright: ignore[reportArgumentType]
        for corner in corners:
            draw.add_line(eye, corner, ink, (1.5 if now else 0.8) * ui.scale)
    draw.pop_clip_rect()

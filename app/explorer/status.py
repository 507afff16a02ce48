"""The status text: what the program is doing."""

from __future__ import annotations

from app.loop.progress import about
from app.services.services import Services
from app.state.app_state import AppState


def status_text(state: AppState, services: Services) -> str:
    """One line for the title, the menu bar and the Preview panel."""
    return " · ".join(filter(None, (_scene_text(state, services), services.export.status_text)))


def _scene_text(state: AppState, services: Services) -> str:
    if state.open_scene is None:
        return "opening the scene"
    if state.overlays.start:
        return "choose a scene"
    if state.loading is not None:
        return state.loading.words
    if state.comparison is not None and state.comparison.done:
        both = "two models" if state.comparison.of_models else "two settings"
        return f"{'four variations' if state.comparison.first else f'{both} side by side'}: choose one"
    film, flight, painter = state.travel.film, state.travel.flight, state.open_scene.painter
    if film is not None:
        dreaming = f", {painter.status_text}" if painter.client.running else ""
        return f"recording: {film.index} of {film.frames} frames{dreaming}"
    if flight is not None:
        doing = f"autopilot: {flight.status_text}" if painter.client.running is None else painter.activity
        return doing if flight.seconds_left is None else f"{doing} · {about(flight.seconds_left)} left"
    if services.rebuild.busy:
        return "rebuilding the scene"
    if services.strokes.busy or state.brush.painting:
        return "changing the surfaces"
    return "this view stays as it is" if state.view_cancelled else painter.status_text

"""Actions that move the camera along paths (play, film, autopilot), and cancelling dreams."""

from __future__ import annotations

from app.actions.context import ActionContext
from app.actions.export import make_timestamped_path
from app.actions.paint import dreams, is_loading, paintable_scene
from app.fields import Size
from app.moving.flight import UNTIL
from app.moving.route import Route
from app.session import describe
from scenes.camera import Camera
from scenes.scene import CameraPath


def add_keyframe(context: ActionContext) -> None:
    """Add this view to the keyframes."""
    state = context.state
    state.route = state.route.add(state.camera)
    state.notify(f"Keyframe {len(state.route.cameras)}")


def set_route(context: ActionContext, route: Route) -> None:
    context.state.route = route


def go_to(context: ActionContext, camera: Camera) -> None:
    """Jump to a camera in the next frame."""
    context.state.travel.go_to = camera


def play(context: ActionContext, path: CameraPath) -> None:
    context.state.travel.play(path, context.state.clock())


def film(context: ActionContext, path: CameraPath, size: Size, fps: float) -> None:
    """Record a path. The film controls the camera until it is finished or stopped."""
    state = context.state
    if not is_loading(context) and (open_scene := state.ready_scene()) is not None:
        stop_travel(context)
        out = make_timestamped_path(context, "film", ".mp4")
        state.travel.start_film(open_scene, path, out, size, fps, describe(state.session))


def stop_travel(context: ActionContext) -> None:
    """Stop playing, filming and the autopilot. Only a finished film becomes a file."""
    film = context.state.travel.stop()
    if film is not None:
        film.open_scene.painter.interrupt()
        film.release()
        words = f"Video saved: {film.out}" if film.done else "Recording stopped"
        context.services.io.submit(film.finish, lambda _: context.state.notify(words))


def autopilot(context: ActionContext, until: float = UNTIL, follow: bool = True) -> None:
    """Start the autopilot, which paints the scene until this share of it is finished, or stop it."""
    state = context.state
    if state.travel.flight is not None:
        stop_travel(context)
        state.notify("Autopilot stopped")
    elif (open_scene := paintable_scene(context)) is not None and dreams(context, open_scene):
        state.travel.fly(open_scene, until, follow)
        context.panels.bring_to_front("Autopilot")


def cancel_dream(context: ActionContext) -> None:
    """Cancel the dream and prevent the next one: stop the autopilot, and leave the view as it is until it changes."""
    state = context.state
    if state.travel.film is not None:
        state.notify("A video is being recorded; Esc stops it", "warning")
    elif state.travel.flight is not None:
        stop_travel(context)
        _leave_view(context)
        state.notify("Autopilot stopped")
    elif state.open_scene and state.open_scene.painter.client.running:
        _leave_view(context)
        state.notify("Dream cancelled; move on, or repaint this view")


def _leave_view(context: ActionContext) -> None:
    """Dream nothing until something about the view changes. A finished dream is laid first."""
    state, open_scene = context.state, context.state.open_scene
    if open_scene is None:
        return

    def leave() -> None:
        open_scene.painter.cancel()
        state.cancelled_view = state.view_key

    context.services.strokes.then(leave)

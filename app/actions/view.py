"""Actions about the view: movement, display mode, dialogs, panels and keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.actions.build import abandon
from app.actions.compare import stop_comparing
from app.actions.context import ActionContext
from app.actions.travel import stop_travel
from app.files import keymap
from app.gui.input import takes_keys
from app.state.keymap import Changes
from app.state.timeline import Record


def toggle_fly(context: ActionContext) -> None:
    state = context.state
    walk = not state.session.view.walk
    state.session = replace(state.session, view=replace(state.session.view, walk=walk))
    state.notify("Walking on the ground" if walk else "Flying")


def toggle_pause(context: ActionContext) -> None:
    """Stop dreaming, or go on."""
    state = context.state
    auto = not state.session.live.auto
    state.session = replace(state.session, live=replace(state.session.live, auto=auto))
    if not auto and state.open_scene:
        state.open_scene.painter.interrupt()


def show_mode(mode: str) -> Callable[[ActionContext], None]:
    """Show the scene in a mode of engine.render.renderer.MODES."""

    def show(context: ActionContext) -> None:
        session = context.state.session
        context.state.session = replace(session, view=replace(session.view, mode=mode))

    return show


def show_panel(title: str) -> Callable[[ActionContext], None]:
    def show(context: ActionContext) -> None:
        context.panels.shown = True
        context.panels.bring_to_front(title)

    return show


def toggle_panels(context: ActionContext) -> None:
    context.panels.shown = not context.panels.shown


def toggle_help(context: ActionContext) -> None:
    context.release_mouse()
    context.state.overlays.help = not context.state.overlays.help


def toggle_palette(context: ActionContext) -> None:
    context.release_mouse()
    context.state.overlays.palette = not context.state.overlays.palette


def hide_hints(context: ActionContext) -> None:
    state = context.state
    state.session = replace(state.session, view=replace(state.session.view, hints=False))
    state.notify("Explanations hidden; turn them on again in the View panel")


def set_keys(context: ActionContext, changes: Changes) -> None:
    """Apply the user's changes to the keys, and save them for the next start."""
    context.state.keys.rebind(changes)
    context.services.io.submit(lambda: keymap.save(context.state.folders.config, changes))


def catch_key(context: ActionContext, catcher: Callable[[str], None] | None, held: bool = False) -> None:
    """Pass the next chord to `catcher` instead of running its action, or "" for Esc. held: pass a single key, by position."""
    context.state.keys.catcher = (catcher, held) if catcher else None


def take_screenshot(context: ActionContext) -> None:
    """Take a screenshot at the end of this frame."""
    context.state.screenshot_wanted = True


def watch_dream(context: ActionContext) -> None:
    """Record that a panel shows the running dream in this frame, so that previews may cost some of the model's time."""
    context.state.watched_at = context.state.clock()


def look_inside(
    context: ActionContext, record: Record, place: int, cut: bool = False, named: bool = False, decoder: bool = False
) -> None:
    """Inspect the network at a step of a finished dream. place: of the step among those recorded; other arguments as in
    `NetworkInspection.ask`."""
    state = context.state
    state.inspection = state.inspection.ask(record, place, cut=cut, named=named, decoder=decoder)
    context.worker.inspect(state.inspection.asked)


def escape(context: ActionContext) -> None:
    """Close or stop the foremost thing, if there is any."""
    state = context.state
    if state.looking:
        context.release_mouse()
    elif context.panels.popup_open:
        context.panels.close_popups()
    elif state.overlays.open:
        state.overlays.close()
    elif takes_keys():
        return  # ImGui ends the typing
    elif state.pictures.over_scene:
        state.pictures.close()
    elif state.comparison is not None:
        stop_comparing(context)
    elif state.travel.under_way:
        stop_travel(context)
    elif state.builder.press is not None:
        abandon(context)
    elif state.brush.tool or state.builder.tool:
        state.brush.choose("")
        state.builder.choose("")

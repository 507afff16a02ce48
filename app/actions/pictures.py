"""Actions with the picture opened in the Image panel: open it, lay it onto the surfaces, dream from it."""

from __future__ import annotations

from pathlib import Path

from app.actions import image_jobs
from app.actions.context import ActionContext
from app.files.picture import Source, read_picture
from app.state.keymap import BY_NAME, captions


def open_picture(context: ActionContext, path: Path) -> None:
    """Open a picture for the surfaces, and bring the Image panel to the front."""
    state = context.state

    def take(source: Source) -> None:
        state.source = source
        context.panels.bring_to_front("Image")
        keys = captions(BY_NAME["splat"], state.keys.bindings).split(", ")[0]
        state.notify(
            f"{source.name} is in the Image panel: splat it onto the view{f' ({keys})' if keys else ''}, or dream over it"
        )

    context.services.io.submit(lambda: read_picture(path), take)


def splat_picture(context: ActionContext, freeze: bool = True) -> None:
    """Lay the opened picture onto the visible surfaces. freeze: freeze the changed texels."""
    if context.state.source is None:
        context.state.notify("Open a picture in the Image panel first, or drop one on the window", "warning")
    else:
        image_jobs.splat(context, context.state.source.picture, freeze)


def dream_from_picture(context: ActionContext, strength: float, freeze: bool) -> None:
    """img2img from the opened picture; see `image_jobs.dream_from_picture`."""
    if context.state.source is not None:
        image_jobs.dream_from_picture(context, context.state.source.picture, strength, freeze)

"""Actions of the Picture panel: make pictures, and fill the form from files and from the gallery."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.actions.context import ActionContext
from app.fields import Size
from app.loop.messages import Message, PictureFailed, PictureMade
from app.state.picture_form import fit_size, form_of
from app.state.picture_work import request_of, requests_of
from app.upscaling import refuse_upscaling
from base.errors import InputError, escape_controls
from base.pictures import open_picture
from diffusion.text2image.metadata import read_png
from diffusion.text2image.recipe import Recipe

DEPART = 0.6  # initial strength when starting from a picture
WITH_INPUT = ("image", "inpaint")  # modes that start from a picture


def make_pictures(context: ActionContext) -> None:
    """Request the pictures of the form; they are queued after waiting ones."""
    state, work = context.state, context.state.pictures
    if state.model is None:
        state.notify("The model is still loading", "warning")
    elif work.form.problem:
        state.notify(work.form.problem, "warning")
    else:
        requests = requests_of(work.form)
        for request in requests:
            context.worker.generate(request)
        work.progress = work.progress.ask(requests)
        state.amend_form(work.form.advance_seed())


def upscale_picture(context: ActionContext, path: Path, factor: int) -> None:
    """Request an enlargement of a gallery picture by `factor` with the form's upscaler; it is added to the gallery."""
    state, work = context.state, context.state.pictures
    upscaler = work.form.settings.upscaler

    def take(recipe: Recipe) -> None:
        request = request_of(replace(recipe.settings, upscale=factor, upscaler=upscaler), path)
        context.worker.generate(request)
        work.progress = work.progress.ask([request])

    if state.model is None:
        state.notify("The model is still loading", "warning")
    else:
        context.services.gallery.read(lambda: read_png(path), take)


def cancel_pictures(context: ActionContext) -> None:
    """Stop the running picture after its step and drop waiting ones. Finished ones stay in the gallery."""
    work = context.state.pictures
    if work.progress.busy:
        context.worker.cancel_pictures()
        work.progress = work.progress.cancelled()
        context.state.notify("Pictures cancelled")


def take_message(context: ActionContext, message: Message) -> None:
    """Handle a message of the worker: store a finished picture, report a failed one."""
    state, work = context.state, context.state.pictures
    work.progress = work.progress.take(message)
    if isinstance(message, PictureMade):
        context.services.gallery.add(message)
    elif isinstance(message, PictureFailed):
        state.notify(f"A picture failed: {message.problem}", "error", message.traceback)


def use_settings(context: ActionContext, path: Path) -> None:
    """Fill the form with the settings of a picture that `generate` or this panel made."""
    state, work = context.state, context.state.pictures

    def take(recipe: Recipe) -> None:
        _refuse_no_text(path, recipe)
        name = escape_controls(path.name)
        work.form = form_of(recipe, work.form)
        context.panels.bring_to_front("Picture")
        if state.model is not None and recipe.model_id != state.model.id:
            words = f"{name} was made with {recipe.model_id}; {state.model.id} makes another picture of its settings"
            state.notify(words, "warning")
        else:
            state.notify(f"Using the settings of {name}")

    context.services.gallery.read(lambda: read_png(path), take)


def use_input(context: ActionContext, path: Path) -> None:
    """Start from a picture file, at about its own size. Removes the mask, which belongs to another picture."""
    work = context.state.pictures

    def take(size: Size) -> None:
        form = (
            work.form if work.form.mode in WITH_INPUT else replace(work.form, mode="image").set_dream(strength=DEPART)
        )
        work.form = form.set(init=path, mask=None, size=fit_size(size))
        context.panels.bring_to_front("Picture")

    context.services.gallery.read(lambda: open_picture(path).size, take)


def use_mask_file(context: ActionContext, path: Path) -> None:
    """Take a picture file as the mask: white is repainted."""
    work = context.state.pictures

    def take(_: Size) -> None:
        work.form = replace(work.form, mode="inpaint").set(mask=path)
        context.panels.bring_to_front("Picture")

    context.services.gallery.read(lambda: open_picture(path).size, take)


def use_control(context: ActionContext, path: Path) -> None:
    """Show a picture to the ControlNets."""
    work = context.state.pictures

    def take(_: Size) -> None:
        work.form = work.form.set(control_image=(path,))

    context.services.gallery.read(lambda: open_picture(path).size, take)


def use_upscaler(context: ActionContext, path: Path) -> None:
    """Enlarge pictures with this upscaler file."""
    work = context.state.pictures

    def take(_: object) -> None:
        work.form = work.form.set(upscaler=path, upscale=max(2, work.form.settings.upscale))

    context.services.gallery.read(lambda: refuse_upscaling(2, path), take)


def use_bank(context: ActionContext, path: Path) -> None:
    """Draw random prompts from this bank."""
    dice = context.services.dice
    dice.settings = dice.settings.of_bank(str(path))
    context.state.notify(f"Random prompts come from {escape_controls(path.name)}")


def _refuse_no_text(path: Path, recipe: Recipe) -> None:
    """Raise InputError for prompts with bytes that no text field can show."""
    settings = recipe.settings
    try:
        "".join((settings.prompt, settings.negative, *settings.anagram, *settings.dream.further)).encode()
    except UnicodeEncodeError:
        raise InputError(path, "settings", "has prompts with bytes that aren't UTF-8 text") from None

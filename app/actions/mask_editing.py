"""Actions of the mask editor: open it on the picture to be inpainted, use its mask, save a copy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from app.actions.context import ActionContext
from app.actions.export import make_timestamped_path
from app.actions.gallery import cover_scene
from app.files.masks import read_mask
from app.files.picture import Source
from app.state.mask_editor import LARGEST, MaskEditor
from base.pictures import open_picture


def edit_mask(context: ActionContext) -> None:
    """Open the editor on the form's picture: as it was closed, or with the form's mask if there is one."""
    state, work = context.state, context.state.pictures
    path, mask = work.form.settings.init, work.form.settings.mask
    if path is None:
        state.notify("Choose a picture to start from first", "warning")
        return

    if (shelved := work.shelved) is not None and shelved.path == path and mask == shelved.used:
        cover_scene(context, editor=shelved)
        return

    def read() -> MaskEditor:
        picture = open_picture(path, largest=LARGEST).convert("RGB")
        known = None if mask is None else read_mask(mask, picture.size)
        editor = MaskEditor(path, Source(path.name, np.array(picture)), known)
        editor.used = mask
        return editor

    context.services.gallery.read(read, lambda editor: cover_scene(context, editor=editor))


def use_mask(context: ActionContext) -> None:
    """Inpaint what is masked in the editor, and close it."""
    work, editor = context.state.pictures, context.state.pictures.editor
    if editor is None:
        return
    if editor.empty:
        context.state.notify("Nothing is masked yet", "warning")
        return
    path = editor.path

    def take(mask: Path) -> None:
        work.form = replace(work.form, mode="inpaint").set(init=path, mask=mask)
        editor.used = mask
        work.close()
        context.panels.bring_to_front("Picture")

    context.services.gallery.save_mask(editor.mask, take)


def save_mask(context: ActionContext) -> None:
    """Write the editor's mask to the pictures' folder: white is repainted."""
    editor, target = context.state.pictures.editor, make_timestamped_path(context, "mask", ".png")
    if editor is not None:
        context.services.gallery.save_mask(
            editor.mask, lambda path: context.state.notify(f"Mask saved: {path}"), target
        )

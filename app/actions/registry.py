"""The table of actions: name → function. Actions with `held` keys are missing, as walking reads these keys itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.actions import (
    anagram,
    build,
    compare,
    confirm_exit,
    drop_files,
    edit,
    export,
    export_world,
    gallery,
    image_jobs,
    mask_editing,
    models,
    noising,
    open_scene,
    paint,
    pictures,
    save,
    single_pictures,
    tour,
    travel,
    variations,
    view,
)
from app.actions.context import ActionContext
from app.services.guard import run_guarded
from app.state.keymap import BY_NAME
from engine.render.renderer import MODES

# name → function of an ActionContext and the details that the caller passes on
HANDLERS: Mapping[str, Callable[..., None]] = {
    "fly": view.toggle_fly,
    **{f"mode_{mode}": view.show_mode(mode) for mode in MODES},
    "keyframe": travel.add_keyframe,
    "stop": travel.stop_travel,
    "export_path": export.export_path,
    "play": travel.play,
    "autopilot": travel.autopilot,
    "go_to": travel.go_to,
    "load_model": models.load_model,
    "cancel_load": models.cancel_load,
    "add_models": models.add_models,
    "remove_models": models.remove_models,
    "list_models": lambda context: context.services.models.refresh(),
    "models": lambda context: context.panels.bring_to_front("Models"),
    "ask_models": open_scene.ask_file("models"),
    "ask_picture": open_scene.ask_file("picture"),
    "ask_path": open_scene.ask_file("path"),
    "open_picture": pictures.open_picture,
    "save_picture": export.save_last_dream,
    "splat": pictures.splat_picture,
    "dream_picture": pictures.dream_from_picture,
    "noise_picture": noising.noise_picture,
    "dream_on": noising.dream_on,
    "inpaint": image_jobs.inpaint,
    "anagram": anagram.dream_anagram,
    "ask_input": open_scene.ask_file("input"),
    "ask_mask": open_scene.ask_file("mask"),
    "ask_control": open_scene.ask_file("control"),
    "ask_upscaler": open_scene.ask_file("upscaler"),
    "ask_settings": open_scene.ask_file("settings"),
    "make_pictures": single_pictures.make_pictures,
    "cancel_pictures": single_pictures.cancel_pictures,
    "upscale_picture": single_pictures.upscale_picture,
    "use_settings": single_pictures.use_settings,
    "use_input": single_pictures.use_input,
    "use_mask_file": single_pictures.use_mask_file,
    "use_control": single_pictures.use_control,
    "use_upscaler": single_pictures.use_upscaler,
    "edit_mask": mask_editing.edit_mask,
    "use_mask": mask_editing.use_mask,
    "save_mask": mask_editing.save_mask,
    "view_pictures": gallery.view_pictures,
    "close_pictures": gallery.close_pictures,
    "swap_seen": gallery.swap_seen,
    "pin_picture": gallery.pin_picture,
    "delete_picture": gallery.delete_picture,
    "undo_delete": gallery.undo_delete,
    "copy_picture": gallery.copy_picture,
    "splat_file": gallery.splat_file,
    "clear_marks": lambda context: context.state.brush.mask.clear(),
    "set_route": travel.set_route,
    "edit_scene": edit.edit_scene,
    "select_surface": build.select_surface,
    "build": build.choose_tool,
    "press_builder": build.press,
    "drag_builder": build.drag,
    "release_builder": build.release,
    "turn_builder": build.turn_wheel,
    "open_scene": drop_files.open_recent,
    "new_scene": open_scene.new_scene,
    "start_page": open_scene.show_start_page,
    "start_scene": drop_files.start_scene,
    "drop": drop_files.drop,
    "new": open_scene.ask_file("new"),
    "open": drop_files.open_file,
    "open_recent": drop_files.open_recent,
    "save_scene": open_scene.save_scene,
    "save_scene_as": open_scene.ask_file("save_as"),
    "export_world": open_scene.ask_file("export_world"),
    "write_export": export_world.export_world,
    "stop_export": export_world.stop_export,
    "save_preset": export.save_preset,
    "export_steps": export.export_steps,
    "film": travel.film,
    "brush": paint.choose_brush,
    "smaller_brush": paint.resize_brush(1 / 1.25),
    "larger_brush": paint.resize_brush(1.25),
    "panels": view.toggle_panels,
    "reset_layout": lambda context: context.panels.reset_layout(),
    "full_screen": lambda context: context.platform.toggle_full_screen(),
    "pause": view.toggle_pause,
    "cancel": travel.cancel_dream,
    "save_world": save.save_world,
    "load_version": lambda context, path: context.services.worlds.load(path),
    "load_world": lambda context: context.services.worlds.load(),
    "screenshot": view.take_screenshot,
    "quit": confirm_exit.quit_program,
    "answer": confirm_exit.answer,
    "undo": edit.undo,
    "redo": edit.redo,
    "watch": view.watch_dream,
    "look_inside": view.look_inside,
    "hide_hints": view.hide_hints,
    "tour": tour.toggle_tour,
    "set_up": tour.set_up,
    "note_view": tour.note_view,
    "compare_noted": tour.compare_noted,
    "compare": compare.compare,
    "variations": variations.vary,
    "vary_again": variations.vary_again,
    "keep_compared": compare.keep_compared,
    "stop_comparing": compare.stop_comparing,
    "set_keys": view.set_keys,
    "catch_key": view.catch_key,
    "palette": view.toggle_palette,
    "help": view.toggle_help,
    "escape": view.escape,
}

# Actions that change the surfaces: functions of an ActionContext, the open scene, and details. They run only while that is possible.
PAINT_HANDLERS: Mapping[str, Callable[..., None]] = {
    "freeze_view": paint.change_view("freeze"),
    "thaw_view": paint.change_view("thaw"),
    "erase_view": paint.change_view("erase"),
    "freeze_material": paint.change_material("freeze"),
    "thaw_material": paint.change_material("thaw"),
    "erase_material": paint.change_material("erase"),
    "repaint_all": paint.repaint_all,
    "repaint_outdated": paint.repaint_outdated,
    "dream": paint.dream_again,
    "erase": paint.erase_all,
    "press_brush": paint.press_brush,
}


def run_action(context: ActionContext, name: str, *details: Any) -> None:
    """Run an action of HANDLERS or PAINT_HANDLERS. details: what it takes beside the context. An error is shown to the user."""
    title = BY_NAME[name].title if name in BY_NAME else name.replace("_", " ").capitalize()
    run_guarded(context.state, title, lambda: _run(context, name, *details))


def _run(context: ActionContext, name: str, *details: Any) -> None:
    if name in HANDLERS:
        HANDLERS[name](context, *details)
    elif (scene := paint.paintable_scene(context)) is not None:
        PAINT_HANDLERS[name](context, scene, *details)

"""`rayverie lesson`: records dreams as a web page that explains them, opens those that come with the program, films training runs."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from rich import box
from rich.table import Table

from app.cli.progress import progress
from app.cli.word_remarks import word_remarks
from app.commands import LessonCommand, suit_to_model
from app.files.lessons import find_lesson, list_presets, unpack_presets
from app.inputs import inputs_of
from app.loop.chosen_model import load_chosen
from app.session import VERSION
from app.terminal import open_console
from base.errors import InputError, escape_controls
from base.files import expand_user
from base.outputs import refuse_outputs
from base.reading import is_folder
from diffusion.settings import DreamSettings
from diffusion.text2image.recipe import GenerateSettings

OUT = Path("out/lesson")
FILM, FPS = Path("out/learnt.mp4"), 12.0
# field of a command → what a sentence calls it
OPTIONS = {
    **{name: f"--{name}" for name in ("out", "negative", "size", "surface", "distance")},
    "latents": "--no-latents",
    "browser": "--no-browser",
    "seconds": "--seconds",
    "model": "--model",
    "dream": "A setting of dreams",
}
EXPORTING = tuple(name for name in OPTIONS if name not in ("browser", "seconds"))


class Action(NamedTuple):
    """run: of the command; options: those that it uses, by their fields."""

    run: Callable[[LessonCommand], None]
    options: tuple[str, ...] = ()


def run(command: LessonCommand) -> int:
    if command.action not in ACTIONS:
        raise InputError("rayverie lesson", "ACTION", f"is missing; it must be one of {', '.join(ACTIONS)}")
    action = ACTIONS[command.action]
    usual = suit_to_model(LessonCommand(), command.model.ref)
    for name, flag in OPTIONS.items():
        if name not in action.options and getattr(command, name) != getattr(usual, name):
            raise InputError(flag, "", f"has no effect on `lesson {command.action}`")
    action.run(command)
    return 0


def _export(command: LessonCommand) -> None:
    prompts = tuple(dict.fromkeys(command.words))
    if not prompts:
        raise InputError("rayverie lesson export", "PROMPT", "is missing; describe at least one picture")
    from diffusion.denoisers.inert import Situation, inert_remarks
    from diffusion.lessons.folder import lesson_outputs, names_of, write_lessons
    from diffusion.lessons.recording import record_lesson
    from diffusion.loaders.embedded import read_multiple
    from diffusion.text2image.generate import refuse

    folder, names, console = command.out or OUT, names_of(prompts), open_console(errors=True)
    pictures = {name: _settings(command, prompt) for name, prompt in zip(names, prompts, strict=True)}
    for picture in pictures.values():
        refuse(picture, read_multiple(command.model.ref))
    refuse_outputs(lesson_outputs("--out", folder, names), inputs_of(command))
    for flag, given in (("--control", command.model.control), ("--ip-adapter", command.model.ip_adapter)):
        if given:
            raise InputError(flag, "", "can't be recorded in a lesson; leave it out")
    model = load_chosen(command.model)
    situation = Situation(model.few_steps, regions=False)
    for remark in inert_remarks(command.dream, replace(DreamSettings(), **model.defaults), situation, command.negative):
        console.print(remark, style="yellow", soft_wrap=True)
    for remark in word_remarks(model, command.model.ref, prompts, (command.negative,)):
        console.print(remark, style="yellow", soft_wrap=True, highlight=False)
    recordings = {}
    with progress(console) as bar:
        for name, picture in pictures.items():
            task = bar.add_task("recording", total=None, words=escape_controls(picture.prompt))
            recordings[name] = record_lesson(
                model, picture, lambda done, total, task=task: bar.update(task, completed=done, total=total)
            )
    write_lessons(model, recordings, folder, latents=command.latents)
    console.print(f"{folder / 'index.html'} is ready.", soft_wrap=True)


def _settings(command: LessonCommand, prompt: str) -> GenerateSettings:
    return GenerateSettings(
        prompt,
        command.negative,
        command.size,
        surface=command.surface,
        distance=command.distance,
        dream=command.dream,
    )


def _list(command: LessonCommand) -> None:
    _refuse_words(command)
    table = Table("name", "prompt", "steps", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for preset in list_presets():
        table.add_row(preset.name, preset.prompt, str(preset.steps))
    open_console().print(table, markup=False)


def _open(command: LessonCommand) -> None:
    if len(command.words) > 1:
        raise InputError("rayverie lesson open", "NAME", f"are {len(command.words)}; name one lesson, or a folder")
    word = command.words[0] if command.words else ""
    if word and is_folder(expand_user(word)):
        page, name = find_lesson(expand_user(word)), ""
    else:
        known = [preset.name for preset in list_presets()]
        if word and word not in known:
            raise InputError(word, "", f"is neither a folder nor a lesson; lessons are {', '.join(known)}")
        page, name = unpack_presets(), word
    url = page.resolve().as_uri() + (f"#{name}" if name else "")
    console = open_console()
    if command.browser and webbrowser.open(url):
        console.print(f"{page} is open in the web browser.", soft_wrap=True)
    else:
        console.print(f"Open {url} in a web browser.", soft_wrap=True, highlight=False)


def _film(command: LessonCommand) -> None:
    if len(command.words) != 1:
        raise InputError("rayverie lesson film", "RUN", "is missing or not alone; name the folder of one training run")
    from diffusion.training.film import SIZE, count_frames, film_frames
    from diffusion.training.run_log import read_run
    from engine.render.film_files import film_outputs, refuse_film
    from engine.render.video import open_output

    folder, out, console = expand_user(command.words[0]), command.out or FILM, open_console(errors=True)
    run = read_run(folder)
    frames = count_frames(run, FPS, command.seconds)
    sources = [("RUN", file) for file in (folder / "log.jsonl", *(file for _, file in run.sheets))]
    refuse_outputs(film_outputs("--out", out, frames), [*inputs_of(command), *sources])
    if out.suffix:
        refuse_film(out, SIZE, FPS)
    with (
        open_output(out, SIZE, FPS, {"rayverie": VERSION, "made": {"run": run.name}}) as film,
        progress(console) as bar,
    ):
        task = bar.add_task("drawing", total=frames, words=f"{len(run.sheets)} sheets")
        for frame in film_frames(run, FPS, command.seconds):
            film.write(frame)
            bar.update(task, advance=1)
    console.print(f"{out} is ready.", soft_wrap=True)


def _refuse_words(command: LessonCommand) -> None:
    if command.words:
        raise InputError("rayverie lesson list", "", f"has a word too many: {command.words[0]}")


ACTIONS: Mapping[str, Action] = {
    "export": Action(_export, EXPORTING),
    "list": Action(_list),
    "open": Action(_open, ("browser",)),
    "film": Action(_film, ("out", "seconds")),
}

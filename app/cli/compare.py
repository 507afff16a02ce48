"""`rayverie compare`: two runs of one picture side by side, step by step, and where they diverge."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from app.cli.generate import picture_remarks, refuse_hints
from app.cli.progress import progress
from app.cli.word_remarks import word_remarks
from app.commands import Compare, Generate
from app.inputs import inputs_of
from app.loop.chosen_model import load_chosen, recipe_fields
from app.session import ModelChoice
from app.terminal import escape_json, open_console
from base.errors import InputError, escape_controls
from base.files import atomic_write
from base.outputs import Output, is_marked_png, png_mark, refuse_nameless, refuse_outputs
from diffusion.settings import DreamSettings
from diffusion.text2image.metadata import write_png
from diffusion.text2image.recipe import GenerateSettings

SHEET, PICTURES = "paths.png", ("a.png", "b.png")
OTHERS = ("prompt", "negative", "seed", "sampler", "scale", "steps", "model")


def run(command: Compare) -> int:
    given = {name: getattr(command, f"other_{name}") for name in OTHERS}
    changes = {name: value for name, value in given.items() if value is not None}
    if not changes:
        listed = ", ".join(f"--other-{name}" for name in OTHERS)
        raise InputError("rayverie compare", "", f"needs a difference between the runs: {listed}")
    one, choice = command.picture, command.model
    if not (one.prompt or one.init):
        raise InputError("rayverie compare", "PROMPT", "is missing; describe the picture")
    if one.phases > 1:
        raise InputError("--phases", "", "can't be compared step by step; leave it out")
    other, other_choice = apply_changes(one, changes), replace(choice, ref=changes.get("model", choice.ref))
    if (one, choice) == (other, other_choice):
        raise InputError(
            "rayverie compare", "", "has two equal runs; an --other-… value must differ from the first run's"
        )
    refuse_nameless("--out", command.out)
    refuse_outputs(
        [Output("--out", command.out / name, is_marked_png) for name in (SHEET, *PICTURES)], inputs_of(command)
    )
    refuse_hints(len(choice.control), len(one.control_image))
    from diffusion.lessons.paths import compare_paths, paths_sheet, record_path
    from diffusion.loaders.embedded import read_multiple
    from diffusion.text2image.generate import refuse

    for settings, chosen in ((one, choice), (other, other_choice)):
        refuse(settings, read_multiple(chosen.ref), chosen.ip_adapter is not None)
    console, paths, model = open_console(errors=True), [], None
    printed: set[str] = set()  # remarks, most of which apply to both runs
    with progress(console) as bar:
        task = bar.add_task("dreaming", total=one.dream.steps + other.dream.steps, words="")
        for settings, chosen in ((one, choice), (other, other_choice)):
            if model is None or chosen.ref != choice.ref:
                model = load_chosen(chosen)
            prompts = (settings.prompt, *settings.anagram)
            found = remarks(settings, chosen, model) + word_remarks(model, chosen.ref, prompts, (settings.negative,))
            for remark in dict.fromkeys(found):
                if remark not in printed:
                    console.print(remark, style="yellow", soft_wrap=True, highlight=False)
            printed.update(found)
            paths.append(record_path(model, settings, lambda: bar.advance(task), **recipe_fields(chosen)))
    if paths[0].sketches[0].shape != paths[1].sketches[0].shape:
        raise InputError("--other-model", "", "works at another size; give a --size that both models can do")
    alike, distances = compare_paths(*paths)
    labels = label_of(one, choice, changes), label_of(other, other_choice, changes)
    with atomic_write(command.out / SHEET) as temporary:
        paths_sheet(paths[0], paths[1], labels, alike, distances).save(temporary, format="PNG", pnginfo=png_mark())
    for name, path in zip(PICTURES, paths, strict=True):
        write_png(command.out / name, path.made.image, path.made.recipe)
    if command.json:
        print(escape_json(json.dumps(figures(paths[0].sigmas, paths[1].sigmas, alike, distances), indent=2)))
    part = "Their large shapes end up alike." if alike.step is None else f"They diverge at step {alike.step + 1}."
    console.print(f"{command.out / SHEET} is ready. {part}", soft_wrap=True)
    return 0


def apply_changes(settings: GenerateSettings, changes: dict[str, Any]) -> GenerateSettings:
    """The settings of the second run."""
    words = {name: changes[name] for name in ("prompt", "negative") if name in changes}
    numbers = {name: changes[name] for name in ("seed", "sampler", "scale", "steps") if name in changes}
    return replace(settings, **words, dream=replace(settings.dream, **numbers))


def label_of(settings: GenerateSettings, choice: ModelChoice, changes: dict[str, Any]) -> str:
    """Return a label with the differences of a run."""
    values = {name: getattr(settings, name, getattr(settings.dream, name, None)) for name in changes}
    values |= {"model": choice.ref or "embedded"} if "model" in changes else {}
    return escape_controls(", ".join(f"{name} {value}" for name, value in values.items()))


def remarks(settings: GenerateSettings, choice: ModelChoice, model: Any) -> list[str]:
    """A sentence for each changed setting of a run that has no effect."""
    from diffusion.denoisers.inert import Situation, inert_remarks

    situation = Situation(
        model.few_steps,
        settings.init is not None,
        regions=False,
        anagrams=bool(settings.anagram),
        controls=bool(model.controls),
        adapter=model.style is not None,
    )
    usual = replace(DreamSettings(), **model.defaults)
    found = inert_remarks(settings.dream, usual, situation, settings.negative)
    return [*found, *picture_remarks(Generate(settings, choice), model)]


def figures(
    one: tuple[float, ...], other: tuple[float, ...], alike: Any, distances: list[float | None]
) -> dict[str, Any]:
    """The curves as JSON values; steps are counted from 1."""
    columns = ("step", "sigma", "other_step", "other_sigma", "large_shapes", "details", "distance")
    rows = zip(one, alike.pairs, alike.coarse.tolist(), alike.fine.tolist(), distances, strict=True)
    return {
        "parts_at": None if alike.step is None else alike.step + 1,
        "steps": [
            dict(zip(columns, (number, sigma, pair + 1, other[pair], *found), strict=True))
            for number, (sigma, pair, *found) in enumerate(rows, 1)
        ],
    }

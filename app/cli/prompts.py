"""`rayverie prompts`: random prompts, the captions nearest to a prompt, and banks of one's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console

from app.commands import PromptsCommand
from app.terminal import escape_json, open_console
from base.errors import InputError, escape_controls, nearest
from base.files import expand_user
from base.outputs import Output, refuse_outputs


class Action(NamedTuple):
    """run: command → rows to print, and notes; flags: that have an effect on it."""

    run: Callable[[PromptsCommand], tuple[list[dict[str, Any]], list[str]]]
    flags: frozenset[str]


def run(command: PromptsCommand) -> int:
    if command.action not in ACTIONS:
        raise InputError("rayverie prompts", "ACTION", f"is missing; it must be one of {', '.join(ACTIONS)}")
    action, defaults = ACTIONS[command.action], PromptsCommand()
    for name in ("words", "near", "temperature", "category", "count", "seed", "out"):
        if name not in action.flags and getattr(command, name) != getattr(defaults, name):
            flag = "PROMPT" if name == "words" else f"--{name}"
            raise InputError(flag, "", f"has no effect on `prompts {command.action}`")
    rows, notes = action.run(command)
    if command.json:
        print(escape_json(json.dumps(rows, indent=2, ensure_ascii=False)))
    else:
        _show(open_console(), rows)
    for note in notes:
        open_console(errors=True).print(note, style="yellow", soft_wrap=True, highlight=False)
    return 0


def _random(command: PromptsCommand) -> tuple[list[dict[str, Any]], list[str]]:
    """Prompts of the chosen categories, near to --near, each with what the embedded model knows that is nearest."""
    from diffusion.text2image.prompt_drawing import draw_captions
    from diffusion.text2image.prompt_matching import PromptBank, suggest_captions
    from diffusion.training.data.categories import find_categories

    if command.temperature and not command.near:
        raise InputError("--temperature", "", "has no effect without --near; all prompts are equally likely then")
    captions, notes = _captions(command), []
    if command.category:
        _refuse_unknown(command.category)
        captions = tuple(c for c in captions if set(command.category) <= find_categories(c))
        if not captions:
            raise InputError("--category", "", f"{' '.join(command.category)} has no prompts in this bank together")
    similarity = None
    if command.near:
        bank = _bank(command)
        known = dict(zip(bank.captions, bank.similarities(_embed([command.near])[0]), strict=True))
        similarity = np.array([known[caption] for caption in captions])
    rng = np.random.default_rng(command.seed)
    drawn = draw_captions(captions, rng, command.count, similarity=similarity, temperature=command.temperature)
    rows: list[dict[str, Any]] = [{"prompt": prompt} for prompt in drawn]
    if command.bank is not None:
        known_bank = PromptBank.load()
        for row in rows:
            match = suggest_captions(row["prompt"], known_bank, _embed, 1)[0]
            row |= {"match": match.caption, "similarity": round(match.similarity, 3)}
        notes += _far(rows)
    if len(drawn) < command.count:
        notes.append(f"There are only {len(drawn)} such prompts.")
    return rows, notes


def _match(command: PromptsCommand) -> tuple[list[dict[str, Any]], list[str]]:
    """The captions nearest to a prompt."""
    from diffusion.text2image.familiar import open_understanding
    from diffusion.text2image.prompt_matching import FAR, suggest_captions

    prompt = " ".join(command.words).strip()
    if not prompt:
        raise InputError("rayverie prompts match", "PROMPT", "is missing; give a prompt")
    notes: list[str] = []
    if command.bank is None:
        understood = open_understanding()(prompt, command.count)
        found, notes = understood.matches, [f"{escape_controls(str(reading))}." for reading in understood.readings]
    else:
        found = suggest_captions(prompt, _bank(command), _embed, command.count)
    notes += [f"“{escape_controls(prompt)}” is unlike all prompts of this bank."] if found[0].similarity < FAR else []
    return [{"match": m.caption, "similarity": round(m.similarity, 3)} for m in found], notes


def _categories(command: PromptsCommand) -> tuple[list[dict[str, Any]], list[str]]:
    """The materials and moods of a bank, with the number of prompts."""
    from diffusion.training.data.categories import count_categories

    return [{"category": name, "prompts": count} for name, count in count_categories(_captions(command)).items()], []


def _save(command: PromptsCommand) -> tuple[list[dict[str, Any]], list[str]]:
    """Write a bank with its vectors, which opens at once."""
    from diffusion.text2image.prompt_matching import is_bank

    if command.bank is None:
        raise InputError("--bank", "", "is missing; name the text file or the folder of captions")
    if command.out is None or command.out.suffix != ".safetensors":
        raise InputError("--out", "", "must name the .safetensors file to write")
    refuse_outputs([Output("--out", command.out, is_bank)], [("--bank", command.bank)])
    bank = _bank(command)
    bank.save(command.out)
    return [{"file": str(command.out), "prompts": len(bank.captions)}], []


ACTIONS: Mapping[str, Action] = {
    "random": Action(_random, frozenset(("near", "temperature", "category", "count", "seed"))),
    "match": Action(_match, frozenset(("words", "count"))),
    "categories": Action(_categories, frozenset()),
    "save": Action(_save, frozenset(("out",))),
}


def _captions(command: PromptsCommand) -> tuple[str, ...]:
    from diffusion.text2image.caption_files import read_captions
    from diffusion.text2image.prompt_matching import BANK

    return read_captions(BANK if command.bank is None else expand_user(command.bank))


def _bank(command: PromptsCommand):  # type: ignore[no-untyped-def]
    from diffusion.text2image.caption_files import open_bank

    return open_bank(None if command.bank is None else expand_user(command.bank), _embed)


def _embed(prompts: Any) -> np.ndarray:
    from diffusion.models.minilm import MiniLMEncoder

    return MiniLMEncoder().sentences(prompts)


def _refuse_unknown(names: tuple[str, ...]) -> None:
    from diffusion.training.data.categories import MATERIALS, MOODS

    known = [*MATERIALS, *MOODS]
    for name in names:
        if name not in known:
            problem = f"is {name!r}; `rayverie prompts categories` lists what there is{nearest(name, known)}"
            raise InputError("--category", "", problem)


def _far(rows: list[dict[str, Any]]) -> list[str]:
    from diffusion.text2image.prompt_matching import FAR

    far = sum(row["similarity"] < FAR for row in rows)
    which = "1 prompt is" if far == 1 else f"{far} prompts are"
    return [f"{which} unlike all that the embedded model was trained on."] if far else []


def _show(console: Console, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        print_row = {key: escape_controls(str(value)) for key, value in row.items()}
        if "prompt" in row and "match" in row:
            text = f"{print_row['prompt']}  (most similar known: {print_row['match']}, {row['similarity']:.2f})"
        elif "match" in row:
            text = f"{row['similarity']:.2f} {print_row['match']}"
        else:
            text = "  ".join(print_row.values())
        console.print(text, highlight=False, markup=False, soft_wrap=True)

"""Resolve tags in prompts, `<lora:name:0.8>` and `<style:picture.png:0.8>`, to files. Reads no file and imports no torch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from base.errors import InputError
from base.files import expand_user
from base.reading import is_file, is_folder
from diffusion.models.prompt_syntax import misspelt_syntax, parse_prompt

SUFFIX = ".safetensors"


def resolve_loras(given: Sequence[str], prompts: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(LoRAs to load, each FILE or FILE:WEIGHT; a sentence for each misspelt tag, each tag of an unknown file, and each weight that
    isn't a number).

    given: values of --lora: files with an optional weight, which are always loaded, and folders, whose files tags may name
    prompts: all prompts for the model

    A tag names a file without its folder and suffix. The file may be one of the given files, whose weight the tag then sets, or lie in
    their folders or the given folders. LoRAs change the whole model; the first tag of a name sets its weight for all prompts.

    Raises InputError for a weight without a file.
    """
    for value in given:
        _refuse_unnamed(value)
    files = [(path, value) for value in given if not is_folder(path := _path(value))]
    folders = [path for value in given if is_folder(path := _path(value))]
    prompts = tuple(prompts)
    tags = dict(reversed([tag for prompt in prompts for tag in parse_prompt(prompt).loras]))
    remarks = list(dict.fromkeys(sentence for prompt in prompts for sentence in misspelt_syntax(prompt)))
    for name, weight in reversed(tags.items()):
        beside = (folder / f"{name}{SUFFIX}" for folder in (*folders, *(path.parent for path, _ in files)))
        known = [path for path, _ in files if path.stem == name] or [p for p in beside if p.stem == name and is_file(p)]
        if known:
            chosen = known[0], f"{known[0]}:{weight:g}"
            files = [file for file in files if file[0] != known[0]] + [chosen]
        else:
            where = (
                "is beside the files or in the folders of --lora" if given else "is known; name its folder by --lora"
            )
            remarks.append(f"<lora:{name}> in a prompt has no effect: no file {name}{SUFFIX} {where}.")
    return tuple(value for _, value in files), tuple(remarks)


def style_names(prompts: Iterable[str]) -> tuple[str, ...]:
    """The pictures that style tags in prompts name, each once."""
    return tuple(dict.fromkeys(name for prompt in prompts for name, _ in parse_prompt(prompt).styles))


def style_remarks(prompts: Iterable[str], adapted: bool) -> tuple[str, ...]:
    """One sentence for each style tag that no IP-Adapter uses. adapted: whether there is one."""
    names = () if adapted else style_names(prompts)
    return tuple(f"<style:{name}> in a prompt has no effect: there is no --ip-adapter." for name in names)


def _refuse_unnamed(value: str) -> None:
    """Raise InputError for a weight without a file, and for a folder with a weight: its files get theirs from tags."""
    name, colon, _ = value.rpartition(":")
    if colon and _path(value) != expand_user(value) and (not name.strip() or is_folder(expand_user(name))):
        what = "a folder, whose files get theirs in prompts" if name.strip() else "no file"
        raise InputError("--lora", value, f"gives a weight to {what}; it must be FILE[:WEIGHT] or FOLDER")


def _path(value: str) -> Path:
    """The path of a --lora value; a colon that no number follows is part of it."""
    name, colon, number = value.rpartition(":")
    try:
        float(number)
    except ValueError:
        return expand_user(value)
    return expand_user(name if colon else value)

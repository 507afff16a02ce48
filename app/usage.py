"""Mistakes in a command line, as sentences: tyro draws a box for them, and takes an empty word for a folder or a default."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from base.errors import InputError, nearest
from base.settings import flag_of

BLANK = ("--negative", "--ground")  # may be empty
WHOLE = "invalid literal for int"
# What stands in tyro's box → (what is wrong with the option, where the pattern's groups are the option and its value)
VALUES = (
    (r"Missing value for argument '(?P<flag>\S+)'", "has no value"),
    (rf"Error parsing (?P<flag>\S+):.*{WHOLE}.*: (?P<value>'.*?')", "is {value}; it must be a whole number"),
    (r"Error parsing (?P<flag>\S+):.*string to float: (?P<value>'.*?')", "is {value}; it must be a number"),
    (r"Error parsing (?P<flag>\S+): (?P<value>.*)", "has a wrong value: {value}"),
)


def refuse_empty(words: Sequence[str], cls: type) -> None:
    """Raise InputError for an option without the values of its list, and for words that are empty or blank.

    words: a command line without the command; cls: its flags, see `app.commands`.
    """
    lists = {flag for flag, value in _flags(cls()) if isinstance(value, tuple)}
    for at, word in enumerate(words):
        flag, equals, value = word.partition("=")
        after = words[at + 1] if at + 1 < len(words) else "--"
        if word in lists and after.startswith("--"):
            raise InputError(word, "", "has no value")
        if flag.startswith("--") and equals and not value.strip() and flag not in BLANK:
            raise InputError(flag, "", "is empty; give it a value or leave it out")
        if not word.strip() and (before := words[at - 1] if at else "") not in BLANK:
            named = before if before.startswith("--") else "An argument"
            raise InputError(named, "", "is empty; give it a value or leave it out")


def wrong_usage(command: str, box: str, cls: type) -> InputError:
    """The error for what tyro wrote about a command line. command: e.g. "rayverie render"; cls: its flags."""
    said, ends = _remove_boxes(box), f"; `{command} --help` lists the options"
    unknown = re.match("Unrecognized options: (.+)", said)
    if unknown:
        word = unknown[1].split(", ")[0].split(" Perhaps you meant")[0]
        if word.startswith("-"):
            return InputError(word, "", f"is no option of `{command}`{nearest(word, dict(_flags(cls())))}{ends}")
        return InputError(word, "", f"is a word too many for `{command}`; put texts of several words in quotes")
    for pattern, problem in VALUES:
        if found := re.search(pattern, said):
            return InputError(found["flag"], "", problem.format(**found.groupdict()))
    return InputError(command, "", f"has wrong options: {said.rstrip('.')}{ends}")


def _remove_boxes(box: str) -> str:
    """What stands in a box below its title and above its next rule, in one line; the box is of lines or of hyphens."""
    lines = [line.strip("│ ") for line in box.splitlines()[1:]]
    text = itertools.dropwhile(_is_rule, lines)
    return " ".join(itertools.takewhile(lambda line: not _is_rule(line), text))


def _is_rule(line: str) -> bool:
    return len(line) > 2 and set(line) <= set("─-╰╯")


def _flags(settings: Any) -> Iterator[tuple[str, Any]]:
    """(flag, default) of all options."""
    for f in fields(settings):
        value = getattr(settings, f.name)
        if is_dataclass(value):
            yield from _flags(value)
        elif not f.metadata.get("positional"):
            yield flag_of(f.name, f.metadata), value
            if isinstance(value, bool):
                yield (
                    flag_of(
                        f"no-{f.name}", {**f.metadata, "flag": f.metadata.get("flag") and f"no-{f.metadata['flag']}"}
                    ),
                    value,
                )

"""The command line: `rayverie [COMMAND] …`, exit codes 0 done, 2 your input, 1 our fault, 130 stopped by Ctrl-C."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import fields, replace
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Union

import tyro

from app.commands import COMMANDS, DEFAULT, Generate, suit_to_model
from app.fields import as_flags, flags, plain
from app.session import load_session
from app.terminal import OutputLostError, guard_streams, open_missing_handles
from app.usage import refuse_empty, wrong_usage
from base.errors import InputError, escape_controls, nearest, shorten
from base.files import expand_user
from base.reading import is_file, is_folder

_STYLE = (tyro.conf.OmitArgPrefixes, tyro.conf.OmitSubcommandPrefixes)
FILES = {  # flags that name a file with the values of others
    "--from": "a PNG that `rayverie generate` made",
    "--settings": "a session file or the JSON file next to a video",
}
DESCRIPTION = "Walk through a 3D scene that a diffusion model paints as you explore it. The paint stays."


# How torch computes on processors; it reads these when it is imported, and what the user has set stays.
# - On a busy machine, or beside a software renderer, OpenMP threads that spin while they wait for each other make torch up to
#   eight times slower; sleeping ones cost nearly nothing.
# - torch keeps what it prepares for a layer and a size of picture twice, 1024 of them in each of two caches: about 5 MB for
#   every new size of a canvas. The smaller cache alone is as fast.
for _name, _value in {
    "OMP_WAIT_POLICY": "PASSIVE",
    "LRU_CACHE_CAPACITY": "1",
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "256",
}.items():
    os.environ.setdefault(_name, _value)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (without the program's name; default sys.argv's). Returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    open_missing_handles()
    with _raise_keyboard_interrupts():
        try:
            with guard_streams():
                return _main(words)
        except OutputLostError as lost:
            if lost.broken_pipe:  # the reader left, as `head` does
                return 0
            print(f"rayverie: {lost}.", file=sys.stderr)
            return 2


def _main(words: list[str]) -> int:
    try:
        if words[:1] == ["--version"]:
            print(f"rayverie {version('rayverie')}")
            return 0
        name, settings = parse(words)
        module, function = COMMANDS[name].run.split(":")
        return int(getattr(import_module(module), function)(settings))
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    except SystemExit as done:  # tyro's: help was shown
        return done.code if isinstance(done.code, int) else 2
    except OutputLostError:
        raise
    except Exception as error:
        if isinstance(error, FileNotFoundError) and _is_homeless():
            print("The working directory does not exist any more; go to another one.", file=sys.stderr)
            return 2
        traceback.print_exc()
        print(
            f"Rayverie failed because of an internal error: {type(error).__name__}: {shorten(str(error))}",
            file=sys.stderr,
        )
        return 1


def _is_homeless() -> bool:
    """Whether the working directory was deleted."""
    try:
        Path.cwd()
    except OSError:
        return True
    return False


@contextmanager
def _raise_keyboard_interrupts() -> Iterator[None]:
    """SIGTERM, and SIGHUP of a terminal that closes, raise KeyboardInterrupt, so that what was painted is kept then, too."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    found = (getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP"))
    numbers = [n for n in found if n is not None and signal.getsignal(n) != signal.SIG_IGN]  # as nohup sets
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def parse(words: Sequence[str]) -> tuple[str, Any]:
    """(command's name, its settings) of a command line. Raises InputError for what is wrong, SystemExit for help.

    `--settings FILE` (a session file, or the JSON beside a video) gives the values that flags don't; `--from PNG` does so
    for `generate`.
    """
    if words[:1] and words[0] in ("-h", "--help"):
        tyro.cli(_all_commands(), prog="rayverie", description=DESCRIPTION, args=["--help"], config=_STYLE)
    name, rest = (words[0], words[1:]) if words and words[0] in COMMANDS else (DEFAULT, words)
    if rest is words and words and not words[0].startswith("-"):
        _refuse_unknown(words[0])
    cls, args = COMMANDS[name].flags, list(rest)
    refuse_empty([word for word in args if word not in (f"{flag}=" for flag in FILES)], cls)
    saved = _read_defaults(cls, args)
    if name == DEFAULT and len(args) < 2 and not "".join(args).startswith("-"):  # as most starts are: without a parser
        return name, replace(saved, scene=replace(saved.scene, ref=args[0])) if args else saved
    defaults, command, said = as_flags(saved), f"rayverie {name}", io.StringIO()
    try:
        with redirect_stderr(said):
            parsed = tyro.cli(
                flags(cls), prog=command, description=cls.__doc__, args=args, default=defaults, config=_STYLE
            )
    except SystemExit as done:
        if done.code in (0, None):  # help was shown
            raise
        raise wrong_usage(command, said.getvalue(), cls) from None
    return name, plain(cls, parsed)


def _refuse_unknown(word: str) -> None:
    """A first word that is no command must be a scene; a slip in either gets its own message. Raises InputError."""
    from scenes.load import BUILTIN

    if word not in BUILTIN and not is_file(word) and not is_folder(expand_user(word)):
        scenes = f"a built-in scene ({', '.join(BUILTIN)}) nor a folder with map.png and materials.yaml"
        problem = f"is neither a command ({', '.join(COMMANDS)}), {scenes}{nearest(word, [*COMMANDS, *BUILTIN])}"
        raise InputError(word, "", problem)


def _read_defaults(cls: type, args: list[str]) -> Any:
    """The command's defaults, or those in the file that `--settings` or `--from` names."""
    source = _find_value(args, "--from") if cls is Generate else None
    if source is not None:
        from app.cli.generate import defaults

        return defaults(expand_user(source))
    file = _find_value(args, "--settings") if any(f.name == "settings" for f in fields(cls)) else None
    if file is None:
        return suit_to_model(cls(), _find_value(args, "--model"), _find_value(args, "--lora") is not None)
    session, notes = load_session(expand_user(file))
    for note in notes:
        print(escape_controls(note), file=sys.stderr)
    return cls(**{f.name: getattr(session, f.name) for f in fields(cls) if hasattr(session, f.name)})


def _find_value(args: list[str], flag: str) -> str | None:
    """The value of a flag, written with a space or "=", before the command line is read; None where it isn't there.

    InputError where it has no value, or two: files that give the other flags' values can't be guessed between.
    """
    values = [
        word.partition("=")[2] if word != flag else next(iter(args[at + 1 :]), "")
        for at, word in enumerate(args)
        if word == flag or word.startswith(f"{flag}=")
    ]
    if flag in FILES and ("" in values or len(values) > 1):
        raise InputError(flag, "", f"names {'no file' if len(values) < 2 else 'two files'}; it must be {FILES[flag]}")
    return values[0] if values else None


def _all_commands() -> Any:
    kinds = [
        Annotated[flags(command.flags), tyro.conf.subcommand(name, description=command.flags.__doc__)]
        for name, command in COMMANDS.items()
    ]
    return Union[tuple(kinds)]  # noqa: UP007 (built from a table)


if __name__ == "__main__":
    sys.exit(main())

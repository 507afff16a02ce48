"""The command line: `rayverie [COMMAND] …`, exit codes 0 done, 2 your input, 1 our fault, 130 stopped by Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Union

import tyro

from app.commands import COMMANDS, DEFAULT, Generate, suited
from app.fields import flags, plain, twin_of
from app.session import load_session
from base.errors import InputError, nearest

_STYLE = (tyro.conf.OmitArgPrefixes, tyro.conf.OmitSubcommandPrefixes)
DESCRIPTION = "Walk through a 3D scene that a diffusion model paints as you explore it. The paint stays."


# A busy machine, or a software renderer beside the model: OpenMP threads that spin while they wait for each other make torch
# up to eight times slower there, sleeping ones cost nearly nothing. It must be said before torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (without the program's name; default sys.argv's). Returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    with _terminated_like_ctrl_c():
        return _main(words)


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
    except BrokenPipeError:  # the reader of our output left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit as done:  # tyro's: help was shown, or the usage was wrong
        return done.code if isinstance(done.code, int) else 2
    except Exception as error:
        traceback.print_exc()
        print(f"Rayverie failed because of an internal error: {type(error).__name__}: {error}", file=sys.stderr)
        return 1


@contextmanager
def _terminated_like_ctrl_c() -> Iterator[None]:
    """SIGTERM raises KeyboardInterrupt, so that what was painted is kept then, too."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def parse(words: Sequence[str]) -> tuple[str, Any]:
    """(command's name, its settings) of a command line. Raises InputError for values, SystemExit for usage and help.

    `--settings FILE` (a session file, or the JSON beside a video) gives the values that flags don't; `--from PNG` does so
    for `generate`.
    """
    if words[:1] and words[0] in ("-h", "--help"):
        tyro.cli(_all_commands(), prog="rayverie", description=DESCRIPTION, args=["--help"], config=_STYLE)
    name, rest = (words[0], words[1:]) if words and words[0] in COMMANDS else (DEFAULT, words)
    if rest is words and words and not words[0].startswith("-"):
        _refuse_unknown(words[0])
    cls, args = COMMANDS[name].flags, list(rest)
    defaults = twin_of(_saved(cls, args))
    twin = tyro.cli(
        flags(cls), prog=f"rayverie {name}", description=cls.__doc__, args=args, default=defaults, config=_STYLE
    )
    return name, plain(cls, twin)


def _refuse_unknown(word: str) -> None:
    """A first word that is no command must be a scene; a slip in either is told as what it is. Raises InputError."""
    from scenes.load import BUILTIN

    if word not in BUILTIN and not Path(word).exists():
        scenes = f"a built-in scene ({', '.join(BUILTIN)}) nor a folder with map.png and materials.yaml"
        problem = f"is neither a command ({', '.join(COMMANDS)}), {scenes}{nearest(word, [*COMMANDS, *BUILTIN])}"
        raise InputError(word, "", problem)


def _saved(cls: type, args: list[str]) -> Any:
    """The command's defaults, or those in the file that `--settings` (taken out of `args`) or `--from` names."""
    if cls is Generate and "--from" in args[:-1]:
        from app.cli.generate import defaults

        return defaults(Path(args[args.index("--from") + 1]))
    if "--settings" not in args:
        return suited(cls(), _named(args, "--model"), _named(args, "--lora") is not None)
    at = args.index("--settings")
    if at + 1 == len(args):
        raise InputError("--settings", "", "names no file; it must be a session file or the JSON file next to a video")
    session, notes = load_session(Path(args[at + 1]))
    del args[at : at + 2]
    for note in notes:
        print(note, file=sys.stderr)
    return cls(**{f.name: getattr(session, f.name) for f in fields(cls) if hasattr(session, f.name)})


def _named(args: list[str], flag: str) -> str | None:
    """The value of a flag before the command line is read: its model has a say in the other flags' defaults."""
    for at, word in enumerate(args):
        name, equals, value = word.partition("=")
        if name == flag:
            return value if equals else next(iter(args[at + 1 :]), None)
    return None


def _all_commands() -> Any:
    kinds = [
        Annotated[flags(command.flags), tyro.conf.subcommand(name, description=command.flags.__doc__)]
        for name, command in COMMANDS.items()
    ]
    return Union[tuple(kinds)]  # noqa: UP007 (built from a table)


if __name__ == "__main__":
    sys.exit(main())

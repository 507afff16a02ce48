"""Entry point of the soak's process: `python -m app.bench.soak HOME SECONDS SESSION`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from app.bench.soak import main
from base.errors import InputError

HERE = "python -m app.bench.soak"


def parse(words: Sequence[str]) -> tuple[Path, float, str]:
    """(home, seconds, session as JSON). Raises InputError."""
    if len(words) != 3:
        raise InputError(HERE, "", "needs HOME SECONDS SESSION; run `rayverie bench soak` instead, which passes them")
    home, seconds, session = words
    if not seconds.replace(".", "", 1).isdecimal():
        raise InputError(HERE, "SECONDS", f"is {seconds!r}; it must be a number of seconds")
    return Path(home), float(seconds), session


if __name__ == "__main__":
    try:
        main(*parse(sys.argv[1:]))
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(2)

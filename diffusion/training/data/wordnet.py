"""Write the concrete nouns of WordNet 3.0 as `diffusion.models.word_senses` reads them.

    python -m diffusion.training.data.wordnet FOLDER [FILE]

FOLDER holds WordNet's database files (Debian: package wordnet-base, /usr/share/wordnet).
"""

from __future__ import annotations

import argparse
import gzip
from collections.abc import Sequence
from pathlib import Path

from base.errors import InputError
from base.files import atomic_write
from diffusion.models.word_senses import SENSES

CONCRETE = {6: "artifact", 15: "location", 17: "object", 19: "phenomenon", 20: "plant", 27: "substance"}
"""WordNet's lexicographer files of nouns that a surface may be made of, by number."""
MOST_SENSES = 2  # of a noun, the most frequent ones
LONGEST = 100  # characters of a definition
NOTICE = (
    "# WordNet 3.0, Copyright 2006 by Princeton University. See WORDNET-LICENSE.txt. Columns: nouns, kinds, definition."
)


def concrete_senses(index: Sequence[str], data: Sequence[str]) -> list[str]:
    """Lines of WordNet's `index.noun` and `data.noun` → lines of a file of senses, in the order of `data`."""
    synsets: dict[str, tuple[list[str], list[str], str]] = {}
    for line in data:
        if line.startswith(" "):  # the licence
            continue
        head, _, definition = line.partition("|")
        fields = head.split()
        words = int(fields[3], 16)
        pointers = fields[5 + 2 * words :]
        if int(fields[1]) in CONCRETE:
            kinds = [pointers[i + 1] for i in range(0, len(pointers) - 3, 4) if pointers[i] in ("@", "@i")]
            synsets[fields[0]] = ([], kinds, definition.split(";")[0].split('"')[0].strip()[:LONGEST])
        else:
            synsets[fields[0]] = ([], [], "")
        synsets[fields[0]][0].append(fields[4])
    nouns: dict[str, list[str]] = {}
    for line in index:
        if not line.startswith(" "):
            noun, _, count, pointers_count, *rest = line.split()
            offsets = [o for o in rest[int(pointers_count) + 2 :][: int(count)] if synsets[o][2]]
            if len(noun) > 2 and not any(c.isdigit() or c == "," for c in noun):
                for offset in offsets[:MOST_SENSES]:
                    nouns.setdefault(offset, []).append(noun.replace("_", " "))
    lines = []
    for offset in sorted(nouns):
        _, kinds, definition = synsets[offset]
        named = (synsets[kind][0][0].replace("_", " ").lower() for kind in kinds)
        lines.append("\t".join([",".join(nouns[offset]), ",".join(named), definition]))
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the file; a few seconds."""
    parser = argparse.ArgumentParser(
        prog="python -m diffusion.training.data.wordnet", description="Write the concrete nouns of WordNet."
    )
    parser.add_argument("folder", type=Path, help="folder with WordNet's index.noun and data.noun")
    parser.add_argument(
        "file", nargs="?", type=Path, default=SENSES, help="output file (default: the embedded model's)"
    )
    asked = parser.parse_args(arguments)
    try:
        index, data = (
            (asked.folder / name).read_text(encoding="utf-8").splitlines() for name in ("index.noun", "data.noun")
        )
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(asked.folder, "", f"holds no WordNet database ({error})") from error
    lines = concrete_senses(index, data)
    with atomic_write(asked.file) as temporary:
        # no time stamp, so that the same database gives the same file
        temporary.write_bytes(gzip.compress("\n".join([NOTICE, *lines]).encode(), 9, mtime=0))
    print(f"{len(lines)} senses in {asked.file}")


if __name__ == "__main__":
    main()

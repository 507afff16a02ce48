"""Store results on disk, so that a stopped run can continue and single methods can be measured again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from app.bench.consistency.figures import Figure
from base.errors import InputError
from base.files import atomic_write
from base.outputs import Output, is_marked_png, png_mark
from base.pictures import open_picture
from base.reading import is_file, read_text

WHAT = "a result of this measurement"


@dataclass(frozen=True)
class CachedResult:
    """The figures of a method on a walk, and pictures of a few of its views: uint8 [H,W,3], all of one size."""

    figures: dict[str, Figure]
    pictures: Sequence[np.ndarray] = ()


@dataclass
class ResultCache:
    """folder: where results are stored (None: only in memory); conditions: JSON; results under other conditions are ignored."""

    folder: Path | None
    conditions: Mapping[str, Any]
    _known: dict[str, CachedResult] = field(default_factory=dict)

    def find(self, *name: str) -> CachedResult | None:
        """The result of this name if it was measured under the same conditions. Raises InputError if the file can't be read."""
        title = "_".join(name)
        if title not in self._known and self.folder is not None and is_file(self.folder / f"{title}.json"):
            found = self._read(self.folder / f"{title}.json")
            if found is not None:
                self._known[title] = found
        return self._known.get(title)

    def store(self, found: CachedResult, *name: str) -> CachedResult:
        """Store a result under a name and return it."""
        title = "_".join(name)
        self._known[title] = found
        if self.folder is not None:
            note = {"terms": self.conditions, "figures": found.figures, "pictures": len(found.pictures)}
            if found.pictures:  # before the JSON file, so that a result with a JSON file is complete
                with atomic_write(self.folder / f"{title}.png") as temporary:
                    Image.fromarray(np.concatenate(found.pictures, axis=1)).save(
                        temporary, format="PNG", pnginfo=png_mark()
                    )
            with atomic_write(self.folder / f"{title}.json") as temporary:
                temporary.write_text(json.dumps(note, indent=1) + "\n")
        return found

    def _read(self, file: Path) -> CachedResult | None:
        try:
            note = json.loads(read_text(file, WHAT))
            if note["terms"] != json.loads(json.dumps(self.conditions)):
                return None
            pictures: list[np.ndarray] = []
            if note["pictures"]:
                strip = np.asarray(open_picture(file.with_suffix(".png")).convert("RGB"))
                pictures = np.split(strip, note["pictures"], axis=1)
            return CachedResult(note["figures"], pictures)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(str(file), "", f"is not {WHAT} ({error}); remove it") from error


def result_outputs(flag: str, folder: Path, names: Iterable[tuple[str, ...]]) -> list[Output]:
    """The files that results of these names are stored in."""
    files = [folder / f"{'_'.join(name)}{suffix}" for name in names for suffix in (".json", ".png")]
    return [Output(flag, file, _is_result) for file in files]


def _is_result(path: Path) -> bool:
    """Whether a file belongs to a stored result. Pictures of earlier versions are recognised by the file beside them."""
    if path.suffix == ".png" and is_marked_png(path):
        return True
    try:
        return set(json.loads(read_text(path.with_suffix(".json"), WHAT))) == {"terms", "figures", "pictures"}
    except (InputError, ValueError, TypeError):
        return False

"""The files of a film: a video or a folder of numbered PNGs, the settings inside, and a JSON file with them beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from base.errors import InputError
from base.outputs import Output, is_marked_png, refuse_nameless
from base.png import read_texts
from base.reading import is_file, parse_json, read_json, read_text, refuse_irregular

FRAME = "[0-9][0-9][0-9][0-9][0-9].png"


@dataclass(frozen=True)
class Codec:
    """name: FFmpeg's encoder; pixels: its pixel format; step: both sides must be multiples of it; inside: can hold metadata;
    fastest: frames a second that players show."""

    name: str
    pixels: str
    options: Mapping[str, str] = field(default_factory=dict)
    step: int = 1
    inside: bool = True
    fastest: float = 240.0


CODECS: Mapping[str, Codec] = MappingProxyType(
    {
        ".mp4": Codec("libx264", "yuv420p", {"crf": "18", "preset": "veryfast"}, step=2),
        ".webm": Codec("libvpx-vp9", "yuv420p", {"crf": "24", "b": "0", "cpu-used": "5", "row-mt": "1"}, step=2),
        ".mkv": Codec("ffv1", "bgr0"),  # lossless
        ".gif": Codec("gif", "pal8", inside=False, fastest=50.0),  # in hundredths of a second, and 1 is not obeyed
    }
)


def film_outputs(flag: str, path: Path, frames: int | None = None) -> list[Output]:
    """The files that a film of so many frames (None: unknown) will write. Raises InputError for a name that no film can have."""
    refuse_nameless(flag, path, CODECS)
    beside = Output(flag, sidecar(path), is_settings)
    if path.suffix:
        return [Output(flag, path), beside]
    if path.exists() and not path.is_dir():
        problem = "is a file; a folder for PNGs is wanted (or a name with a suffix for a video)"
        raise InputError(path, "", problem)
    there = [old for old in path.glob(FRAME) if frames is None or int(old.stem) < frames]
    return [Output(flag, old, is_marked_png) for old in sorted({*there, frame_file(path, 0)})] + [beside]


def refuse_film(path: Path, size: tuple[int, int], fps: float) -> Codec:
    """The codec of a video's name. Raises InputError for an unknown suffix, and for a size or rate that it can't have."""
    codec = CODECS.get(path.suffix.lower())
    if codec is None:
        problem = f"has a suffix that is none of {', '.join(CODECS)}; a name without one makes PNGs"
        raise InputError(path, "", problem)
    if any(side < 16 or side > 8192 or side % codec.step for side in size):
        allowed = f"sides of 16 to 8192 pixels in steps of {codec.step} are allowed"
        raise InputError(path, "size", f"is {size[0]}x{size[1]}; {allowed}")
    if not 0 < fps <= 240:
        raise InputError(path, "fps", f"is {fps:g}; more than 0 and up to 240 are allowed")
    return codec


def frame_file(folder: Path, number: int) -> Path:
    return folder / f"{number:05d}.png"


def is_settings(path: Path) -> bool:
    """Whether a JSON file holds settings that this program wrote."""
    try:
        found = read_json(path, "the settings of a render", names=True)
    except InputError:
        return False
    return isinstance(found, dict) and "rayverie" in found


def sidecar(path: str | Path) -> Path:
    """Return the JSON file beside an output: tour.mp4 → tour.mp4.json."""
    path = Path(path)
    return path.with_name(path.name + ".json")


def read_metadata(path: str | Path) -> dict[str, Any]:
    """Read the settings inside a video or PNG, else those beside it. InputError if there are none."""
    path, beside = Path(path), sidecar(path)
    try:
        comment = _comment(path)
        if comment is None and is_file(beside):
            comment = read_text(beside, "the settings of a render")
        found = parse_json(comment or "", path, "the settings of a render", names=True)
    except InputError as error:
        raise InputError(path, "", "has no settings of a render in it, nor beside it") from error
    if not isinstance(found, dict):
        raise InputError(path, "", "has no settings of a render in it, but something else")
    return found


def _comment(path: Path) -> str | None:
    """The text inside a video or PNG, None where there is none. Raises InputError."""
    if path.suffix.lower() == ".png":
        return read_texts(path).get("comment")
    if path.suffix.lower() in CODECS and is_file(path):
        import av  # late, as FFmpeg's libraries take long to load, and the window may never need them

        try:
            with av.open(str(refuse_irregular(path, "a video").absolute())) as container:
                return {k.lower(): v for k, v in container.metadata.items()}.get("comment")
        except InputError:
            raise
        except Exception as error:  # its reader raises whatever it thinks of
            raise InputError(path, "", "is not a video that can be read") from error
    return None


def read_comment(path: Path) -> str | None:
    """What a frame or the file beside frames says of its render; None where there is nothing of that kind."""
    try:
        if path.suffix == ".json":
            return read_text(path, "the settings of a render").strip()
        return read_texts(path).get("comment")
    except InputError:
        return None

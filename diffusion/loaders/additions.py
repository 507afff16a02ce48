"""ControlNets, IP-Adapters and autoencoders that users add to a Stable Diffusion model, checked before anything is loaded."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from base.errors import InputError
from base.files import expand_user
from base.reading import is_file, is_folder
from diffusion.models.control_hints import HINTS

# kind → words in the file names of published ControlNets
NAMES = {
    "depth": ("depth", "midas", "zoe"),
    "normal": ("normal",),
    "edges": ("canny", "edge", "lineart", "hed", "pidi", "mlsd", "scribble"),
    "segmentation": ("seg",),
}
MOST = 2.0


@dataclass(frozen=True)
class ControlChoice:
    """A ControlNet that a user named. kind: key of HINTS; weight: 0..2."""

    path: Path
    kind: str
    weight: float = 1.0


def parse_control(text: str) -> ControlChoice:
    """Parse "[KIND=]FILE[:WEIGHT]"; without a kind, the name of the file or folder implies it. Raises InputError."""
    head, equals, rest = text.partition("=")
    kind, name = (head, rest) if equals and head in HINTS else ("", text)
    path, weight = expand_user(name), 1.0
    before, colon, number = name.rpartition(":")
    if colon and not path.exists():
        with suppress(ValueError):  # the colon is then part of the name
            path, weight = expand_user(before), float(number)
    if not 0 <= weight <= MOST:  # written this way so that NaN is refused
        raise InputError("--control", text, f"has the weight {weight:g}; allowed is 0 to {MOST:g}")
    if not (is_file(path) or is_folder(path)):
        raise InputError("--control", str(path), "is neither a file nor a folder; nothing is downloaded")
    kind = kind or next((k for k, words in NAMES.items() if any(word in path.name.lower() for word in words)), "")
    if not kind:
        raise InputError(
            "--control", text, f"doesn't say what it sees; write KIND={name} with one of {', '.join(HINTS)}"
        )
    return ControlChoice(path, kind, weight)


def weights_of(choice: ControlChoice) -> list[Path]:
    """The weight files, for the fingerprint."""
    return sorted(choice.path.glob("*.safetensors")) if is_folder(choice.path) else [choice.path]


def check_adapter(name: str) -> Path:
    """The file that --ip-adapter names. Raises InputError."""
    path = expand_user(name)
    if not is_file(path):
        raise InputError("--ip-adapter", str(path), "is not a file; nothing is downloaded")
    if path.suffix != ".safetensors":
        raise InputError(path, "", "is no .safetensors file; pickles can run any program when read")
    return path


def find_vae(name: str, flag: str) -> Path:
    """The folder of the autoencoder that a flag names: the folder itself, or `vae` in a pipeline folder. Raises InputError."""
    path = expand_user(name)
    if not is_folder(path):
        raise InputError(flag, str(path), "is not a folder; nothing is downloaded")
    return path / "vae" if is_folder(path / "vae") else path

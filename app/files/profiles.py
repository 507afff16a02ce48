"""raycast_diffusion's `profiles.yaml`, sampling settings by name, read as presets (https://github.com/ssube/raycast_diffusion)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from base.errors import InputError
from base.settings import from_json, option
from base.strict_yaml import read_yaml
from diffusion.settings import DreamSettings

WHAT = "profiles of raycast_diffusion, a short list in YAML"
YAML = "a scene's materials or profiles of raycast_diffusion, in YAML"
TOP = "profiles"


@dataclass(frozen=True)
class Written:
    """A profile as the file has it."""

    name: str = option("")
    steps: int = option(30, range=(1, 200))
    cfg: float = option(7.0, range=(-20.0, 30.0))
    bootstrapping_steps: int = option(0, range=(0, 200))
    capture_steps: int = option(0, range=(0, 200))
    width: int | None = option(None, range=(8, 4096))
    height: int | None = option(None, range=(8, 4096))


@dataclass(frozen=True)
class Profile:
    """settings: what is a preset; remarks: a sentence for what isn't part of one, and for keys that have no counterpart."""

    name: str
    settings: DreamSettings
    remarks: tuple[str, ...]


def is_profiles(path: Path) -> bool:
    """Whether a YAML file holds profiles. Raises InputError if it can't be read."""
    found = read_yaml(path, YAML)
    return isinstance(found, dict) and TOP in found


def read_profiles(path: Path) -> tuple[Profile, ...]:
    """The profiles of a file, at least one. Raises InputError naming the file, the profile and its field."""
    top = read_yaml(path, WHAT)
    entries = top.get(TOP) if isinstance(top, dict) else None
    if not isinstance(entries, list) or not entries:
        raise InputError(path, TOP, f"is missing or no list; it must be {WHAT}")
    found: dict[str, Profile] = {}
    for index, entry in enumerate(entries):
        place = f"{TOP}[{index}]"
        written, unknown = from_json(Written, entry, path, place)
        if not written.name.strip():
            raise InputError(path, f"{place}.name", "is missing; a preset needs a name")
        if "steps" not in entry:
            raise InputError(path, f"{place}.steps", "is missing; allowed is 1 to 200")
        if written.name in found:
            raise InputError(path, f"{place}.name", f"is {written.name!r}, as an earlier profile's")
        keys = [place.rpartition(".")[2] for place in unknown]
        remarks = _remarks(written, keys + [key for key in top if key != TOP])
        found[written.name] = Profile(written.name, settings_of(written), remarks)
    return tuple(found.values())


def settings_of(profile: Written) -> DreamSettings:
    """What raycast_diffusion does with a profile: MultiDiffusion, guidance in all steps, none for a scale of 1 or less.

    It captures the latents after the step of index `steps - capture_steps`, counted from 0, or else the last.
    """
    captured = profile.steps - profile.capture_steps + 1
    return replace(
        DreamSettings(),
        steps=profile.steps,
        scale=profile.cfg,
        guidance="cfg" if profile.cfg > 1 else "none",
        guidance_start=0.0,
        execution="batched",
        bootstrap=min(1.0, profile.bootstrapping_steps / profile.steps),
        capture=captured if 0 < captured <= profile.steps else 0,
    )


def _remarks(profile: Written, unknown: list[str]) -> tuple[str, ...]:
    found = [f"{profile.name}: {key} has no counterpart here." for key in unknown]
    width, height = profile.width or profile.height, profile.height or profile.width
    if width and height:
        size = f"--size {width}x{height} of generate, or --canvas {height}"
        found.append(f"{profile.name}: a preset has no size; give {size} of other commands.")
    return tuple(found)

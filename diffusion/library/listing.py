"""All models of this machine: those that come with the program, registered ones, and the hub's cache."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from base.errors import InputError
from base.files import expand_user
from base.reading import is_file, is_folder
from diffusion.library.facts import Facts
from diffusion.library.hub_cache import CachedRepo, list_cached_repos
from diffusion.library.read_facts import read_facts
from diffusion.loaders.embedded import SHIPPED
from diffusion.loaders.hub_snapshot import find_snapshot

INCLUDED, REGISTERED, HUB, GIVEN = "included", "registered", "hub", "given"
MOST = 1000  # most entries of a folder that are read
DEPTH = 2  # folders inside a registered folder
UNFINISHED = "its download was interrupted"
UNKNOWN = "is no model, LoRA, ControlNet, IP-Adapter or VAE in safetensors, and holds none"


@dataclass(frozen=True)
class ListedModel:
    """An entry. name: the value for --model, --lora or the like; origin: INCLUDED, REGISTERED, HUB or GIVEN."""

    name: str
    origin: str
    facts: Facts


def list_models(folders: Iterable[Path], cache: Path) -> list[ListedModel]:
    """Every entry. folders: registered folders and files; cache: the hub's."""
    shipped = [ListedModel(name, INCLUDED, facts) for name, path in SHIPPED.items() if (facts := read_facts(path))]
    registered = [ListedModel(str(facts.path), REGISTERED, facts) for path in folders for facts in facts_within(path)]
    return shipped + registered + [listed for repo in list_cached_repos(cache) for listed in list_repo(repo)]


def list_repo(repo: CachedRepo) -> list[ListedModel]:
    """The entries of a cached repository; none for unknown kinds, such as language models.

    A pipeline is named by its id; additions to a model, such as LoRAs, by their paths.
    """
    found = [] if repo.snapshot is None else facts_within(repo.snapshot)
    if repo.unfinished:
        found = [
            replace(f, missing=(UNFINISHED, *f.missing)) for f in found or [Facts(repo.folder, "model", "unknown")]
        ]
    whole = (repo.snapshot, repo.folder)
    return [
        ListedModel(repo.id if facts.kind == "model" and facts.path in whole else str(facts.path), HUB, facts)
        for facts in found
    ]


def facts_within(path: Path, depth: int = DEPTH) -> list[Facts]:
    """The entries at a registered path: the path itself, or the contents of the folder."""
    if facts := read_facts(path):
        return [facts]
    if is_folder(path):
        return _inside(path, depth)
    return [] if is_file(path) else [Facts(path, "model", "unknown", missing=("it is not there any more",))]


def find_listed(ref: str, cache: Path) -> ListedModel:
    """The entry that a user names: a name of SHIPPED, a folder, a file or a cached hub id. Raises InputError."""
    path = SHIPPED.get(ref, expand_user(ref))
    there = is_folder(path) or is_file(path)
    snapshot = None if there else find_snapshot(ref, cache)
    if not there and snapshot is None:
        raise InputError(ref, "", f"is neither a model of this program, nor a file or folder, nor in the cache {cache}")
    facts = read_facts(snapshot or path)
    if facts is None:
        raise InputError(ref, "", UNKNOWN)
    return ListedModel(ref, INCLUDED if ref in SHIPPED else HUB if snapshot else GIVEN, facts)


def refuse_unregistrable(path: Path) -> None:
    """Raise InputError for a path with nothing to register."""
    if not (is_folder(path) or is_file(path)):
        raise InputError(path, "", "is neither a file nor a folder")
    if not facts_within(path):
        raise InputError(path, "", UNKNOWN)


def _inside(folder: Path, depth: int) -> list[Facts]:
    found: list[Facts] = []
    for path in _entries(folder):
        facts = read_facts(path)
        if facts is not None:
            found.append(facts)
        elif depth > 1 and is_folder(path) and not path.is_symlink():
            found += _inside(path, depth - 1)
    return found[:MOST]


def _entries(folder: Path) -> Collection[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))[:MOST]
    except OSError:
        return []

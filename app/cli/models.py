"""`rayverie models`: lists, checks, downloads and deletes models, and registers folders of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from rich.filesize import decimal as size

from app.cli.model_tables import describe, make_listing_json, show_list
from app.cli.progress import bytes_progress
from app.commands import Models
from app.files import model_folders
from app.loop.memory_room import measure_room
from app.terminal import escape_json, open_console
from app.user_folders import config_folder
from base.errors import InputError, escape_controls
from base.reading import is_folder
from base.settings import flag_of
from diffusion.library.hub_cache import (
    CachedRepo,
    delete_repo,
    find_repo,
    list_cached_repos,
    snapshot_bytes,
    verify_repo,
)
from diffusion.library.hub_download import plan_download, run_download
from diffusion.library.listing import (
    HUB,
    ListedModel,
    facts_within,
    find_listed,
    list_models,
    list_repo,
    refuse_unregistrable,
)
from diffusion.loaders.embedded import SHIPPED
from diffusion.loaders.hub_snapshot import cache_folder
from diffusion.loaders.options import DEVICES, is_device


@dataclass(frozen=True)
class Action:
    """run: its function; least, most: how many REFs it takes; flags: fields of Models that it uses, besides `cache_dir`."""

    run: Callable[[Models, Path], int]
    least: int
    most: int
    flags: tuple[str, ...] = ()


def run(command: Models) -> int:
    action = ACTIONS[command.action]
    given = len(command.refs)
    if not action.least <= given <= action.most:
        if not action.most:
            raise InputError(f"rayverie models {command.action}", "", "takes no REF")
        problem = f"is given {given} times" if given else "is missing"
        wanted = "one model" if action.most == 1 else "at least one model"
        raise InputError(f"rayverie models {command.action}", "REF", f"{problem}; name {wanted}")
    for f in fields(command):
        if getattr(command, f.name) != f.default and f.name not in ("action", "refs", "cache_dir", *action.flags):
            print(f"{flag_of(f.name, f.metadata)} has no effect on `models {command.action}`.", file=sys.stderr)
    if not is_device(command.device):
        raise InputError("--device", "", f"is {command.device!r}; allowed are {', '.join(DEVICES)}")
    cache = cache_folder(command.cache_dir)
    if command.cache_dir is not None and cache.exists() and not is_folder(cache):
        raise InputError("--cache-dir", "", f"is {cache}, which is no folder")
    return action.run(command, cache)


def list_all(command: Models, cache: Path) -> int:
    room = measure_room(command.device)
    found = list_models(model_folders.load(config_folder()), cache)
    if command.json:
        models = [make_listing_json(listed, room) for listed in found]
        print_json({"cache": str(cache), "device": room.device, "free": room.free, "models": models})
    else:
        show_list(found, cache, room, open_console())
    return 0


def info(command: Models, cache: Path) -> int:
    listed, room = find_listed(command.refs[0], cache), measure_room(command.device)
    problem = loader_problem(listed)
    if command.json:
        print_json(make_listing_json(listed, room) | {"problem": problem})
    else:
        describe(listed, room, problem, open_console())
    return 0


def loader_problem(listed: ListedModel) -> str:
    """Return why the loader refuses a complete model, or "". Imports torch."""
    if listed.facts.kind != "model" or not listed.facts.complete:
        return ""
    from diffusion.loaders.model_family import identify_family
    from diffusion.loaders.open_checkpoint import open_checkpoint
    from diffusion.loaders.surface import is_surface_model

    try:
        source = open_checkpoint(listed.facts.path)
        if not is_surface_model(source):
            identify_family(source)
    except InputError as error:
        return str(error)
    return ""


def download(command: Models, cache: Path) -> int:
    repo_id = command.refs[0]
    plan = plan_download(repo_id, cache, command.revision, command.half, command.only)
    console = open_console(errors=True)
    console.print(f"{repo_id}: {len(plan.files)} files, {size(plan.bytes)}, of which {size(plan.missing)} are missing.")
    with bytes_progress(console) as bar:
        task = bar.add_task(
            f"downloading {escape_controls(repo_id)}", total=plan.bytes, completed=plan.bytes - plan.missing
        )
        path = run_download(plan, cache, lambda count: bar.advance(task, count))
    found = facts_within(path)
    if command.json:
        print_json({"id": repo_id, "commit": plan.commit, "path": str(path), "bytes": plan.bytes})
        return 0
    own = any(facts.path == path for facts in found) and command.cache_dir is None
    for facts in found:
        lacks = f" Incomplete: {', '.join(facts.missing)}." if facts.missing else ""
        console.print(f"{facts.family}, {facts.kind}: {escape_controls(str(facts.path))}.{lacks}")
    console.print(f"Use it as --model {repo_id}." if own else f"Its files are in {path}.")
    return 0


def verify(command: Models, cache: Path) -> int:
    """Exit code 2 if anything is wrong."""
    checked = [verify_ref(ref, cache) for ref in command.refs] if command.refs else verify_all(cache)
    problems = [problem for row in checked for problem in row["problems"]]
    if command.json:
        print_json(checked)
    else:
        for row in checked:
            if not row["problems"]:
                hashes = f"{row['compared']} files have the right hash" if row["compared"] else "no hashes to compare"
                print(f"{escape_controls(row['name'])} is complete; {hashes}.")
    for problem in problems:
        print(escape_controls(problem if problem.endswith(".") else f"{problem}."), file=sys.stderr)
    return 2 if problems else 0


def verify_all(cache: Path) -> list[dict[str, Any]]:
    """Rows of `verify` for all that `list` shows, and for entries of the cache without files."""
    listed = list_models(model_folders.load(config_folder()), cache)
    own = [_verify_facts(one) for one in listed if one.origin != HUB]
    return own + [_verify_repo(repo) for repo in list_cached_repos(cache) if repo.empty or list_repo(repo)]


def verify_ref(ref: str, cache: Path) -> dict[str, Any]:
    listed = find_listed(ref, cache) if ref in SHIPPED or Path(ref).exists() else None
    return _verify_repo(find_repo(ref, cache)) if listed is None else _verify_facts(listed)


def _verify_repo(repo: CachedRepo) -> dict[str, Any]:
    with bytes_progress(open_console(errors=True)) as bar:
        task = bar.add_task(f"reading {escape_controls(repo.id)}", total=snapshot_bytes(repo))
        problems, compared, without = verify_repo(repo, lambda count: bar.advance(task, count))
    lacks = [f"{one.name} is incomplete: {what}" for one in list_repo(repo) for what in one.facts.missing]
    return {"name": repo.id, "problems": problems or lacks, "compared": compared, "without_hash": without}


def _verify_facts(listed: ListedModel) -> dict[str, Any]:
    lacks = [f"{listed.name} is incomplete: {what}" for what in listed.facts.missing]
    return {"name": listed.name, "problems": lacks, "compared": 0, "without_hash": len(listed.facts.parts)}


def clear(command: Models, cache: Path) -> int:
    if command.all == bool(command.refs):
        what = "names no model; give an id or --all" if not command.all else "names models, and --all names all of them"
        raise InputError("rayverie models clear", "", what)
    registered = model_folders.load(config_folder())
    for ref in command.refs:
        if ref in SHIPPED or model_folders.absolute(ref) in registered:
            keeps = "comes with the program" if ref in SHIPPED else "is registered: `models remove` forgets it"
            raise InputError(ref, "", f"{keeps}; clear deletes only what lies in the hub's cache")
    chosen = [find_repo(ref, cache) for ref in command.refs] if command.refs else find_known_repos(cache)
    for repo in list(chosen):
        if any(path.is_relative_to(model_folders.absolute(repo.folder)) for path in registered):
            print(f"{escape_controls(repo.id)} stays: it is registered (`models remove` forgets it).", file=sys.stderr)
            chosen.remove(repo)
    if not chosen:
        print("There is nothing to delete.", file=sys.stderr)
        return 0
    names = ", ".join(repo.id for repo in chosen)
    freed = sum(repo.bytes for repo in chosen)
    if not command.yes and not ask_consent(f"Delete {names} ({size(freed)}) from {cache}?"):
        print("Nothing was deleted.", file=sys.stderr)
        return 0
    for repo in chosen:
        delete_repo(repo)
    if command.json:
        print_json({"deleted": [repo.id for repo in chosen], "bytes": freed})
    else:
        print(f"Deleted {escape_controls(names)}: {size(freed)}.", file=sys.stderr)
    return 0


def find_known_repos(cache: Path) -> list[CachedRepo]:
    """Return the cached models that this program supports. Models of other programs, such as language models, are left alone."""
    return [repo for repo in list_cached_repos(cache) if list_repo(repo)]


def ask_consent(question: str) -> bool:
    """Ask a yes-or-no question on the terminal. Raises InputError if it isn't interactive."""
    if not sys.stdin.isatty():
        raise InputError("rayverie models clear", "", "asks before it deletes, and nobody can answer here; add --yes")
    print(f"{escape_controls(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def add(command: Models, cache: Path) -> int:
    config = config_folder()
    for ref in command.refs:
        refuse_unregistrable(path := model_folders.absolute(ref))
        model_folders.save(config, model_folders.add_folder(model_folders.load(config), path))
        print(f"Registered {escape_controls(str(path))}.", file=sys.stderr)
    return 0


def remove(command: Models, cache: Path) -> int:
    """Forget registered paths; their files stay."""
    config = config_folder()
    for ref in command.refs:
        path = model_folders.absolute(ref)
        model_folders.save(config, model_folders.remove_folder(model_folders.load(config), path))
        print(f"Forgot {escape_controls(str(path))}; its files stay.", file=sys.stderr)
    return 0


def print_json(value: Any) -> None:
    print(escape_json(json.dumps(value, indent=2, ensure_ascii=False)))


MANY = 1000
ACTIONS: Mapping[str, Action] = {
    "list": Action(list_all, 0, 0, ("device", "json")),
    "info": Action(info, 1, 1, ("device", "json")),
    "download": Action(download, 1, 1, ("half", "only", "revision", "json")),
    "verify": Action(verify, 0, MANY, ("json",)),
    "clear": Action(clear, 0, MANY, ("all", "yes", "json")),
    "add": Action(add, 1, MANY),
    "remove": Action(remove, 1, MANY),
}

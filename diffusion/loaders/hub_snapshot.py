"""Find a model of the hub's local cache (https://huggingface.co/docs/huggingface_hub/guides/manage-cache). Never uses the network."""

from __future__ import annotations

from pathlib import Path

from base.files import expand_user
from base.reading import is_file, is_folder


def cache_folder(folder: str | Path | None = None) -> Path:
    """The hub's cache: `folder`, or else the folder that HF_HUB_CACHE or HF_HOME names."""
    from huggingface_hub import constants

    return expand_user(folder or constants.HF_HUB_CACHE)


def repo_folder(repo_id: str, cache: Path) -> Path:
    """The folder of a model in a cache. Raises ValueError for an invalid hub id."""
    from huggingface_hub.utils import validate_repo_id

    validate_repo_id(repo_id)
    return cache / f"models--{repo_id.replace('/', '--')}"


def find_snapshot(repo_id: str, cache: Path | None = None) -> Path | None:
    """The folder of a cached model's files at `main`, or else at its newest revision. It may be incomplete. None if there is none."""
    try:
        folder = repo_folder(repo_id, cache or cache_folder())
    except ValueError:
        return None
    return newest_snapshot(folder)


def newest_snapshot(repo: Path) -> Path | None:
    """The snapshot of `main`, or else the newest, in a folder from `repo_folder`; None if there is none."""
    main = repo / "refs" / "main"
    if is_file(main) and main.stat().st_size < 256:
        name = main.read_text(encoding="utf-8", errors="replace").strip()
        chosen = repo / "snapshots" / name
        if name.isalnum() and is_folder(chosen):
            return chosen
    folders = [path for path in (repo / "snapshots").glob("*") if path.is_dir()]
    return max(folders, key=lambda path: path.stat().st_mtime, default=None)

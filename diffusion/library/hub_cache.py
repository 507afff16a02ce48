"""The hub's cache on disk: list, verify and delete its models."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from base.errors import InputError
from base.reading import is_folder
from base.safetensors_header import read_header
from diffusion.loaders.hub_snapshot import newest_snapshot, repo_folder

PREFIX = "models--"
CHUNK = 1 << 22  # bytes read at a time
_SHA256, _GIT = re.compile("[0-9a-f]{64}"), re.compile("[0-9a-f]{40}")
Advance = Callable[[int], None]
"""Called with the number of bytes that were read since the last call."""


@dataclass(frozen=True)
class CachedRepo:
    """A model in the cache. folder: all of it; snapshot: its files at `main`, None if there are none; bytes: on disk, of all revisions
    and of unfinished files; unfinished: number of files whose download was interrupted."""

    id: str
    folder: Path
    snapshot: Path | None
    bytes: int
    unfinished: int

    @property
    def empty(self) -> bool:
        """Whether it has no snapshot with a file, as after a download that failed at its start."""
        return next(_files(self.folder / "snapshots"), None) is None


def list_cached_repos(cache: Path) -> list[CachedRepo]:
    """The models in a cache by id, including unfinished downloads. [] if there is no cache."""
    if not is_folder(cache):
        return []
    return [_repo(folder) for folder in sorted(cache.glob(f"{PREFIX}*")) if folder.is_dir()]


def find_repo(repo_id: str, cache: Path) -> CachedRepo:
    """The cached model of an id. Raises InputError for an invalid id, and for one that isn't in the cache."""
    folder = folder_of(repo_id, cache)
    if not is_folder(folder):
        raise InputError(repo_id, "", f"is not in the cache {cache}; `rayverie models list` shows what is")
    return _repo(folder)


def folder_of(repo_id: str, cache: Path) -> Path:
    """The folder of a model in a cache. Raises InputError for an invalid id."""
    try:
        return repo_folder(repo_id, cache)
    except ValueError:
        raise InputError(repo_id, "", "is no hub id; it must be like owner/name") from None


def delete_repo(repo: CachedRepo) -> None:
    """Delete a model with all of its revisions and unfinished downloads. Raises InputError if that fails."""
    try:
        shutil.rmtree(repo.folder)
        shutil.rmtree(repo.folder.parent / ".locks" / repo.folder.name, ignore_errors=True)
    except OSError as error:
        raise InputError(repo.folder, "", f"can't be deleted ({error.strerror or error})") from error


def verify_repo(repo: CachedRepo, advance: Advance = lambda _: None) -> tuple[list[str], int, int]:
    """(a sentence for each problem; number of files compared with their hash; number of files without one).

    The cache names files by the hash of their bytes: SHA-256 for large files, git's SHA-1 for others.
    """
    problems = (
        [f"{repo.id}: {repo.unfinished} unfinished files of a download; download it again"] if repo.unfinished else []
    )
    if repo.empty and not problems:
        problems.append(f"{repo.id}: no files in the cache; download it again or clear it")
    compared = 0
    without = 0
    for file in _files(repo.folder / "snapshots"):
        name = file.relative_to(repo.folder / "snapshots").as_posix().partition("/")[2]
        if not file.is_file():
            problems.append(f"{repo.id}: {name} is missing; download it again")
            continue
        expected = _find_expected_hash(file)
        found = None if expected is None else hash_file(file, git=len(expected) == 40, advance=advance)
        compared, without = compared + (found is not None), without + (found is None)
        if found != expected:
            problems.append(f"{repo.id}: {name} is damaged, its hash is another; clear it and download it again")
        elif file.suffix == ".safetensors" and (problem := header_problem(file)):
            problems.append(f"{repo.id}: {name} {problem}")
    return problems, compared, without


def hash_file(path: Path, git: bool = False, advance: Advance = lambda _: None) -> str:
    """SHA-256 of a file, or with `git` its SHA-1 as a git blob. OSError if it can't be read."""
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False) if git else hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            digest.update(data)
            advance(len(data))
    return digest.hexdigest()


def header_problem(path: Path) -> str:
    """The problem with a safetensors file's header or length, or ""."""
    try:
        read_header(path)
    except InputError as error:
        return error.problem
    return ""


def snapshot_bytes(repo: CachedRepo) -> int:
    """Bytes that `verify_repo` reads."""
    return sum(file.stat().st_size for file in _files(repo.folder / "snapshots") if file.is_file())


def _repo(folder: Path) -> CachedRepo:
    # snapshots link to blobs, or hold the files themselves on file systems without links
    files = [file for part in ("blobs", "snapshots") for file in _files(folder / part) if not file.is_symlink()]
    return CachedRepo(
        id=folder.name.removeprefix(PREFIX).replace("--", "/"),
        folder=folder,
        snapshot=newest_snapshot(folder),
        bytes=sum(file.stat().st_size for file in files),
        unfinished=sum(file.name.endswith(".incomplete") for file in files),
    )


def _files(folder: Path) -> Iterator[Path]:
    """Files and links of a folder, in order."""
    return (path for path in sorted(folder.rglob("*")) if path.is_symlink() or path.is_file())


def _find_expected_hash(file: Path) -> str | None:
    """A file's hash from the cache; None if the file is a copy, or the server gave no hash."""
    name = Path(file.readlink()).name if file.is_symlink() else ""
    return name if _SHA256.fullmatch(name) or _GIT.fullmatch(name) else None

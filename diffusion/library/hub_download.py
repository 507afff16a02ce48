"""Download models from the hub into its cache when a user asks for one. Interrupted downloads resume where they stopped.

huggingface_hub restarts interrupted files. Large files are therefore downloaded here, into the blobs of the cache, and verified by
their SHA-256; `snapshot_download` then adds the small files and links all of them.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from base.errors import InputError
from diffusion.library.hub_cache import Advance, folder_of, hash_file
from diffusion.library.hub_errors import explain_hub_errors
from diffusion.library.weight_files import choose_files

RETRIES, PAUSE = 5, 1.0  # without a new byte; seconds between them
TIMEOUT = 30.0  # seconds without an answer


@dataclass(frozen=True)
class RemoteFile:
    """blob: the file's name in the cache: SHA-256 for large files, which the hub stores separately, git's SHA-1 for others."""

    name: str
    bytes: int
    blob: str
    large: bool


@dataclass(frozen=True)
class Download:
    """The files of a repository at a commit that will be downloaded. missing: bytes that aren't in the cache."""

    id: str
    commit: str
    revision: str
    files: tuple[RemoteFile, ...]
    missing: int

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)


def plan_download(
    repo_id: str, cache: Path, revision: str = "main", half: bool = False, only: Collection[str] = ()
) -> Download:
    """Ask the hub which files a model has, and choose (`choose_files`).

    Raises InputError without network, for unknown ids and revisions, without suitable files, and without space on the disk.
    """
    from huggingface_hub import HfApi, constants

    folder = folder_of(repo_id, cache)
    with explain_hub_errors(repo_id):
        api = HfApi(endpoint=constants.ENDPOINT)
        info = api.model_info(repo_id, revision=revision, files_metadata=True, timeout=TIMEOUT)
    known = {s.rfilename: s for s in info.siblings or ()}
    names = choose_files(known, half, only)
    if not any(name.endswith(".safetensors") for name in names):
        why = "fits --only" if only else "is there; others, such as .bin and .ckpt, are never downloaded"
        raise InputError(repo_id, "", f"has nothing to download: no .safetensors file {why}")
    files = tuple(_remote(known[name]) for name in names)
    missing = sum(file.bytes - _present(folder, file) for file in files)
    free = shutil.disk_usage(next(path for path in (cache, *cache.absolute().parents) if path.exists())).free
    if missing > free:
        raise InputError(cache, "", f"has {free / 1e9:.1f} GB free; {repo_id} needs {missing / 1e9:.1f} GB more")
    return Download(repo_id, str(info.sha), revision, files, missing)


def run_download(download: Download, cache: Path, advance: Advance = lambda _: None) -> Path:
    """Download what is missing; return the folder of the files. advance: called with the number of bytes received since the last call.

    Raises InputError if the connection fails for good or a file's hash is wrong; received bytes are kept for the next try.
    """
    from huggingface_hub import constants, snapshot_download

    folder = folder_of(download.id, cache)
    names = [file.name for file in download.files]
    small = sum(file.bytes - _present(folder, file) for file in download.files if not file.large)
    with explain_hub_errors(download.id), _without_bars():
        for file in download.files:
            if file.large:
                _fetch(download, file, folder, advance)
        where = {"cache_dir": cache, "endpoint": constants.ENDPOINT}
        path = snapshot_download(download.id, revision=download.revision, allow_patterns=names, **where)
    advance(small)
    return Path(path)


@contextmanager
def _without_bars() -> Iterator[None]:
    """Disable huggingface_hub's own progress bars."""
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    quiet = are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if not quiet:
            enable_progress_bars()


def _fetch(download: Download, file: RemoteFile, folder: Path, advance: Advance) -> None:
    """Download one large file into the blobs, resuming an earlier try."""
    from filelock import FileLock

    blob = folder / "blobs" / file.blob
    lock = folder.parent / ".locks" / folder.name / f"{file.blob}.lock"  # the file that huggingface_hub locks
    blob.parent.mkdir(parents=True, exist_ok=True)
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock):
        if blob.exists():
            return
        part = blob.with_name(f"{blob.name}.incomplete")
        if part.exists() and part.stat().st_size > file.bytes:
            part.unlink()
        _receive(download, file, part, advance)
        if hash_file(part) != file.blob:
            part.unlink()
            raise InputError(download.id, file.name, "arrived damaged: its SHA-256 is another; download it again")
        part.replace(blob)


def _receive(download: Download, file: RemoteFile, part: Path, advance: Advance) -> None:
    """Append bytes until the file is complete. Reconnect as often as needed while connections bring bytes."""
    tries = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            if before < file.bytes:
                with _request(download, file, before) as response:
                    _write(response, part, before, advance)
            if part.exists() and part.stat().st_size >= file.bytes:
                return
            raise ConnectionError("the connection ended early")
        except Exception as error:
            tries = 0 if part.exists() and part.stat().st_size > before else tries + 1
            if tries > RETRIES or not _is_transient(error):
                raise
            time.sleep(PAUSE)


@contextmanager
def _request(download: Download, file: RemoteFile, start: int) -> Iterator[Any]:
    """The hub's response for a file, starting at a byte."""
    from huggingface_hub import constants, get_session, hf_hub_url
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

    url = hf_hub_url(download.id, file.name, revision=download.commit, endpoint=constants.ENDPOINT)
    headers = build_hf_headers() | {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with get_session().stream("GET", url, headers=headers, timeout=TIMEOUT, follow_redirects=True) as response:
        hf_raise_for_status(response)
        yield response


def _write(response: Any, part: Path, before: int, advance: Advance) -> None:
    """Append a response to a file, or start over if the server sends all of it."""
    again = before and response.status_code != 206
    with part.open("wb" if again else "ab") as out:
        if again:
            advance(-before)
        # as bytes arrive: a larger size would lose bytes when a connection ends
        for chunk in response.iter_bytes():
            out.write(chunk)
            advance(len(chunk))


def _is_transient(error: Exception) -> bool:
    """Whether another try may succeed: the connection failed, or the server is busy."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return status in (408, 429) or status >= 500
    return isinstance(error, ConnectionError) or type(error).__module__.partition(".")[0] in ("httpx", "httpx2")


def _remote(sibling: Any) -> RemoteFile:
    """A file as huggingface_hub describes it."""
    sha256 = getattr(sibling.lfs, "sha256", None)
    return RemoteFile(sibling.rfilename, sibling.size or 0, sha256 or sibling.blob_id or "", bool(sha256))


def _present(folder: Path, file: RemoteFile) -> int:
    """Number of a file's bytes in the cache."""
    if not file.blob:
        return 0
    blob = folder / "blobs" / file.blob
    part = blob.with_name(f"{blob.name}.incomplete")
    return file.bytes if blob.exists() else min(part.stat().st_size, file.bytes) if part.exists() else 0

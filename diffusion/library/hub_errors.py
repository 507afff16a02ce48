"""Explain errors of the hub in one sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from base.errors import InputError


@contextmanager
def explain_hub_errors(repo_id: str) -> Iterator[None]:
    """Turn exceptions of huggingface_hub and of the network into InputErrors about a repository."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        problem = _problem(error)
        if problem is None:
            raise
        raise InputError(repo_id, "", problem) from error


def _problem(error: Exception) -> str | None:
    """The sentence for an exception; None for a bug in this program."""
    from huggingface_hub import constants, errors

    hub = constants.ENDPOINT
    cause = error.__cause__ if isinstance(error, errors.LocalEntryNotFoundError) and error.__cause__ else error
    status = getattr(getattr(cause, "response", None), "status_code", None)
    if isinstance(cause, errors.OfflineModeIsEnabled):
        return "can't be downloaded: HF_HUB_OFFLINE forbids to use the network"
    if isinstance(cause, errors.GatedRepoError):
        return f"is given only to who agreed to its terms: read them at {hub}, then log in by `hf auth login`"
    if isinstance(cause, errors.RevisionNotFoundError):
        return "has no such --revision; it must be a branch, a tag or a commit"
    if isinstance(cause, errors.RepositoryNotFoundError) or status in (401, 403, 404):
        return f"is not at {hub}, or is private; log in by `hf auth login` if it is yours"
    if status is not None:
        return f"can't be downloaded now: {hub} answered {status}; try again later"
    if isinstance(cause, ConnectionError) or type(cause).__module__.partition(".")[0] in ("httpx", "httpx2"):
        reason = " ".join(str(cause).split())[:120] or type(cause).__name__
        return f"can't be downloaded: no connection to {hub} ({reason}); what has arrived is kept"
    if isinstance(cause, OSError):
        return f"could not be downloaded ({cause.strerror or ' '.join(str(cause).split())[:160]})"
    return None

"""`rayverie serve`: runs the server until it is stopped."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from app.commands import Serve
from app.extras import refuse_without
from app.server.listener import token_for
from app.session import ModelChoice
from app.user_folders import data_folder
from base.errors import InputError, escape_controls
from base.files import expand_user

NEEDED = ("fastapi", "uvicorn")


def run(command: Serve) -> int:
    refuse_without(NEEDED, "rayverie serve", "web")
    from app.server.run import serve

    token = token_for(command.host, command.token)
    folder = folder_of(command.folder)
    command = replace(command, model=without_pictures(command.model))
    with tempfile.TemporaryDirectory(prefix="rayverie-") as pictures:
        serve(command, folder, Path(pictures), token, _say)
    return 0


def folder_of(given: Path | None) -> Path:
    """Return the folder for scenes and worlds, created if necessary. Raises InputError."""
    folder = expand_user(given) if given else data_folder() / "server"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("--folder", "", f"can't be made ({error.strerror})") from None
    return folder


def without_pictures(model: ModelChoice) -> ModelChoice:
    """Return the choice without ControlNets and IP-Adapter, whose pictures requests may not name by path; print a remark."""
    usual = ModelChoice()
    for flag, name in (("--control", "control"), ("--ip-adapter", "ip_adapter")):
        if getattr(model, name) != getattr(usual, name):
            _say(f"{flag} has no effect: requests name no pictures of this machine.")
    return replace(model, control=usual.control, ip_adapter=usual.ip_adapter)


def _say(words: str) -> None:
    print(escape_controls(words), file=sys.stderr)

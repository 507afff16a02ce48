"""`rayverie mcp`: serves one client over stdin and stdout until it disconnects."""

from __future__ import annotations

import tempfile
from pathlib import Path

from app.commands import Mcp
from app.extras import refuse_without
from app.mcp.wire import standard_handles
from app.server.command import folder_of, without_pictures

NEEDED = ("mcp", "pydantic")


def run(command: Mcp) -> int:
    refuse_without(NEEDED, "rayverie mcp", "web")
    from app.mcp.protocol import serve
    from app.server.backend import open_ready_backend

    folder, model = folder_of(command.folder), without_pictures(command.model)
    with (
        standard_handles() as (source, target),
        tempfile.TemporaryDirectory(prefix="rayverie-") as pictures,
        open_ready_backend(model, folder, Path(pictures), command.jobs) as backend,
    ):
        serve(backend, source, target)
    return 0

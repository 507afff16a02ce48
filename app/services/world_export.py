"""Writes a saved world as a GLB file on a thread of its own, so that other files do not wait for it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from engine.export.glb import write_glb
from engine.export.source import open_source
from scenes.scene import Scene

TEXTURES = "png"  # exact, and read by every program


class Stopped(Exception):
    """The export was stopped by the user or by the end of the program."""


class WorldExport:
    """One export at a time. `start` returns at once; call `update` once a frame."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="export")
        self._running: tuple[Future[None], Callable[[], None]] | None = None
        self._progress, self._stopped, self._cancelled = ("reading", 0.0), False, False

    @property
    def busy(self) -> bool:
        return self._running is not None

    @property
    def status_text(self) -> str:
        """The current part of the export and its progress, or ""."""
        what, share = self._progress
        return f"exporting the world: {what} {share:.0%}" if self.busy else ""

    def start(self, world: Path, scene: Scene, out: Path, then: Callable[[], None]) -> None:
        """Write a world file, which was painted in `scene`, as the GLB file `out`; call `then` in a later frame.

        Nothing else may be running: see `busy`."""
        assert not self.busy
        self._progress, self._cancelled = ("reading", 0.0), False
        self._running = self._thread.submit(self._write, world, scene, out), then

    def cancel(self) -> None:
        """Stop at the next texture, and leave no half file; `then` isn't called."""
        self._cancelled = True

    def update(self) -> None:
        """Finish an export that is written. Raises what writing it raised: InputError for a bad file or a full disk."""
        if self._running is not None and self._running[0].done():
            (written, then), self._running = self._running, None
            try:
                written.result()
            except Stopped:
                if not self._cancelled:
                    raise
            else:
                then()

    def close(self) -> None:
        """Stop at the next texture, and leave no half file."""
        self._stopped = True
        self._thread.shutdown(wait=True)

    def _write(self, world: Path, scene: Scene, out: Path) -> None:
        write_glb(open_source(world, scene, self._advance), out, TEXTURES, self._advance)

    def _advance(self, what: str, share: float) -> None:
        if self._stopped or self._cancelled:
            raise Stopped
        self._progress = what, share

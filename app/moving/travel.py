"""Moves the camera automatically: along a path, to a place, for a film or with the autopilot."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.fields import Size
from app.loop.open_scene import OpenScene
from app.moving.film import Film
from app.moving.flight import Flight
from scenes.camera import Camera
from scenes.paths import sample_path
from scenes.scene import CameraPath


@dataclass
class Travel:
    """Automatic movement: at most one of playing, filming and the autopilot is active. go_to: a camera to jump to in the next frame."""

    playing: CameraPath | None = None
    began: float = 0.0
    film: Film | None = None
    flight: Flight | None = None
    go_to: Camera | None = None

    @property
    def under_way(self) -> bool:
        return self.playing is not None or self.film is not None or self.flight is not None

    def play(self, path: CameraPath, now: float) -> None:
        self.playing, self.began = path, now

    def fly(self, open_scene: OpenScene, until: float, follow: bool) -> None:
        """Let the autopilot paint the scene."""
        self.stop()
        open_scene.painter.interrupt()
        self.flight = Flight(open_scene, until, follow)

    def start_film(
        self, open_scene: OpenScene, path: CameraPath, out: Path, size: Size, fps: float, metadata: dict[str, Any]
    ) -> None:
        """Raises InputError when the file can't be written."""
        self.stop()
        open_scene.painter.interrupt()
        self.film = Film(open_scene, path, out, size, fps, metadata)

    def camera(self, now: float) -> Camera | None:
        """Return the automatic camera at `now`, or None while it is free."""
        place, self.go_to = self.go_to, None
        if self.film is not None:
            return None if self.film.done else self.film.camera
        if self.playing is not None:
            seconds = now - self.began
            if seconds > self.playing.seconds and not self.playing.loop:
                path, self.playing = self.playing, None
                return path.keyframes[-1].camera
            return sample_path(self.playing, seconds)
        return place or (self.flight.camera(now) if self.flight else None)

    def stop(self) -> Film | None:
        """End playing, filming and flying. Returns the film that was being made; call its `finish` and `release`."""
        film, self.film, self.playing, self.flight = self.film, None, None, None
        return film

"""The session stored in a journal beside the paint: settings, camera and an edited scene."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.commands import Explore, suit_to_model
from app.session import Session, describe, restore
from base.errors import InputError
from engine.storage.world import read_world
from scenes.camera import Camera

PARTS = ("dream", "paint", "live", "view")  # of a session, that come back


@dataclass(frozen=True)
class KeptSession:
    """scene: the edited scene as `app.files.scene_archive` packs it; None where the scene's own files hold it."""

    session: Session
    camera: Camera
    scene: Any = None

    def to_json(self) -> dict[str, Any]:
        kept = {"session": describe(self.session), "pose": self.camera.pose.tolist(), "fov": self.camera.fov}
        return kept if self.scene is None else kept | {"scene": self.scene}


def read_kept(folder: Path) -> KeptSession:
    """Read the stored session from a journal's folder. Raises InputError."""
    try:
        left = read_world(folder).extras
        session, _ = restore(left["session"], str(folder))
        pose = np.asarray(left["pose"], dtype=float).reshape(4, 4)
        return KeptSession(session, Camera.from_pose(pose, float(left["fov"])), left.get("scene") or None)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(folder, "its settings", f"can't be read ({type(error).__name__}: {error})") from error


def with_kept(session: Session, kept: Session) -> Session:
    """Return the session with the stored settings, except for settings that this run changed from their defaults."""
    usual = Session(), suit_to_model(Explore(), session.model.ref, bool(session.model.lora))
    unset = (name for name in PARTS if any(getattr(session, name) == getattr(fresh, name) for fresh in usual))
    return replace(session, **{name: getattr(kept, name) for name in unset})

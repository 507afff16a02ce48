"""What a journal keeps of settings and place: read back as it was written, refused in a sentence when it means nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from app.services import kept_session
from app.services.kept_session import KeptSession, read_kept, with_kept
from app.session import PaintSettings, Session, ViewSettings
from base.errors import InputError
from scenes.camera import Camera

KEPT = KeptSession(
    replace(Session(), paint=PaintSettings(coverage=0.5), view=ViewSettings(daylight=0.25)),
    Camera.from_angles((1.0, 2.0, 3.0), 30.0, -10.0, 70.0),
)


def read(values: object, monkeypatch: pytest.MonkeyPatch) -> KeptSession:
    monkeypatch.setattr(kept_session, "read_world", lambda folder: SimpleNamespace(extras=values))
    return read_kept(Path("journal"))


def test_what_is_kept_is_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for kept in (KEPT, replace(KEPT, scene={"map": "x"})):
        found = read(json.loads(json.dumps(kept.to_json())), monkeypatch)
        assert (found.session, found.scene) == (kept.session, kept.scene)
        assert np.allclose(found.camera.pose, kept.camera.pose) and found.camera.fov == kept.camera.fov


@pytest.mark.parametrize(
    "change", [{"pose": [1, 2]}, {"pose": "x"}, {"fov": "wide"}, {"session": {}}, {"session": None}, {"fov": None}]
)
def test_what_means_nothing_is_one_sentence(change: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="journal"):
        read(KEPT.to_json() | change, monkeypatch)


def test_what_this_run_set_stays() -> None:
    now = replace(Session(), view=ViewSettings(daylight=0.75))
    found = with_kept(now, KEPT.session)
    assert (found.view, found.paint) == (now.view, KEPT.session.paint)

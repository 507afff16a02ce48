"""Screenshots bring session and camera back; of other files is said what is wrong with them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from app.files.screenshots import KEY, has_settings, read_screenshot, save_screenshot
from app.session import Session, ViewSettings, describe
from base.errors import InputError
from scenes.camera import Camera

CAMERA = Camera.from_angles((1.0, 2.0, 3.0), 40.0, -10.0, fov=70.0)
POSE = {"pose": CAMERA.pose.tolist(), "fov": 70.0}


def carrying(path: Path, text: str) -> Path:
    info = PngImagePlugin.PngInfo()
    info.add_itxt(KEY, text)
    Image.new("RGB", (4, 4)).save(path, pnginfo=info)
    return path


def test_a_shot_brings_session_and_camera_back(tmp_path: Path) -> None:
    session, now = Session(view=ViewSettings(fov=70.0, mode="steps")), datetime(2026, 1, 2, 3, 4, 5)
    pixels = np.full((6, 8, 3), 90, np.uint8)
    paths = [save_screenshot(tmp_path, pixels, session, CAMERA, now) for _ in range(2)]
    assert [p.name for p in paths] == ["rayverie-20260102-030405.png", "rayverie-20260102-030405-2.png"]
    assert (np.asarray(Image.open(paths[1])) == pixels).all()
    assert has_settings(paths[0])
    back, camera = read_screenshot(paths[0])
    assert back == session and np.allclose(camera.pose, CAMERA.pose) and camera.fov == 70


BROKEN = {
    "no JSON": "{",
    "a list": "[]",
    "no session": json.dumps({"camera": POSE}),
    "no camera": json.dumps({"session": describe(Session())}),
    "a pose of nothing": json.dumps({"session": describe(Session()), "camera": {**POSE, "pose": [[0.0] * 4] * 4}}),
    "a pose of three rows": json.dumps({"session": describe(Session()), "camera": {**POSE, "pose": POSE["pose"][:3]}}),
    "a place that is no number": json.dumps({"session": describe(Session()), "camera": POSE}).replace("3.0", "NaN"),
    "no view at all": json.dumps({"session": describe(Session()), "camera": {**POSE, "fov": 0}}),
    "another session": json.dumps({"session": {"rayverie": "?"}, "camera": POSE}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_no_shot_carries_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"shot\.png"):
        read_screenshot(carrying(tmp_path / "shot.png", BROKEN[name]))


def test_pictures_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "text.png").write_text("hello")
    Image.new("RGB", (4, 4)).save(tmp_path / "plain.png")
    for name in ("text.png", "none.png", "plain.png"):
        assert not has_settings(tmp_path / name)
        with pytest.raises(InputError, match=name):
            read_screenshot(tmp_path / name)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4)  # what Pillow takes for an attack on the memory
    assert not has_settings(tmp_path / "plain.png")

"""Screenshots: PNG files with the session inside, which can be restored by dropping the file on the window."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from app.session import Session, describe, restore
from base.errors import InputError
from base.files import atomic_write
from base.png import read_texts
from base.reading import parse_json
from scenes.camera import Camera, is_pose

KEY = "rayverie"  # of the PNG's text chunk


def save_screenshot(folder: Path, pixels: np.ndarray, session: Session, camera: Camera, now: datetime) -> Path:
    """Write uint8 [H,W,3], row 0 at the top, with session and camera inside, to a new file in `folder`. Raises InputError."""
    info = PngImagePlugin.PngInfo()
    pose = {"pose": camera.pose.tolist(), "fov": camera.fov}
    info.add_itxt(KEY, json.dumps({"session": describe(session), "camera": pose}))
    stem = now.strftime("rayverie-%Y%m%d-%H%M%S")
    path = folder / f"{stem}.png"
    number = 2
    while path.exists():
        path = folder / f"{stem}-{number}.png"
        number += 1
    with atomic_write(path) as temporary:
        Image.fromarray(pixels).save(temporary, format="PNG", pnginfo=info)
    return path


def save_steps(path: Path, pictures: Sequence[np.ndarray], settings: dict[str, object], fps: float = 8.0) -> None:
    """Write a dream's pictures, uint8 [h,w,3], as a video or a folder (by suffix), scaled to the last one's size. Raises InputError."""
    from engine.render.video import open_output

    size = (pictures[-1].shape[1], pictures[-1].shape[0])
    with open_output(path, size, fps, settings) as output:
        for picture in (
            *pictures,
            *[pictures[-1]] * round(fps / 2),
        ):  # shows the finished picture for half a second longer
            output.write(np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)))


def has_settings(path: Path) -> bool:
    """Whether a picture is a screenshot with settings; False if it can't be read."""
    try:
        text = _read_settings_text(path)
        return text is not None and "session" in parse_json(text, path, "what a screenshot carries", KEY, names=True)
    except (InputError, TypeError):
        return False


def read_screenshot(path: Path) -> tuple[Session, Camera]:
    """The session and camera of a screenshot. Raises InputError if the picture has none."""
    text = _read_settings_text(path)
    if text is None:
        raise InputError(path, "", "carries no settings; only screenshots of Rayverie do")
    data = parse_json(text, path, "what a screenshot carries", KEY, names=True)
    try:
        session, pose, fov = data["session"], np.array(data["camera"]["pose"], float), float(data["camera"]["fov"])
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise InputError(path, KEY, f"is not what a screenshot carries ({error})") from error
    if not is_pose(pose) or not 1 <= fov <= 170:
        raise InputError(path, KEY, "has an invalid camera")
    return restore(session, str(path))[0], Camera.from_pose(pose, fov)


def _read_settings_text(path: Path) -> str | None:
    return read_texts(path).get(KEY)

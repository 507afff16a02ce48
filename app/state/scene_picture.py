"""The picture of a scene on the start page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class ScenePicture:
    """picture: uint8 [h,w,3], None if there is none; day: when the scene was last open, or ""."""

    picture: np.ndarray | None
    day: str

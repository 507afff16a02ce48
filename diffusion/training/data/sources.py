"""Choose the pictures that a run reads: drawn ones, or the user's own if `data.folder` holds any."""

from __future__ import annotations

import torch
from torch import Tensor

from diffusion.training.config import AutoencoderConfig, DataConfig, DenoiserConfig
from diffusion.training.data.captioned import is_own_folder
from diffusion.training.data.own_pictures import OwnPictures
from diffusion.training.data.pictures import DrawnPictures, Pictures, choose_held_out_worlds

IDLE = ("chunks", "pictures", "surfaces", "zoom")
"""Fields of `DataConfig` that only drawing uses."""
UNTOLD = ("drop_place", "drop_shape", "drop")
"""Fields of run configurations that only matter if surfaces are known."""


def open_training_pictures(data: DataConfig) -> Pictures:
    """Open the training pictures. Raises InputError if there are none."""
    return OwnPictures(data) if is_own_folder(data.folder) else DrawnPictures(data)


def open_held_out_pictures(data: DataConfig) -> Pictures:
    """Open the held-out pictures, which no run trains on. Raises InputError if there are none."""
    return (
        OwnPictures(data, held_out=True) if is_own_folder(data.folder) else DrawnPictures(choose_held_out_worlds(data))
    )


def cell_keys(data: DataConfig) -> tuple[str, str]:
    """Return the cache keys of the training and the held-out pictures. Drawn pictures may have been deleted since."""
    if is_own_folder(data.folder):
        return OwnPictures(data).key, OwnPictures(data, held_out=True).key
    return str(data.seed), str(choose_held_out_worlds(data).seed)


def middle_squares(pictures: Pictures, rows: list[int]) -> Tensor:
    """Return uint8 [N,3,S,S]: centre crops of some pictures, as large as the smallest picture allows."""
    found = [pictures.tensor("images", row) for row in rows]
    side = min(min(one.shape[1:]) for one in found)
    corners = [((one.shape[1] - side) // 2, (one.shape[2] - side) // 2) for one in found]
    return torch.stack([one[:, y : y + side, x : x + side] for one, (y, x) in zip(found, corners, strict=True)])


def idle_remarks(config: object) -> list[str]:
    """Return a sentence for each changed setting that has no effect on the user's own pictures."""
    data = config if isinstance(config, DataConfig) else getattr(config, "data", None)
    if data is None or not is_own_folder(data.folder):
        return []
    rows = [("" if config is data else "data.", data, name, "the pictures are not drawn") for name in IDLE]
    if isinstance(config, DenoiserConfig | AutoencoderConfig):
        reason = "nothing is known of surfaces on pictures of one's own"
        rows += [("", config, name, reason) for name in UNTOLD if hasattr(config, name)]
    return [
        f"{place}{name} has no effect: {reason}."
        for place, of, name, reason in rows
        if getattr(of, name) != getattr(type(of)(), name)
    ]

"""Forgetting a part of what was painted: the texels of a view, or of a material."""

from __future__ import annotations

import numpy as np

from engine.charts import Charts
from engine.look import CELL, Look
from engine.pack import PAGE
from engine.volume import LatentVolume

Masks = dict[int, np.ndarray]  # page → bool [PAGE, PAGE], the texels that are meant


def seen(look: Look) -> Masks:
    """The texels under the latent pixels of a view, whatever is painted there."""
    page, y, x = look.texel[look.chart >= 0].T
    masks: Masks = {}
    for number in np.unique(page):
        mask = masks[int(number)] = np.zeros((PAGE, PAGE), bool)
        mask[y[page == number], x[page == number]] = True
    return masks


def of_material(charts: Charts, material: int) -> Masks:
    """All texels of a material (an index, or scenes.scene.SKY)."""
    masks: Masks = {}
    for i in np.flatnonzero(charts.material == material):
        mask = masks.setdefault(int(charts.page[i]), np.zeros((PAGE, PAGE), bool))
        (x, y), (w, h) = (charts.x[i], charts.y[i]), charts.size[i]
        mask[y : y + h, x : x + w] = True
    return masks


def erase(volume: LatentVolume, masks: Masks) -> int:
    """Make these texels as if never painted. Returns how many were painted. GL thread."""
    erased = 0
    for number in set(masks) & set(volume.atlas):
        page = volume.atlas[number].read()
        mask = masks[number] & (page["state"][..., 0] > 0)
        if not mask.any():
            continue
        erased += int(mask.sum())
        fine = mask.repeat(CELL, axis=0).repeat(CELL, axis=1)
        volume.atlas[number].write(
            latents=np.where(mask, np.float32(0), page["latents"]),
            state=np.where(mask[..., None], np.float32(0), page["state"]),
            colour=np.where(fine[..., None], np.uint8(0), page["colour"]),
        )
    volume.revision += erased > 0
    return erased

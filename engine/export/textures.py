"""The pictures of an export's pages: what was painted, the bare look elsewhere, and gutters that repeat each chart's edge."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from PIL import Image

from base.grid import CELL
from engine.export.bare import BareLook
from engine.export.ktx2 import encode_ktx2
from engine.export.layout import GUTTER, Layout, Page
from engine.export.paint import Paint
from engine.geometry.charts import Charts


@dataclass(frozen=True)
class Format:
    """How a texture is stored. encode: a picture uint8 [H,W,3] or [H,W,4] → its file."""

    mime: str
    encode: Callable[[np.ndarray], bytes]


def _encode_by_pillow(picture: np.ndarray, **options: Any) -> bytes:
    data = io.BytesIO()
    Image.fromarray(picture).save(data, **options)
    return data.getvalue()


FORMATS = MappingProxyType(
    {
        "png": Format("image/png", partial(_encode_by_pillow, format="PNG", compress_level=6)),
        "webp": Format("image/webp", partial(_encode_by_pillow, format="WEBP", quality=90, method=4)),
        "ktx2": Format("image/ktx2", encode_ktx2),
    }
)


def chart_picture(charts: Charts, chart: int, scale: int, paint: Paint, bare: BareLook) -> np.ndarray:
    """uint8 [h·scale,w·scale,4]: the colours of one chart, paint where there is some. Alpha is the material's opacity."""
    picture = bare.chart(chart, scale)
    rows = paint.texels(charts, chart)
    if scale == CELL and (rows >= 0).any():
        h, w = rows.shape
        cells = picture.reshape(h, CELL, w, CELL, 4)
        j, i = np.nonzero(rows >= 0)
        cells[j, :, i, :, :3] = paint.colours[rows[j, i]]
    return picture


def page_picture(page: Page, layout: Layout, charts: Charts, paint: Paint, bare: BareLook) -> np.ndarray:
    """uint8 [height,width,4]: a whole page. What no chart needs has the mean colour, so that the coarsest mip levels stay in tone."""
    out = np.zeros((page.height, page.width, 4), np.uint8)
    free = np.ones((page.height, page.width), bool)
    for chart in page.charts:
        picture = chart_picture(charts, int(chart), int(layout.scale[chart]), paint, bare)
        h, w = picture.shape[:2]
        x, y = int(layout.x[chart]), int(layout.y[chart])
        beyond = [GUTTER + -side % GUTTER for side in (h, w)]
        framed = np.pad(picture, ((GUTTER, beyond[0]), (GUTTER, beyond[1]), (0, 0)), mode="edge")
        place = np.s_[y - GUTTER : y + h + beyond[0], x - GUTTER : x + w + beyond[1]]
        out[place], free[place] = framed, False
    out[free] = np.round(out[~free].mean(axis=0))
    return out


def encode(picture: np.ndarray, name: str) -> bytes:
    """A picture uint8 [H,W,4] as a file of FORMATS; without alpha where all of it is opaque."""
    opaque = bool((picture[..., 3] == 255).all())
    return FORMATS[name].encode(picture[..., :3] if opaque else picture)

"""The layout of the textures: nothing overlaps, and no mip level up to the promised one mixes two charts."""

from __future__ import annotations

import numpy as np
import pytest

from base.grid import CELL
from engine.export.layout import BARE, GUTTER, LARGEST, OVERLAP, lay_out
from engine.export.textures import chart_picture, page_picture
from engine.geometry.charts import build_charts
from scenes.extrude import extrude_scene
from scenes.load import load_scene

LEVELS = int(np.log2(GUTTER))


def test_charts_lie_apart_inside_their_pages(whole) -> None:
    layout, charts = whole.layout, whole.charts
    for number, page in enumerate(layout.pages):
        assert page.width % GUTTER == page.height % GUTTER == 0 and max(page.width, page.height) <= LARGEST
        taken = np.zeros((page.height, page.width), int)
        for chart in page.charts:
            (w, h), x, y = charts.size[chart] * layout.scale[chart], layout.x[chart], layout.y[chart]
            assert layout.page[chart] == number and charts.material[chart] == page.material
            assert x % GUTTER == y % GUTTER == 0 and x >= GUTTER and y >= GUTTER
            taken[y - GUTTER : y + h + GUTTER, x - GUTTER : x + w + GUTTER] += 1
        assert taken.max() == 1
    assert sorted(np.concatenate([page.charts for page in layout.pages])) == list(range(len(charts)))


def halved(picture: np.ndarray) -> np.ndarray:
    """The next mip level of [H,W,C], as GL makes it."""
    h, w = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
    return picture[:h, :w].reshape(h // 2, 2, w // 2, 2, -1).mean(axis=(1, 3))


def bilinear(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Colours [n,C] at places [n] in pixels, clamped at the edge."""
    x, y = np.clip(x - 0.5, 0, picture.shape[1] - 1), np.clip(y - 0.5, 0, picture.shape[0] - 1)
    i, j = np.floor(x).astype(int), np.floor(y).astype(int)
    total = 0.0
    for di in (0, 1):
        for dj in (0, 1):
            weight = np.abs(1 - di - (x - i)) * np.abs(1 - dj - (y - j))
            there = picture[np.minimum(j + dj, len(picture) - 1), np.minimum(i + di, picture.shape[1] - 1)]
            total = total + weight[:, None] * there
    return np.asarray(total)


def test_no_seam_shows_under_mipmaps(whole, monkeypatch) -> None:
    """Each chart in a colour of its own: whatever is sampled inside a chart, at any level, is exactly that colour."""
    colours = np.random.default_rng(0).integers(0, 256, (len(whole.charts), 3))

    def plain(charts, chart, scale, paint, bare):
        (w, h) = charts.size[chart] * scale
        return np.concatenate([np.broadcast_to(colours[chart], (h, w, 3)), np.full((h, w, 1), 255)], axis=2)

    monkeypatch.setattr("engine.export.textures.chart_picture", plain)
    layout, charts = whole.layout, whole.charts
    rng = np.random.default_rng(1)
    for page in layout.pages:
        picture = page_picture(page, layout, charts, whole.paint, whole.bare).astype(np.float64)
        for level in range(LEVELS + 1):
            for chart in page.charts:
                size = charts.size[chart] + 2 * OVERLAP
                inner = rng.random((20, 2)) * size - OVERLAP
                inner[:4] = np.array([(0, 0), (1, 0), (0, 1), (1, 1)]) * size - OVERLAP  # and the very corners
                place = (inner * layout.scale[chart] + (layout.x[chart], layout.y[chart])) / 2**level
                found = bilinear(picture, place[:, 0], place[:, 1])
                assert np.allclose(found[:, :3], colours[chart])
            picture = halved(picture)


def test_a_page_holds_the_paint_texel_by_texel(partly, painted) -> None:
    """The chart's rectangle of the atlas, where it is painted; the bare look of its material elsewhere."""
    atlas = {number: painted.atlas[number].read()["colour"] for number in painted.atlas}
    charts, layout = partly.charts, partly.layout
    seen = 0
    for chart in range(len(charts)):
        (w, h), x, y = charts.size[chart] * CELL, charts.x[chart] * CELL, charts.y[chart] * CELL
        if layout.scale[chart] == BARE or int(charts.page[chart]) not in atlas:
            continue
        stored = atlas[int(charts.page[chart])][y : y + h, x : x + w]
        page = layout.pages[layout.page[chart]]
        picture = page_picture(page, layout, charts, partly.paint, partly.bare)
        mine = picture[layout.y[chart] : layout.y[chart] + h, layout.x[chart] : layout.x[chart] + w]
        paint = stored[..., 3] > 0
        assert paint.any() and np.array_equal(mine[paint, :3], stored[paint, :3])
        bare = partly.bare.chart(chart, CELL)
        assert np.array_equal(mine[~paint], bare[~paint]) and np.array_equal(mine[paint, 3], bare[paint, 3])
        seen += 1
    assert seen > 5


def test_what_has_no_paint_takes_little_room(bare, whole) -> None:
    area = [sum(p.width * p.height for p in source.layout.pages) for source in (bare, whole)]
    assert area[0] < area[1] / 3
    assert chart_picture(bare.charts, 0, BARE, bare.paint, bare.bare).shape[1] == bare.charts.size[0, 0] * BARE


@pytest.mark.parametrize("name", ["hamlet", "city"])
def test_pages_of_a_large_scene_are_well_filled(name) -> None:
    scene = load_scene(name)
    charts = build_charts(extrude_scene(scene), scene)

    class Everything:
        """Paint that is everywhere."""

        def texels(self, charts, chart):
            return np.zeros((1, 1), np.int32)

    layout = lay_out(charts, Everything())  # type: ignore[arg-type]
    room = sum(p.width * p.height for p in layout.pages)
    assert charts.texels * CELL**2 > 0.5 * room

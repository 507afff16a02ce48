"""Gather and scatter in plain numpy: the reference that tests compare the shaders with, and their definition in one place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from base.grid import CELL
from engine.atlas import policy
from engine.atlas.page import DENSITY, EDGE_CONTAMINATED, FROZEN, REVISION, STEPS
from engine.atlas.views import PaintedView
from engine.atlas.write_mask import UNDREAMED
from engine.geometry.charts import Charts
from engine.geometry.pack import PAGE
from scenes.camera import Camera
from tests.engine.reference_region import own_cell, own_point

FAR = 1e9  # depth of the sky
NEAREST = 1e-3  # blocks: closer points, and those behind, are not seen


@dataclass(frozen=True)
class Picture:
    """What a camera sees at `size`: chart int32 [H,W], u, v float64 [H,W] chart coordinates, depth float64 [H,W] (sky: FAR)."""

    camera: Camera
    size: tuple[int, int]
    chart: np.ndarray
    u: np.ndarray
    v: np.ndarray
    depth: np.ndarray


def picture(charts: Charts, camera: Camera, size: tuple[int, int]) -> Picture:
    """Every ray against every chart: slow, and hard to get wrong."""
    rays = camera.rays(size)
    best = np.full(rays.shape[:2], np.inf)
    chart, u, v = np.zeros(best.shape, np.int32), np.zeros(best.shape), np.zeros(best.shape)
    dual = charts.dual(np.arange(len(charts)))
    for c in range(len(charts)):
        normal = charts.normal[c]
        start = charts.origin[c] - (0.0 if charts.sky[c] else np.asarray(camera.position))
        towards = rays @ normal
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = np.where(towards < 0, normal @ start / towards, -1.0)
            at = depth[..., None] * rays - start
        i, j = (at @ axis[c] for axis in dual)
        rank = FAR if charts.sky[c] else depth
        hit = (depth > 0) & _inside(charts, c, i, j) & (rank < best)
        best = np.where(hit, rank, best)
        chart, u, v = np.where(hit, c, chart), np.where(hit, i, u), np.where(hit, j, v)
    return Picture(camera, size, chart, u, v, np.minimum(best, FAR))


def _inside(charts: Charts, c: int, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """bool [...]: whether chart coordinates lie on what is drawn of a chart: its rectangle, or its triangle of a mesh."""
    w, h = charts.size[c]
    if charts.meshes is None or charts.meshes.mesh[c] < 0:
        return (i >= 0) & (i <= w) & (j >= 0) & (j <= h)
    corners = charts.meshes.outline[c, :3]
    a, b, c_ = (
        (q[0] - p[0]) * (j - p[1]) - (q[1] - p[1]) * (i - p[0])
        for p, q in zip(corners, np.roll(corners, -1, axis=0), strict=True)
    )
    return ((a >= 0) & (b >= 0) & (c_ >= 0)) | ((a <= 0) & (b <= 0) & (c_ <= 0))


def chart_texels(charts: Charts, c: int, own: bool) -> tuple[np.ndarray, np.ndarray]:
    """i, j [n]: the texels that a chart owns, or else those of others that it touches, which are painted before."""
    if charts.meshes is not None and charts.meshes.mesh[c] >= 0:
        chart, i, j = charts.meshes.owned_texels if own else charts.meshes.shared_texels
        return i[chart == c], j[chart == c]
    w, h = charts.size[c] if own else (0, 0)
    j, i = (a.ravel() for a in np.mgrid[:h, :w])
    return i, j


def painted_charts(charts: Charts, view: Picture) -> np.ndarray:
    """int [n]: the charts that a view may paint: those that it shows, and all triangles of meshes that it shows."""
    shown = np.unique(view.chart)
    if charts.meshes is None:
        return shown
    mesh = charts.meshes.mesh
    facing = (charts.normal * (charts.origin - view.camera.position)).sum(-1) < 0
    return np.union1d(shown, np.flatnonzero(facing & (mesh >= 0) & np.isin(mesh, mesh[shown])))


def texels(charts: Charts, chart: np.ndarray, u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """i, j int32 [...]: the texel at chart coordinates."""
    w, h = np.moveaxis(charts.size[chart], -1, 0)
    return np.clip(np.floor(u), 0, w - 1).astype(np.int32), np.clip(np.floor(v), 0, h - 1).astype(np.int32)


def rays_to(charts: Charts, camera: Camera, chart: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """float64 [...,3] from the eye to chart coordinates."""
    return charts.points(chart, u, v) - np.where(charts.sky[chart][..., None], 0.0, camera.position)


def project(camera: Camera, size: tuple[int, int], ray: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, y (pixels, row 0 at the top) and view depth of points relative to the eye."""
    x, y, z = np.moveaxis(ray @ camera.axes.T, -1, 0)
    focal = camera.focal(size)
    with np.errstate(divide="ignore", invalid="ignore"):
        return size[0] / 2 + focal * x / z, size[1] / 2 - focal * y / z, z


def usable(
    view: Picture, charts: Charts, chart: np.ndarray, ray: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """bool, x, y [...]: whether the view shows the points of the charts outside its margin, and at which pixel coordinates."""
    x, y, z = project(view.camera, view.size, ray)
    width, height = view.size
    m = policy.MARGIN
    inside = (z >= NEAREST) & (x >= m) & (y >= m) & (x < width - m) & (y < height - m)
    px, py = (np.where(inside, a, 0).astype(int) for a in (x, y))
    expected = np.minimum(np.where(charts.sky[chart], FAR, z), _plane_depth(view, charts, chart, ray, px, py))
    if charts.meshes is not None:
        expected = expected - np.where(charts.meshes.mesh[chart] >= 0, charts.spacing[chart], 0.0)
    expected = np.where(charts.sky[chart], FAR, expected)
    clear = (view.chart[py, px] == chart) | (view.depth[py, px] >= expected * (1 - 1e-3))
    return inside & clear, x, y


def claim(view: Picture, charts: Charts, chart: np.ndarray, i: np.ndarray, j: np.ndarray) -> tuple[np.ndarray, ...]:
    """density, anchor x, anchor y, contaminated [n] of texels: `claim` of shaders/common/policy.glsl."""
    focal = view.camera.focal(view.size)
    share, density = np.zeros(len(chart)), np.zeros(len(chart))
    x, y = np.full(len(chart), -1.0), np.full(len(chart), -1.0)
    at = np.zeros((len(chart), 3))
    for du, dv in ((0, 0), (1, -1), (-1, 1), (1, 1), (-1, -1)):
        ray = rays_to(charts, view.camera, chart, i + 0.5 + policy.CORNER * du, j + 0.5 + policy.CORNER * dv)
        sees, px, py = usable(view, charts, chart, ray)
        first = sees & (share == 0)
        x, y, at = np.where(first, px, x), np.where(first, py, y), np.where(first[:, None], ray, at)
        share += 0.2 * sees
    ok = share > 0
    at[~ok] = view.camera.axes[2]
    cosine = -(charts.normal[chart] * at).sum(-1) / np.linalg.norm(at, axis=-1)
    density = policy.compute_density(focal, at @ view.camera.axes[2], charts.spacing[chart], cosine) * share**2
    contaminated = _at_depth_edge(view, charts, chart, at, x, y)
    density = np.where(contaminated, np.minimum(density, policy.CELL_DENSITY) * policy.EDGE_PENALTY, density)
    return np.where(ok & (cosine >= policy.GRAZING), density, 0.0), x, y, contaminated


def scatter(
    pages: dict[int, dict[str, np.ndarray]], charts: Charts, painted: PaintedView, revision: int
) -> dict[int, dict[str, np.ndarray]]:
    """`LatentVolume.scatter` on a snapshot's pages: the new pages (colours by nearest pixel instead of bilinear)."""
    view = picture(charts, painted.camera, painted.size)
    small = painted.size[0] // CELL, painted.size[1] // CELL
    labels = charts.material[picture(charts, painted.camera, small).chart]
    shown = charts.material[view.chart]
    shown = np.where(np.isin(shown, labels), shown, UNDREAMED)
    pages = {number: {k: a.copy() for k, a in page.items()} for number, page in pages.items()}
    before = {number: page["state"].copy() for number, page in pages.items()}
    painting = painted_charts(charts, view)
    for c, own in [*((c, False) for c in painting if charts.meshes is not None), *((c, True) for c in painting)]:
        i, j = chart_texels(charts, c, own)
        density, x, y, contaminated = claim(view, charts, np.full(len(i), c), i, j)
        row, column, number = charts.y[c] + j, charts.x[c] + i, int(charts.page[c])
        page = pages.get(number) or _empty_page(len(painted.latents))
        old = before[number][row, column] if number in before else np.zeros((len(row), 4), np.float32)
        take = policy.accepts_write(old[:, STEPS], old[:, DENSITY], painted.steps, density) & (old[:, FROZEN] <= 0)
        material = int(charts.material[c])
        cells, pixels = labels, shown
        if not painted.borders:
            cells, pixels = np.full_like(labels, material), np.full_like(shown, material)
        column_, row_ = own_cell(cells, pixels, material, x, y)
        take &= column_ >= 0
        if painted.kept_mask is not None:
            take &= ~(painted.kept_mask[row_, column_] & (old[:, STEPS] > 0))
        if not take.any():
            continue
        pages[number] = page
        row, column, px, py = (a[take] for a in (row, column, x, y))
        ox, oy = own_cell(cells, pixels, material, px, py)
        written_contaminated = contaminated[take] | (cells[oy, ox] != material)
        page["latents"][: len(painted.latents), row, column] = painted.latents[:, oy, ox]
        page["state"][row, column, STEPS] = painted.steps
        page["state"][row, column, DENSITY] = density[take]
        page["state"][row, column, REVISION] = revision
        page["state"][row, column, FROZEN] = np.where(written_contaminated, EDGE_CONTAMINATED, 0)
    for number, page in pages.items():
        owner = charts.owner_map(number)
        row, column = np.nonzero((page["state"][..., REVISION] == revision) & (owner >= 0))
        for material in np.unique(charts.material[owner[row, column]]).tolist():
            own = charts.material[owner[row, column]] == material
            c = owner[row, column][own]
            i, j = column[own] - charts.x[c], row[own] - charts.y[c]
            _, x, y, _ = claim(view, charts, c, i, j)
            cells, pixels = labels, shown
            if not painted.borders:
                cells, pixels = np.full_like(labels, material), np.full_like(shown, material)
            _colour(page["colour"], view, charts, painted, cells, pixels, c, i, j, x, y)
    return pages


def gather(
    pages: dict[int, dict[str, np.ndarray]], charts: Charts, view: Picture, channels: int
) -> tuple[np.ndarray, np.ndarray]:
    """latents float32 [C,h,w] and state float32 [h,w,4] under the pixels of a view at latent resolution, by nearest texel."""
    i, j = texels(charts, view.chart, view.u, view.v)
    page, row, column = charts.page[view.chart], charts.y[view.chart] + j, charts.x[view.chart] + i
    latents, state = np.zeros((channels, *page.shape), np.float32), np.zeros((*page.shape, 4), np.float32)
    for number, stored in pages.items():
        here = page == number
        latents[:, here] = stored["latents"][:channels, row[here], column[here]]
        state[here] = stored["state"][row[here], column[here]]
    return latents, state


def _plane_depth(
    view: Picture, charts: Charts, chart: np.ndarray, ray: np.ndarray, px: np.ndarray, py: np.ndarray
) -> np.ndarray:
    normal = charts.normal[chart]
    towards = (normal * view.camera.rays(view.size)[py, px]).sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (normal * ray).sum(-1) / towards
    return np.where((towards < 0) & (z > 0), z, FAR)


def _at_depth_edge(
    view: Picture, charts: Charts, chart: np.ndarray, ray: np.ndarray, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    edge = np.zeros(len(chart), bool)
    for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        px = np.clip(np.floor(x + dx * policy.EDGE_REACH), 0, view.size[0] - 1).astype(int)
        py = np.clip(np.floor(y + dy * policy.EDGE_REACH), 0, view.size[1] - 1).astype(int)
        there = view.depth[py, px]
        expected = np.where(charts.sky[chart], FAR, _plane_depth(view, charts, chart, ray, px, py))
        jump = np.abs(there - expected) > policy.DEPTH_EDGE * np.minimum(expected, there)
        edge |= (view.chart[py, px] != chart) & jump
    return edge


def _colour(
    colour: np.ndarray,
    view: Picture,
    charts: Charts,
    painted: PaintedView,
    labels: np.ndarray,
    shown: np.ndarray,
    chart: np.ndarray,
    i: np.ndarray,
    j: np.ndarray,
    anchor_x: np.ndarray,
    anchor_y: np.ndarray,
) -> None:
    """Fill the CELL × CELL colour texels of texels (i, j) [n] of charts [n] of one material."""
    (width, height), material = view.size, int(charts.material[chart[0]])
    for b in range(CELL):
        for a in range(CELL):
            ray = rays_to(charts, view.camera, chart, i + (a + 0.5) / CELL, j + (b + 0.5) / CELL)
            sees, x, y = usable(view, charts, chart, ray)
            m = policy.MARGIN
            out = (x < m) | (y < m) | (x >= width - m) | (y >= height - m)
            x, y = (np.clip(np.nan_to_num(q), m + 0.5, n - m - 0.5) for q, n in ((x, width), (y, height)))
            border = out & (ray @ view.camera.axes[2] > NEAREST) & (view.chart[y.astype(int), x.astype(int)] == chart)
            use = sees | border
            x, y = np.where(use, x, anchor_x), np.where(use, y, anchor_y)
            near_x, near_y, found = own_point(shown, material, x, y)
            other_x, other_y, instead = own_point(shown, material, anchor_x, anchor_y)
            cells = own_cell(labels, shown, material, anchor_x, anchor_y)
            middles = ((cell + 0.5) * CELL for cell in cells)
            x, y = (
                np.select((found, instead), (near, other), middle).astype(int)
                for near, other, middle in zip((near_x, near_y), (other_x, other_y), middles, strict=True)
            )
            rows, columns = (charts.y[chart] + j) * CELL + b, (charts.x[chart] + i) * CELL + a
            colour[rows, columns, :3] = painted.colours[y, x, :3]
            colour[rows, columns, 3] = 255


def _empty_page(channels: int) -> dict[str, np.ndarray]:
    return {
        "latents": np.zeros((-(-channels // 4) * 4, PAGE, PAGE), np.float32),
        "state": np.zeros((PAGE, PAGE, 4), np.float32),
        "colour": np.zeros((PAGE * CELL, PAGE * CELL, 4), np.uint8),
    }

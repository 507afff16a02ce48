"""What the program tells the networks of a view, drawn by GL, is what the raycaster sees, which training's worlds are held to."""

from __future__ import annotations

import numpy as np
import torch

from app.loop.view_canvas import canvas_from
from diffusion.models.surface_conditions import KINDS, compute_view_geometry
from diffusion.models.surface_place import PERIOD
from diffusion.models.surface_view import cell_surface
from engine.atlas.volume import LatentVolume
from engine.geometry.charts import build_charts
from scenes.camera import Camera
from scenes.extrude import extrude_scene
from scenes.load import load_scene
from scenes.raycast import cast_rays

SIZE = (256, 192)


def test_a_gathered_view_tells_what_the_raycaster_sees(ctx, tiny_scene) -> None:
    scene = load_scene(str(tiny_scene))
    blocks = extrude_scene(scene)
    volume = LatentVolume(ctx, build_charts(blocks, scene), 4, 0)
    camera = Camera.from_angles((1.4, 2.3, 7.2), -20, -12, 62)
    gathered = volume.gather(camera, SIZE)
    canvas = canvas_from(gathered, scene, 8)
    assert canvas.surface.gbuffer is not None
    drawn = cell_surface(canvas.surface.gbuffer)

    small = (SIZE[0] // 8, SIZE[1] // 8)
    hits = cast_rays(blocks, camera, small)
    cast = compute_view_geometry(camera, small, hits.point, hits.side, hits.depth)

    same = (drawn.kind == cast.kind) & ((drawn.normal - cast.normal).abs().amax(0) < 1e-4)
    assert float(same.float().mean()) > 0.98  # two faces may swap at an edge
    solid = same & (cast.kind != KINDS.index("sky"))
    assert solid.sum() > 200
    apart = (drawn.uv - cast.uv).abs()
    far = torch.minimum(apart, PERIOD - apart)[:, solid].amax(0)
    assert float((far < 0.01).float().mean()) > 0.98
    assert torch.allclose(drawn.span[:, solid], cast.span[:, solid], rtol=0.05, atol=1e-3)

    pixels = cast_rays(blocks, camera, SIZE)
    agree = canvas.surface.gbuffer.side == pixels.side
    assert agree.mean() > 0.99
    near = agree & (pixels.side >= 0)
    assert np.abs(canvas.surface.gbuffer.depth[near] / pixels.depth[near] - 1).max() < 0.01

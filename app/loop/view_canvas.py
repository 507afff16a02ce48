"""Builds the `Canvas` of a dream from a `GatheredView`: regions of visible materials, guide, noise."""

from __future__ import annotations

import numpy as np

from app.loop.occluders import find_occluded
from diffusion.canvas import Canvas, FacingGBuffer, GBuffer, Guide, Region, Surface
from diffusion.models.depth import to_reference_camera
from engine.atlas import policy
from engine.atlas.views import GatheredSheet, GatheredView
from scenes.prompt_masks import make_prompt_masks
from scenes.scene import SKY, Scene


def regions_from(material: np.ndarray, scene: Scene) -> tuple[Region, ...]:
    """Return one region for each visible prompt, from `scenes.prompt_masks.make_prompt_masks`."""
    return tuple(
        Region(prompt=found.prompt, mask=found.mask.astype(np.float32), negative_prompt=found.negative_prompt)
        for found in make_prompt_masks(material, scene)
    )


def parts_of(pixels: np.ndarray, regions: tuple[Region, ...], scene: Scene) -> np.ndarray:
    """int16 [H,W]: the region of each pixel's material (int [H,W], or SKY), −1 where no region has its prompts."""
    numbers = {(region.prompt, region.negative_prompt): number for number, region in enumerate(regions)}
    materials = (*range(len(scene.materials)), SKY)  # so that SKY is the last one's index, too
    return np.array([numbers.get(scene.prompt(material), -1) for material in materials], np.int16)[pixels]


def opacity_of(seen: np.ndarray, scene: Scene) -> np.ndarray | None:
    """float32 of the shape of `seen`, int, materials or SKY: their opacity; None if all of them are opaque."""
    table = np.array([*(m.opacity for m in scene.materials), 1.0], np.float32)  # SKY is the last one's index, too
    opacity = table[seen]
    return opacity if (opacity < 1).any() else None


def canvas_from(gathered: GatheredView | GatheredSheet, scene: Scene, full_steps: float) -> Canvas:
    """The canvas of a view or a sheet. full_steps: the number of steps after which a texel is finished; finished texels are kept."""
    known = policy.guide_mask(gathered, full_steps)
    change = policy.change_map(gathered, full_steps)
    regions = regions_from(gathered.material, scene)
    guide = occluded_source = None
    if known.any() or gathered.edge_contaminated.any():
        guide = Guide(
            latents=gathered.latents,
            colours=gathered.colours,
            known_mask=known,
            upscale_ratio=policy.upscale_ratio(gathered, full_steps),
            guide_weight=policy.guide_weight(gathered, full_steps),
            edge_contaminated=gathered.edge_contaminated,
        )
        if isinstance(gathered, GatheredView):
            occluded_source = find_occluded(gathered, change > 0, change == 0)
    ids = parts_of(gathered.pixel_material, regions, scene)
    if isinstance(gathered, GatheredView):
        depth = to_reference_camera(gathered.depth, gathered.camera.fov)
        opacity, fine = (opacity_of(seen, scene) for seen in (gathered.material, gathered.pixel_material))
        depths, sides = (gathered.depth, gathered.pixel_depth), (gathered.side, gathered.pixel_side)
        seen = GBuffer(gathered.camera, sides[0], depths[0], sides[1], depths[1], fine, gathered.pixel_mesh)
    else:
        depth = opacity = None
        seen = FacingGBuffer(
            gathered.side, gathered.point, gathered.pixel_side, gathered.pixel_point, gathered.patch, gathered.span
        )
    surface = Surface(depth=depth, opacity=opacity, occluded_source=occluded_source, region_ids=ids, gbuffer=seen)
    return Canvas(regions=regions, noise=gathered.noise, change=change, guide=guide, surface=surface)

"""Nodes for views: what a camera sees, what is stored there, and laying a painted view on the surfaces."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from base.errors import InputError, nearest
from base.grid import CELL
from diffusion.models.control_hints import depth_hint, normal_hint
from engine.atlas.policy import change_map, coverage
from scenes.camera import Camera
from scenes.scene import SKY

from .pictures import as_image, as_mask, as_picture
from .scene_nodes import CAMERA
from .widgets import FIELDS, Input, socket, text, whole
from .world_nodes import WORLD
from .worlds import SPACE, View, World, lay, look

VIEW = "RAYVERIE_VIEW"
MOST_SIDE = 4096  # pixels
SKY_NAME = "sky"


class SurfaceNoise:
    """A ComfyUI NOISE: the noise of the surfaces in a view."""

    def __init__(self, noise: np.ndarray, seed: int) -> None:
        self.noise, self.seed = torch.from_numpy(noise)[None], seed

    def generate_noise(self, input_latent: dict[str, Any]) -> Tensor:
        samples = input_latent["samples"]
        if samples.shape[1:] != self.noise.shape[1:]:
            mine, theirs = ("×".join(str(n) for n in shape[1:]) for shape in (self.noise.shape, samples.shape))
            raise InputError("noise", "", f"is of {mine} latents; those of the run are {theirs}")
        return self.noise.to(samples.dtype).repeat(len(samples), 1, 1, 1)


class LookAt:
    """The view of a camera."""

    CATEGORY, FUNCTION = "Rayverie/world", "look"
    DESCRIPTION = "A camera's view of a world: masks, depth and normals of its surfaces, and their noise."
    RETURN_TYPES = (VIEW, "NOISE", "IMAGE", "IMAGE", "MASK")
    RETURN_NAMES = ("view", "noise", "depth", "normals", "masks")
    OUTPUT_TOOLTIPS = (
        "For Gather, Regional Prompts, Material Mask and Scatter.",
        "The surfaces' noise, for SamplerCustomAdvanced: two views of one wall start from the same noise.",
        "Inverse depth as ControlNets for depth read it, white where the view is nearest.",
        "Normals as ControlNet 1.1 reads them.",
        "One mask for each of the scene's materials, in its order; the last one is the sky.",
    )

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        sides = {
            name: whole(512, CELL, MOST_SIDE, f"{name.title()} in pixels, a multiple of {CELL}.", step=CELL)
            for name in ("width", "height")
        }
        return {"required": {"world": socket(WORLD, "The world."), "camera": socket(CAMERA, "Where from."), **sides}}

    def look(
        self, world: World, camera: Camera, width: int, height: int
    ) -> tuple[View, SurfaceNoise, Tensor, Tensor, Tensor]:
        view = look(world, camera, (width, height))
        seen = view.gathered.pixel_material
        depth, normals = (as_image(hint(view.gbuffer, seen, ())) for hint in (depth_hint, normal_hint))
        numbers = (*range(len(world.scene.materials)), SKY)
        masks = np.stack([seen == number for number in numbers])
        return view, SurfaceNoise(view.gathered.noise, world.paint.seed), depth, normals, as_mask(masks)


class MaterialMask:
    """The mask of one material."""

    CATEGORY, FUNCTION = "Rayverie/world", "find"
    DESCRIPTION = "The mask of a material in a view."
    RETURN_TYPES, RETURN_NAMES = ("MASK",), ("mask",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "view": socket(VIEW, "The view."),
                "material": text("grass", f"The name of a material of the scene, or {SKY_NAME}."),
            }
        }

    def find(self, view: View, material: str) -> tuple[Tensor]:
        numbers = {SKY_NAME: SKY} | {known.name: number for number, known in enumerate(view.world.scene.materials)}
        if material not in numbers:
            raise InputError(
                "material", "", f"is {material!r}; the scene has {', '.join(numbers)}{nearest(material, numbers)}"
            )
        return (as_mask(view.gathered.pixel_material == numbers[material]),)


class Gather:
    """The paint stored on the surfaces of a view."""

    CATEGORY, FUNCTION = "Rayverie/world", "gather"
    DESCRIPTION = "The paint stored on the surfaces of a view: latents, colours, and where they may change."
    RETURN_TYPES = ("LATENT", "IMAGE", "MASK", "FLOAT")
    RETURN_NAMES = ("latent", "picture", "change", "coverage")
    OUTPUT_TOOLTIPS = (
        "Stored latents with the change map as noise mask. Empty where nothing is painted, and for worlds of other programs' latents.",
        "Stored colours, black where nothing is painted.",
        "White where the view may be painted, black where its paint is final.",
        "Painted share of the view's surfaces, from 0 to 1.",
    )

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"view": socket(VIEW, "The view."), "steps": _steps()}}

    def gather(self, view: View, steps: int) -> tuple[dict[str, Tensor], Tensor, Tensor, float]:
        stored, known = view.gathered, view.world.space == SPACE
        change = as_mask(change_map(stored, steps))
        latents = torch.from_numpy(stored.latents)[None]
        latent = {
            "samples": latents.clone() if known else torch.zeros_like(latents),
            "noise_mask": change[:, None] if known else torch.ones_like(change)[:, None],
        }
        return latent, as_image(stored.colours), change, coverage(stored, steps)


class Scatter:
    """Lay a painted view on the surfaces."""

    CATEGORY, FUNCTION = "Rayverie/world", "scatter"
    DESCRIPTION = "Project a painted view onto its surfaces. Better paint stays."
    RETURN_TYPES, RETURN_NAMES = (WORLD, "INT"), ("world", "texels")
    OUTPUT_TOOLTIPS = (
        "The world with the new paint. The input world stays as it was.",
        "Number of texels written.",
    )

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "world": socket(WORLD, "The world to paint."),
                "view": socket(VIEW, "The view that was painted."),
                "latent": socket("LATENT", "Latents of the view, an eighth of its size."),
                "image": socket("IMAGE", "The decoded latents."),
                "steps": _steps(),
            }
        }

    def scatter(
        self, world: World, view: View, latent: dict[str, Tensor], image: Tensor, steps: int
    ) -> tuple[World, int]:
        latents = np.ascontiguousarray(latent["samples"][0].float().cpu().numpy())
        return lay(world, view, latents, as_picture(image), float(steps))


def _steps() -> Input:
    """The same for gathering and scattering."""
    tooltip = (
        "Diffusion steps of the picture. Paint with fewer steps counts as a sketch and is replaced by paint with more."
    )
    least, most = FIELDS["steps"].metadata["range"]
    return whole(20, least, most, tooltip)

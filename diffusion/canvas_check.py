"""Whether the parts of a canvas fit together and fit the model."""

from __future__ import annotations

import numpy as np

from base.grid import CELL
from diffusion.canvas import Canvas, FacingGBuffer, GBuffer, Guide
from diffusion.denoisers.anagram import view_problem
from diffusion.models.model import Model
from diffusion.settings import DreamSettings


def check_canvas(model: Model, canvas: Canvas, settings: DreamSettings) -> None:
    """Raise ValueError, with one sentence, when the canvas contradicts itself, the model or the settings."""
    channels, height, width = canvas.noise.shape
    multiple = model.multiple // CELL
    if channels != model.channels:
        raise ValueError(f"the canvas has {channels} channels, the model {model.channels}")
    if height % multiple or width % multiple:
        size = f"{CELL * width}×{CELL * height}"
        raise ValueError(f"a canvas of {size} pixels; the model needs multiples of {model.multiple}")
    if not canvas.regions:
        raise ValueError("a canvas without regions")
    _check_shapes(canvas)
    ids = canvas.surface.region_ids
    if ids is not None and ids.max() >= len(canvas.regions):
        raise ValueError(f"region_ids name region {ids.max()}, the canvas has {len(canvas.regions)}")
    for anagram in canvas.anagrams:
        if problem := view_problem(anagram.view, height, width):
            raise ValueError(problem)
    step = multiple * settings.dilate
    if height % step or width % step:
        sides = f"sides that are multiples of {CELL * step} pixels"
        raise ValueError(f"dilated sampling by {settings.dilate} needs {sides}")


def _gbuffer_shapes(
    gbuffer: GBuffer | FacingGBuffer | None, cells: tuple[int, int], pixels: tuple[int, int]
) -> list[tuple[str, np.ndarray, tuple[int, ...]]]:
    """What a G-buffer's planes are called, the planes, and their shapes on this canvas."""
    planes = () if gbuffer is None else [(k, x) for k, x in vars(gbuffer).items() if isinstance(x, np.ndarray)]
    return [
        (
            f"gbuffer.{name}",
            plane,
            (*(cells if name.startswith("cell") else pixels), *((3,) if "point" in name else ())),
        )
        for name, plane in planes
    ]


def _check_shapes(canvas: Canvas) -> None:
    guide, surface = canvas.guide or Guide(), canvas.surface
    channels, height, width = canvas.noise.shape
    cells, pixels = (height, width), (CELL * height, CELL * width)
    expected = [
        ("change", canvas.change, cells),
        ("depth", surface.depth, cells),
        ("occluded_source", surface.occluded_source, cells),
        ("region_ids", surface.region_ids, pixels),
        *_gbuffer_shapes(surface.gbuffer, cells, pixels),
        ("latents", guide.latents, (channels, *cells)),
        ("colours", guide.colours, (*pixels, 4)),
        ("known_mask", guide.known_mask, cells),
        ("upscale_ratio", guide.upscale_ratio, cells),
        ("guide_weight", guide.guide_weight, cells),
        ("update_mask", guide.update_mask, pixels),
        ("edge_contaminated", guide.edge_contaminated, cells),
        *(("mask", region.mask, cells) for region in canvas.regions),
        *(("hint", hint, (*pixels, 3)) for hint in surface.hints),
    ]
    for name, array, shape in expected:
        if array is not None and array.shape != shape:
            raise ValueError(f"{name} has the shape {array.shape}; this canvas needs {shape}")
    if canvas.guide is not None and guide.latents is None and guide.colours is None:
        raise ValueError("a guide without latents and without colours")
    if canvas.guide is None and bool((canvas.change < 1).any()):
        raise ValueError("the canvas keeps pixels (change below 1) but has no guide to keep them from")

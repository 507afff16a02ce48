"""Nodes for prompts: one for each region of a view."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from base.errors import InputError
from diffusion.canvas import Region
from diffusion.denoisers.regions import RegionPart, prepare_regions
from diffusion.models.prompt_syntax import Span, join_encoders, parse_prompt

from .border import encode_text
from .pictures import as_mask
from .view_nodes import VIEW
from .widgets import setting, socket, switch
from .worlds import View

Conditioning = list[list[Any]]


class RegionalPrompts:
    """The prompts of the materials that a view shows, each with the mask of its pixels."""

    CATEGORY, FUNCTION = "Rayverie/prompts", "encode"
    DESCRIPTION = (
        "Each material's prompt where the view shows it (MultiDiffusion with tight masks): "
        "the sampler averages the predictions by these masks, before the solver's step."
    )
    RETURN_TYPES, RETURN_NAMES = ("CONDITIONING", "CONDITIONING"), ("positive", "negative")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        crop = (
            "Predict each region only in its bounding box. Faster for small regions, but with less context around them."
        )
        return {
            "required": {
                "clip": socket("CLIP", "The text encoder."),
                "view": socket(VIEW, "The view that shows the materials."),
                "softness": setting("softness"),
                "crop": switch(False, crop),
            }
        }

    def encode(self, clip: Any, view: View, softness: float, crop: bool) -> tuple[Conditioning, Conditioning]:
        regions = [Region(one.prompt, one.mask, one.negative_prompt) for one in view.prompts]
        parts = prepare_regions(regions, softness, torch.device("cpu"))
        return tuple(self._of(clip, parts, branch, crop) for branch in ("positive", "negative"))  # type: ignore[return-value]

    def _of(self, clip: Any, parts: Iterable[RegionPart], branch: str, crop: bool) -> Conditioning:
        """One condition for each different text of a branch; what equal texts cover is added."""
        masks: dict[str, Tensor] = {}
        for part in parts:
            masks[part.texts[branch]] = masks.get(part.texts[branch], torch.zeros_like(part.mask)) + part.mask
        found: Conditioning = []
        for text, mask in masks.items():
            where = {"mask": as_mask(mask.numpy()), "mask_strength": 1.0, "set_area_to_bounds": crop}
            for vectors, further in encode_text(clip, plain(text)):
                found.append([vectors, {**further, **(where if len(masks) > 1 else {})}])
        return found


def plain(text: str) -> str:
    """A prompt in ComfyUI's syntax: weights as numbers, both parts of a prompt for SDXL's encoders, BREAK as a space.

    Raises InputError for tags of LoRAs and style pictures, which ComfyUI would read as words.
    """
    prompt = parse_prompt(join_encoders(text))
    if prompt.loras or prompt.styles:
        name = (*prompt.loras, *prompt.styles)[0][0]
        raise InputError(
            "view", "", f"has the tag of {name!r} in a prompt; load LoRAs and style pictures with ComfyUI's nodes"
        )
    return " ".join("".join(_written(span) for span in chunk) for chunk in prompt.chunks)


def _written(span: Span) -> str:
    words = span.text.replace("(", "\\(").replace(")", "\\)")
    return words if span.weight == 1 else f"({words}:{span.weight:g})"

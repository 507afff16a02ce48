"""The masks of a view's prompts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenes.scene import SKY, Scene


@dataclass(frozen=True)
class PromptMask:
    """The pixels of all materials with the same prompts. mask: bool, of the view's shape."""

    prompt: str
    negative_prompt: str
    mask: np.ndarray


def make_prompt_masks(material: np.ndarray, scene: Scene) -> tuple[PromptMask, ...]:
    """Return a mask for each visible prompt, the largest first. material: int [h,w], indices into scene.materials or SKY.

    The masks are tight and cover every pixel exactly once. Materials with the same prompts share one, for every prompt costs a
    call of the model.
    """
    masks: dict[tuple[str, str], np.ndarray] = {}
    for index in np.unique(material):
        prompts = scene.prompt(int(index) if index >= 0 else SKY)
        mask = material == index
        masks[prompts] = masks[prompts] | mask if prompts in masks else mask
    ordered = sorted(masks.items(), key=lambda item: (-int(item[1].sum()), item[0]))
    return tuple(PromptMask(prompt, negative, mask) for (prompt, negative), mask in ordered)


def find_dreamed_materials(seen: np.ndarray, scene: Scene) -> np.ndarray:
    """Return int [n]: the materials that a dream of a view paints, i.e. all that share a prompt with those `seen`, int [h,w]."""
    prompts = {scene.prompt(int(material)) for material in np.unique(seen)}
    return np.array([m for m in (*range(len(scene.materials)), SKY) if scene.prompt(m) in prompts])

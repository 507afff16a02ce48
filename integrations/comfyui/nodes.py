"""The table of nodes: ComfyUI's name → (class, what the menu calls it)."""

from __future__ import annotations

from functools import wraps
from typing import Any

from .guidance_nodes import SolverSelect, TNRGuider
from .mixing_nodes import IterativeMixingKSampler, IterativeMixingKSamplerAdvanced
from .prompt_nodes import RegionalPrompts
from .scene_nodes import CameraAt, CameraOnPath, LoadScene, SceneFromMap
from .unsampling_nodes import BatchUnsampler
from .view_nodes import Gather, LookAt, MaterialMask, Scatter
from .widgets import refuse_numbers
from .world_nodes import LoadWorld, NewWorld, SaveWorld

NODES: dict[str, tuple[type, str]] = {
    "RayverieLoadScene": (LoadScene, "Load Scene"),
    "RayverieSceneFromMap": (SceneFromMap, "Scene From Map"),
    "RayverieCamera": (CameraAt, "Camera"),
    "RayverieCameraOnPath": (CameraOnPath, "Camera On Path"),
    "RayverieNewWorld": (NewWorld, "New World"),
    "RayverieLoadWorld": (LoadWorld, "Load World"),
    "RayverieSaveWorld": (SaveWorld, "Save World"),
    "RayverieView": (LookAt, "View"),
    "RayverieMaterialMask": (MaterialMask, "Material Mask"),
    "RayverieGather": (Gather, "Gather"),
    "RayverieScatter": (Scatter, "Scatter"),
    "RayverieRegionalPrompts": (RegionalPrompts, "Regional Prompts"),
    "RayverieBatchUnsampler": (BatchUnsampler, "Batch Unsampler"),
    "RayverieIterativeMixingKSampler": (IterativeMixingKSampler, "Iterative Mixing KSampler"),
    "RayverieIterativeMixingKSamplerAdvanced": (IterativeMixingKSamplerAdvanced, "Iterative Mixing KSampler Advanced"),
    "RayverieTNRGuider": (TNRGuider, "TNR Guider"),
    "RayverieSolver": (SolverSelect, "Solver"),
}


def with_checks(node: type) -> type:
    """The node, but its numbers are checked before it runs."""
    name = node.FUNCTION  # pyright: ignore[reportAttributeAccessIssue]
    work = getattr(node, name)

    @wraps(work)
    def run(self: Any, **values: Any) -> Any:
        refuse_numbers(self.INPUT_TYPES(), values)
        return work(self, **values)

    return type(node.__name__, (node,), {name: run, "__doc__": node.__doc__, "__module__": node.__module__})


NODE_CLASS_MAPPINGS = {name: with_checks(node) for name, (node, _) in NODES.items()}
NODE_DISPLAY_NAME_MAPPINGS = {name: f"{title} (Rayverie)" for name, (_, title) in NODES.items()}

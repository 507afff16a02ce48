"""The table of nodes: ComfyUI's name → (class, what the menu calls it)."""

from __future__ import annotations

from .guidance_nodes import SolverSelect, TNRGuider
from .mixing_nodes import IterativeMixingKSampler, IterativeMixingKSamplerAdvanced
from .prompt_nodes import RegionalPrompts
from .scene_nodes import CameraAt, CameraOnPath, LoadScene, SceneFromMap
from .unsampling_nodes import BatchUnsampler
from .view_nodes import Gather, LookAt, MaterialMask, Scatter
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

NODE_CLASS_MAPPINGS = {name: node for name, (node, _) in NODES.items()}
NODE_DISPLAY_NAME_MAPPINGS = {name: f"{title} (Rayverie)" for name, (_, title) in NODES.items()}

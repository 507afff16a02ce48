"""The example workflows name only nodes, inputs, outputs and choices that exist, and their types fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from integrations.comfyui.nodes import NODE_CLASS_MAPPINGS

FOLDER = Path(__file__).parents[3] / "integrations" / "comfyui" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.json"))
# ComfyUI's own nodes: the types of inputs and outputs
CORE: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "CheckpointLoaderSimple": ({"ckpt_name": "COMBO"}, ("MODEL", "CLIP", "VAE")),
    "CLIPTextEncode": ({"text": "STRING", "clip": "CLIP"}, ("CONDITIONING",)),
    "EmptyLatentImage": ({"width": "INT", "height": "INT", "batch_size": "INT"}, ("LATENT",)),
    "KSampler": (
        {
            "model": "MODEL",
            "positive": "CONDITIONING",
            "negative": "CONDITIONING",
            "latent_image": "LATENT",
            "seed": "INT",
            "steps": "INT",
            "cfg": "FLOAT",
            "sampler_name": "COMBO",
            "scheduler": "COMBO",
            "denoise": "FLOAT",
        },
        ("LATENT",),
    ),
    "LatentUpscaleBy": ({"samples": "LATENT", "upscale_method": "COMBO", "scale_by": "FLOAT"}, ("LATENT",)),
    "LoadImage": ({"image": "COMBO"}, ("IMAGE", "MASK")),
    "MaskToImage": ({"mask": "MASK"}, ("IMAGE",)),
    "SaveImage": ({"images": "IMAGE", "filename_prefix": "STRING"}, ()),
    "VAEDecode": ({"samples": "LATENT", "vae": "VAE"}, ("IMAGE",)),
    "VAEEncode": ({"pixels": "IMAGE", "vae": "VAE"}, ("LATENT",)),
    "CFGGuider": (
        {"model": "MODEL", "positive": "CONDITIONING", "negative": "CONDITIONING", "cfg": "FLOAT"},
        ("GUIDER",),
    ),
    "KSamplerSelect": ({"sampler_name": "COMBO"}, ("SAMPLER",)),
    "BasicScheduler": ({"model": "MODEL", "scheduler": "COMBO", "steps": "INT", "denoise": "FLOAT"}, ("SIGMAS",)),
    "RandomNoise": ({"noise_seed": "INT"}, ("NOISE",)),
    "SamplerCustomAdvanced": (
        {"noise": "NOISE", "guider": "GUIDER", "sampler": "SAMPLER", "sigmas": "SIGMAS", "latent_image": "LATENT"},
        ("LATENT", "LATENT"),
    ),
}
VALUES: dict[str, Any] = {"INT": int, "FLOAT": (int, float), "STRING": str, "COMBO": str, "BOOLEAN": bool}


def declared(name: str) -> tuple[dict[str, Any], set[str], tuple[str, ...]]:
    """(type or choices of each input, those that are required, types of the outputs) of a node."""
    if name in CORE:
        inputs, outputs = CORE[name]
        return inputs, set(inputs), outputs
    node = NODE_CLASS_MAPPINGS[name]
    groups = node.INPUT_TYPES()
    inputs = {key: type_ for group in groups.values() for key, (type_, _) in group.items()}
    return inputs, set(groups["required"]), node.RETURN_TYPES


def test_every_node_is_in_a_workflow() -> None:
    used = {node["class_type"] for path in WORKFLOWS for node in json.loads(path.read_text()).values()}
    assert NODE_CLASS_MAPPINGS.keys() - used == set()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_names_and_types_exist(path: Path) -> None:
    workflow = json.loads(path.read_text(encoding="utf-8"))
    for title, node in workflow.items():
        inputs, required, _ = declared(node["class_type"])
        assert required <= node["inputs"].keys() <= inputs.keys(), title
        for key, value in node["inputs"].items():
            if isinstance(value, list):
                source, place = value
                assert declared(workflow[source]["class_type"])[2][place] == inputs[key], f"{title}: {key}"
            elif isinstance(inputs[key], list):
                assert value in inputs[key], f"{title}: {key}"
            else:
                assert isinstance(value, VALUES[inputs[key]]), f"{title}: {key}"
                assert isinstance(value, bool) == (inputs[key] == "BOOLEAN"), f"{title}: {key}"

"""Names of U-Net modules in Stable Diffusion's original code: `input_blocks.4.1` is diffusers' `down_blocks.1.attentions.0`.

Single files, and LoRAs from some trainers, use these names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

ENDS = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
INNER = {
    "resnets": {
        "norm1": "in_layers.0",
        "conv1": "in_layers.2",
        "time_emb_proj": "emb_layers.1",
        "norm2": "out_layers.0",
        "conv2": "out_layers.3",
        "conv_shortcut": "skip_connection",
    },
    "downsamplers": {"conv": "op"},
}


def original_names(unet: Any) -> dict[str, str]:
    """diffusers' name → original name, for every module of a UNet2DConditionModel that has weights of its own."""
    places = dict(_places(unet))
    names = {}
    for name, module in unet.named_modules():
        if not any(True for _ in module.parameters(recurse=False)):
            continue
        block = next((place for place in places if name.startswith(f"{place}.")), None)
        if name in ENDS:
            names[name] = ENDS[name]
        elif block is not None:
            inner = name.removeprefix(f"{block}.")
            names[name] = f"{places[block]}.{INNER.get(block.split('.')[-2], {}).get(inner, inner)}"
    return names


def _places(unet: Any) -> Iterator[tuple[str, str]]:
    """Yield (diffusers' name, original name) of resnets, attentions and resamplers, which the original code numbers consecutively."""
    count = 1
    for level, block in enumerate(unet.down_blocks):
        for layer in range(len(block.resnets)):
            yield from _layer(block, f"down_blocks.{level}", layer, f"input_blocks.{count}")
            count += 1
        if block.downsamplers is not None:
            yield f"down_blocks.{level}.downsamplers.0", f"input_blocks.{count}.0"
            count += 1
    yield from (("mid_block.resnets.0", "middle_block.0"), ("mid_block.attentions.0", "middle_block.1"))
    yield "mid_block.resnets.1", "middle_block.2"
    count = 0
    for level, block in enumerate(unet.up_blocks):
        for layer in range(len(block.resnets)):
            yield from _layer(block, f"up_blocks.{level}", layer, f"output_blocks.{count}")
            count += 1
        if block.upsamplers is not None:  # after the last layer's resnet and attention
            place = 2 if _has_attention(block) else 1
            yield f"up_blocks.{level}.upsamplers.0", f"output_blocks.{count - 1}.{place}"


def _layer(block: Any, name: str, layer: int, original: str) -> Iterator[tuple[str, str]]:
    yield f"{name}.resnets.{layer}", f"{original}.0"
    if _has_attention(block):
        yield f"{name}.attentions.{layer}", f"{original}.1"


def _has_attention(block: Any) -> bool:
    return getattr(block, "attentions", None) is not None

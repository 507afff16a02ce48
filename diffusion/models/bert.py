"""BERT's encoder for MiniLM, built from torch's own layers. The one in transformers gives the same values but takes a second to import."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

from diffusion.tensor_files import read_tensors

WIDTH, LAYERS, HEADS, INNER, WORDS, PLACES = 384, 6, 12, 1536, 30522, 512  # of all-MiniLM-L6-v2
EPSILON = 1e-12
# parts of a layer: torch's name and the file's name
_LAYER = {
    "self_attn.out_proj": "attention.output.dense",
    "linear1": "intermediate.dense",
    "linear2": "output.dense",
    "norm1": "attention.output.LayerNorm",
    "norm2": "output.LayerNorm",
}
_EMBEDDINGS = {
    "words": "word_embeddings.weight",
    "places": "position_embeddings.weight",
    "norm.weight": "LayerNorm.weight",
    "norm.bias": "LayerNorm.bias",
}


class Bert(nn.Module):
    """Token ids [B,T] to their last hidden states [B,T,WIDTH]."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = (nn.Parameter(torch.empty(rows, WIDTH)) for rows in (WORDS, PLACES))
        self.norm = nn.LayerNorm(WIDTH, EPSILON)
        layer = nn.TransformerEncoderLayer(WIDTH, HEADS, INNER, 0.0, "gelu", EPSILON, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)

    def forward(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """mask: int [B,T], 0 for tokens to ignore; None: attend to all."""
        states = self.norm(embedding(ids, self.words) + self.places[: ids.shape[1]])
        return self.layers(states, src_key_padding_mask=None if mask is None else mask == 0)


def load_bert(path: Path) -> Bert:
    """Read all-MiniLM-L6-v2 from its model.safetensors, ready for inference."""
    stored = read_tensors(path)
    found = {name: stored[f"embeddings.{theirs}"] for name, theirs in _EMBEDDINGS.items()}
    # BERT can take two sentences; every token here belongs to the first
    found["places"] = found["places"] + stored["embeddings.token_type_embeddings.weight"][0]
    for number in range(LAYERS):
        ours, theirs = f"layers.layers.{number}", f"encoder.layer.{number}"
        for kind in ("weight", "bias"):
            inputs = [stored[f"{theirs}.attention.self.{part}.{kind}"] for part in ("query", "key", "value")]
            found[f"{ours}.self_attn.in_proj_{kind}"] = torch.cat(inputs)
            found |= {f"{ours}.{name}.{kind}": stored[f"{theirs}.{other}.{kind}"] for name, other in _LAYER.items()}
    with torch.device("meta"):
        model = Bert()
    model.load_state_dict(found, assign=True)
    return model.eval().requires_grad_(False)

"""What the blocks of a U-Net do, in a sentence for each kind. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping

ROLES: Mapping[str, str] = {
    "in": "Turns the noisy latents (and the depth, if the model uses it) into first features: edges and spots.",
    "down": "Finds features over a larger area. Passes them on at a coarser resolution, and unchanged over the skip connection.",
    "middle": "Sees the picture at its coarsest, and so what belongs together.",
    "up": "Refines the features again, using the details that come over the skip connection.",
    "out": "Combines all channels into the answer: what is picture, and what is noise.",
}
"""By the kind of a block."""

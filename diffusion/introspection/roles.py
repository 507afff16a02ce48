"""What the blocks of a U-Net and of a decoder do, in a sentence for each kind. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping

ROLES: Mapping[str, str] = {
    "in": "Turns the noisy latents (and the depth, if the model uses it) into first features: edges and spots.",
    "down": "Finds features over a larger area. Passes them on at a coarser resolution, and unchanged over the skip connection.",
    "middle": "Sees the picture at its coarsest, and so what belongs together.",
    "up": "Refines the features again, using the details that come over the skip connection.",
    "out": "Combines all channels into the answer: what is picture, and what is noise.",
}
"""By the kind of a U-Net's block."""

DECODER_ROLES: Mapping[str, str] = {
    "in": "Turns the few channels of the latents into many features.",
    "middle": "Lets every place attend to all others, so that colours and light agree over the picture.",
    "up": "Draws finer features, at twice the resolution of the stage before until the picture's pixels are reached.",
    "out": "Combines all features into red, green and blue.",
}
"""By the kind of a decoder's stage."""

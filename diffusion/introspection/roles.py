"""Describe each kind of block in a U-Net and a decoder in a sentence. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping

ROLES: Mapping[str, str] = {
    "in": "Turns the noisy latents (and the depth, if the model uses it) into first features: edges and spots.",
    "down": "Finds features over a larger area. Passes them on at a coarser resolution, and unchanged over the skip connection.",
    "middle": "Works on the picture at its coarsest, where it can tell what belongs together.",
    "up": "Refines the features again, using details from the skip connection.",
    "out": "Combines all channels into the prediction: what is picture, and what is noise.",
}
"""By the kind of a U-Net's block."""

DECODER_ROLES: Mapping[str, str] = {
    "in": "Turns the few channels of the latents into many features.",
    "middle": "Lets every position attend to all others, so that colours and light agree across the picture.",
    "up": "Draws finer features, at twice the resolution of the stage before until the picture's pixels are reached.",
    "out": "Combines all features into red, green and blue.",
}
"""By the kind of a decoder's stage."""

"""What can go wrong inside a model."""

from __future__ import annotations


class ModelError(Exception):
    """The model answered with NaN or infinity; the message names the step and the noise level. Nothing was stored."""

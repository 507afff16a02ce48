"""The user's folders for what the program stores by itself."""

from __future__ import annotations

from pathlib import Path

import platformdirs


def config_folder() -> Path:
    """For settings: layout, presets, registered models."""
    return Path(platformdirs.user_config_dir("rayverie", False))


def data_folder() -> Path:
    """For data: worlds, journals, the gallery."""
    return Path(platformdirs.user_data_dir("rayverie", False))

"""Rayverie's nodes for ComfyUI, which loads this folder from its custom_nodes under a name of its own (docs/comfyui.md).

So files in here import each other relatively, and `base`, `scenes`, `engine` and `diffusion` from where Rayverie is installed, or
from the checkout that this folder is linked to. ComfyUI has a package `app` itself: nothing in here may need Rayverie's.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if find_spec("scenes") is None and (ROOT / "scenes").is_dir():
    sys.path.append(str(ROOT))  # at the end: ComfyUI's own modules come first
if find_spec("scenes") is None:
    raise ImportError("Rayverie is not there: link integrations/comfyui of its checkout here, or pip install rayverie.")

from .nodes import NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS  # noqa: E402

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]

"""The materials that the model learns: one small drawing function each, in one table."""

from diffusion.training.data.materials.base import Layers, Material
from diffusion.training.data.materials.built import BUILT
from diffusion.training.data.materials.elements import ELEMENTS
from diffusion.training.data.materials.living import LIVING
from diffusion.training.data.materials.mineral import MINERAL

MATERIALS: dict[str, Material] = {m.name: m for m in (*LIVING, *MINERAL, *BUILT, *ELEMENTS)}

__all__ = ["MATERIALS", "Layers", "Material"]

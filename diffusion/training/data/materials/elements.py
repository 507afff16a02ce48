"""Water, lava and what hangs above, by name: their words, and where they are found."""

from __future__ import annotations

from diffusion.training.data.materials.base import Material
from diffusion.training.data.materials.liquids import lava, swamp, water
from diffusion.training.data.materials.skies import aurora, clouds, sky, stars

ELEMENTS = (
    Material(
        "water",
        water,
        ("water", "sea", "lake", "river", "pool", "clear water", "blue water", "pond", "ocean surface", "waves"),
        ("ocean", "lagoon", "bay"),
        place="floor",
        weight=1.5,
    ),
    Material(
        "swamp",
        swamp,
        ("swamp", "lily pads", "pond with water lilies", "marsh", "swamp water", "bog", "murky pond", "water lilies"),
        ("wetland", "lotus pond", "mire"),
        place="floor",
        weight=0.8,
    ),
    Material(
        "lava",
        lava,
        (
            "lava",
            "molten rock",
            "magma",
            "lava flow",
            "molten lava",
            "volcanic lava",
            "burning lava",
            "glowing lava",
            "river of fire",
        ),
        ("volcano", "embers", "hot magma"),
        weight=1.1,
    ),
    Material(
        "sky",
        sky,
        ("sky", "blue sky", "clear sky", "open sky", "bright sky", "the sky", "cloudless sky", "daytime sky"),
        ("heavens", "firmament", "azure sky"),
        place="sky",
        weight=1.5,
    ),
    Material(
        "clouds",
        clouds,
        (
            "clouds",
            "cloudy sky",
            "white clouds",
            "sky with clouds",
            "fluffy clouds",
            "overcast sky",
            "cumulus clouds",
            "cloudscape",
        ),
        ("cumulus", "thunderhead", "puffy clouds"),
        place="sky",
        weight=1.5,
    ),
    Material(
        "starry sky",
        stars,
        (
            "starry sky",
            "stars",
            "night sky",
            "starry night",
            "sky full of stars",
            "milky way",
            "nebula",
            "outer space",
            "galaxy",
        ),
        ("cosmos", "constellations", "deep space"),
        place="sky",
        weight=1.2,
    ),
    Material(
        "aurora",
        aurora,
        (
            "aurora",
            "northern lights",
            "aurora borealis",
            "polar lights",
            "green aurora",
            "aurora sky",
            "dancing lights",
            "polar aurora",
        ),
        ("southern lights", "aurora australis", "arctic lights"),
        place="sky",
        weight=0.7,
    ),
)

"""Nouns that the captions don't use. The student also learns from them, while its teacher gets the captions' own words."""

from __future__ import annotations

import re

import numpy as np

from diffusion.training.data.materials import MATERIALS

SYNONYMS: dict[str, tuple[str, ...]] = {
    name: tuple(words.split(", "))
    for name, words in {
        "grass": (
            "short meadow grass, football pitch, garden lawn, fresh green turf, village green, clover lawn, "
            "grassy hill, cut grass, tall grass, steppe, savanna, blades of grass, grazing land, park lawn, "
            "grassy field"
        ),
        "meadow": (
            "alpine meadow, poppies, daisies, flower garden, blooming grassland, buttercups, tulip field, "
            "lavender and daisies, flowering field, summer meadow, blossoms in the grass, field with poppies, "
            "petals on a lawn, flowery grass"
        ),
        "moss": (
            "mosses, moss cover, velvet moss, damp moss, moss on the ground, feather moss, mossy forest "
            "floor, mossy bank, mossy hummocks, overgrown with moss, liverwort, fuzzy green moss, bog moss"
        ),
        "leaves": (
            "green leaves, leafy tree, foliage of a tree, beech leaves, oak leaves, maple leaves, leafy "
            "branches, crown of a tree, dense foliage, rainforest leaves, leafy wall, lush plants, verdure, "
            "forest canopy, tropical leaves, tree top"
        ),
        "hedge": (
            "evergreen hedge, yew hedge, labyrinth of hedges, thicket, shrubs, bushes, laurel hedge, cypress "
            "hedge, box tree, park hedge, pruned hedge, green bush, undergrowth, hawthorn hedge"
        ),
        "ivy": (
            "wild vine, wall with ivy, trailing vines, overgrown facade, climbing plant on a wall, tendrils, "
            "wall overgrown with leaves, wisteria, clinging ivy, vines on a wall, honeysuckle wall, hop vines"
        ),
        "bark": (
            "bark of a tree, birch bark, willow trunk, trunk of an oak, spruce bark, fir trunk, tree stump, "
            "cork bark, branch, furrowed bark, beech trunk, wood of a tree trunk, rough tree, redwood trunk, "
            "logs"
        ),
        "thatch": (
            "roof of reed, roof thatched with straw, thatched cottage, thatched hut, reed covered roof, rush "
            "roof, straw hut, farmhouse thatch, grass roof of a hut, thick thatch, layered straw roof, "
            "bundles of reed, old thatched barn"
        ),
        "straw": (
            "bales of hay, hayloft, barn floor with straw, dried grass, chaff, mown hay, straw bed, cornfield "
            "stubble, sheaf, bundle of straw, haycock, stack of hay, rice straw, barley stalks"
        ),
        "soil": (
            "mud, ground, brown earth, compost, clay soil, allotment soil, field soil, potting soil, muddy "
            "path, dirt track, peat, dark earth, furrowed field, tilled land, turned soil, earthen floor"
        ),
        "cracked earth": (
            "dry mud, drought, dried out soil, cracked mud, cracked desert, mud cracks, sun baked clay, dried "
            "pond, playa, dry cracked soil, parched land, thirsty ground, barren cracked land, sunbaked "
            "earth, dried river"
        ),
        "sand": (
            "sandy desert, sandy beach, fine sand, wind ripples in sand, yellow sand, dunes, coastal sand, "
            "sandpit, quicksand, seaside sand, island beach, wadi, white sand, sand ripples, sandy shore"
        ),
        "gravel": (
            "pea gravel, small stones, gravel drive, broken stone, stony path, railway stones, chippings, "
            "pebbly gravel, stony ground, gravel yard, gravel pit, debris of stones, crushed rock, road "
            "metal, loose rock"
        ),
        "pebbles": (
            "pebble, round pebbles, beach stones, beach pebbles, stones in a river, polished pebbles, sea "
            "pebbles, brook stones, pebble shore, round river stones, smooth round rocks, zen garden stones, "
            "washed stones, oval stones"
        ),
        "cobble": (
            "cobbled road, cobbled square, cobblestone street, stone pavement, stone road, paving setts, "
            "medieval street, old town pavement, market square paving, paved alley, flagstones, cobblestone "
            "path, block paving, street of cobbles"
        ),
        "stone wall": (
            "fieldstones, wall made of stones, cottage stone wall, tower wall, ruin wall, city wall, garden "
            "stone wall, rough masonry, wall of rough stone, castle stones, natural stone wall, old masonry, "
            "wall of a castle, stone tower"
        ),
        "ashlar": (
            "block masonry, square stone blocks, temple blocks, stone temple, wall of stone blocks, palace "
            "masonry, monument stones, pyramid stones, large cut stones, tomb wall, stone brick, stone slabs "
            "wall, granite blocks, church wall"
        ),
        "rock": (
            "rocks, stone face, bare stone, grey stone, mountain side, granite rock, rocky mountain, cave "
            "wall, outcrop, slate rock, rocky wall, rough rock, massive rock, gneiss, boulders, alpine rock"
        ),
        "cliff": (
            "cliffs, steep cliff, layered cliff, rock layers, canyon rock, sandstone, red rock canyon, "
            "precipice, escarpment, desert cliff, stratified rock, bluff, butte, layered sandstone, ravine "
            "wall"
        ),
        "marble": (
            "white stone with veins, marble tiles, marble slabs, marble hall, marble statue, polished white "
            "floor, veined stone, palace marble, smooth marble, marble stone, onyx, travertine, marble "
            "temple, greek marble"
        ),
        "crystal": (
            "gems, precious stones, diamonds, ice crystals, blue crystals, crystal cluster, rock crystal, "
            "prism, faceted gems, emeralds, glass crystals, topaz, mineral crystals, crystalline wall, jewel"
        ),
        "snow": (
            "snowy field, snow cover, snow on the ground, winter snow, soft snow, snowy plain, freshly fallen "
            "snow, ski slope, snowdrift, arctic snow, deep white snow, snow blanket, trampled snow, polar "
            "plain"
        ),
        "ice": (
            "frozen surface, frozen pond, frozen sea, lake ice, ice floe, ice cave, frozen river, glacial "
            "ice, blue glacier, cracks in the ice, sea ice, icy lake, ice floor, icefield, frozen ground of "
            "ice"
        ),
        "brick": (
            "red bricks, wall of brick, brick building, bricklaying, brick masonry wall, red brick, factory "
            "wall of brick, brown bricks, brick town house, brick and mortar, warehouse bricks, clay brick "
            "wall, exposed brick, bricked wall"
        ),
        "tiles": (
            "tile floor, tiled wall, wall tiles, tile, square tiles, checkered floor, black and white tiles, "
            "ceramic floor, swimming pool tiles, stoneware tiles, chequered tiles, tiled bathroom, glazed "
            "ceramic, subway tiles, hall tiles"
        ),
        "mosaic": (
            "mosaics, tile mosaic, mosaic stones, mosaic of glass, mosaic pavement, antique mosaic, broken "
            "tile mosaic, pebble mosaic, colourful mosaic, mosaic art, trencadis, villa mosaic, church "
            "mosaic, mosaic pieces"
        ),
        "roof tiles": (
            "tile roof, red roof tiles, clay roof tiles, roofing tiles, slate roof, slates, roof of tiles, "
            "roofing, roof slates, terracotta roofing, roof with shingles, mediterranean roof, old tiled "
            "roof, roof"
        ),
        "planks": (
            "boards, timber, wooden boards, timber wall, timber floor, wooden deck, oak planks, pine boards, "
            "hardwood floor, wooden panels, barn wood, laminate, board wall, wood panelling, plank wall, ship "
            "deck, log cabin boards, wood floor"
        ),
        "rust": (
            "rusted metal, rusty plates, rusted steel, rusty sheet, corrosion, rusty surface, rusty ship, old "
            "rusty wall, decayed metal, rust stains, rusted plates, rusty barrel, weathered iron, rusty "
            "machine"
        ),
        "steel": (
            "steel, metal wall, iron plates, stainless steel, steel sheets, riveted steel, metal sheets, "
            "space station wall, robot armour, polished metal, aluminium, riveted metal, tank armour, "
            "metallic panels, factory metal"
        ),
        "concrete": (
            "cement wall, concrete floor, concrete building, cast concrete, bare concrete, bunker, parking "
            "garage, concrete slabs, cement floor, exposed concrete, concrete blocks, dam wall, grey cement "
            "wall, concrete surface"
        ),
        "plaster": (
            "plaster wall, old plaster, render, lime wash, whitewash, clay plaster, crumbling plaster, "
            "peeling wall, smooth house wall, stuccoed house, wall paint, painted plaster, clay wall, wall of "
            "a cottage, facade plaster"
        ),
        "facade": (
            "lighted windows, illuminated windows, building facade, high rise, skyscraper, house with "
            "windows, window front, rows of windows, city block, town house with windows, office windows, "
            "tenement, bright windows, highrise facade, lit window"
        ),
        "carpet": (
            "rugs, turkish carpet, woven textile, patterned rug, carpet floor, ornamental carpet, fabric with "
            "pattern, afghan rug, embroidered cloth, wall hanging, prayer rug, textile, knotted carpet, royal "
            "carpet"
        ),
        "gold": (
            "golden, gold plates, golden blocks, pure gold, gold ingots, golden treasure, gold leaf wall, "
            "golden temple, golden bricks, shiny gold, gold metal, golden surface, gold coins, golden armour"
        ),
        "water": (
            "sea water, lake water, river water, open sea, rippling water, water surface, swimming pool, "
            "stream, brook, fountain, fountain water, blue lake, blue sea, ripples, harbour water, fjord, "
            "well water, calm sea"
        ),
        "swamp": (
            "marshland, swampy water, swampland, green pond, lily pond, bayou, fen, morass, mangrove swamp, "
            "duckweed pond, pond with lily pads, water lily pads, stagnant water, muddy pond"
        ),
        "lava": (
            "molten lava flow, liquid fire, molten stone, lava lake, lava stream, volcanic eruption, glowing "
            "magma, hot lava, burning rock, lava field, fiery lava, hell, incandescent rock, molten core, "
            "cooling lava"
        ),
        "sky": (
            "sky blue, blue heaven, summer sky, clear blue sky, bright blue sky, sky without clouds, empty "
            "sky, wide sky, fair weather sky, air, atmosphere, morning sky, horizon sky"
        ),
        "clouds": (
            "cloud, sky full of clouds, white cloud, cloud cover, fleecy clouds, cotton clouds, clouded sky, "
            "cloudy, billowing clouds, stratus, cloud bank, sky covered with clouds, drifting clouds"
        ),
        "starry sky": (
            "sky with stars, stars at night, starlight, universe, stars in space, star field, starscape, "
            "stellar nebula, night sky with stars, many stars, astronomy, twinkling stars, myriads of stars"
        ),
        "aurora": (
            "polar light, northern light, green polar lights, glowing green sky, aurora in the sky, lights in "
            "the arctic sky, curtains of light, shimmering sky lights, aurora over the north, magnetic "
            "lights, green sky lights"
        ),
    }.items()
}
"""More nouns for each material; held-out nouns aren't among them."""

_OWNER = {noun: name for name, material in MATERIALS.items() for noun in material.nouns}
_NOUN = re.compile(r"\b(" + "|".join(re.escape(noun) for noun in sorted(_OWNER, key=len, reverse=True)) + r")\b")


def reword(caption: str, rng: np.random.Generator) -> str:
    """The caption with its longest noun for a material replaced by another: one of the captions' own, or of those above."""
    found = _longest_noun(caption)
    if found is None:
        return caption
    name = _OWNER[found[0]]
    return (
        caption[: found.start()] + str(rng.choice((*MATERIALS[name].nouns, *SYNONYMS[name]))) + caption[found.end() :]
    )


def material_of(caption: str) -> str | None:
    """The material that the longest noun of a caption names."""
    found = _longest_noun(caption)
    return None if found is None else _OWNER[found[0]]


def _longest_noun(caption: str) -> re.Match[str] | None:
    return max(_NOUN.finditer(caption), key=lambda match: match.end() - match.start(), default=None)

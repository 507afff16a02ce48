"""Ruins: a marble temple half in the sand, mossy walls, a long water basin, crystals and a stepped monument at sunset."""

from __future__ import annotations

from scenes.plans.canvas import Plan

SIZE = 40


def plan() -> Plan:
    p = Plan(SIZE, SIZE)
    dunes(p)
    p.fill_rectangle("pavement", 12, 6, 16, 28)
    p.fill_disc("moss", 12, 26, 5, 0.2, 4)
    p.fill_disc("moss", 29, 14, 4, 0.2, 3)
    p.fill_rectangle("rim", 16, 17, 8, 14)
    p.fill_rectangle("water", 17, 18, 6, 12)
    p.fill_rectangle("pavement", 19, 23, 2, 2)
    p.place_blocks("crystal_high", [(19, 23)])
    p.place_blocks("crystal_low", [(20, 24), (20, 23)])
    temple(p)
    for z in range(16, 34, 4):
        p.place_blocks("column" if z != 24 else "stump", [(13, z)])
        p.place_blocks("column" if z not in (20, 32) else "stump", [(26, z)])
    walls(p)
    pyramid(p)
    for x, z, name in ((8, 33, "crystal_low"), (9, 32, "crystal_high"), (33, 31, "crystal_low"), (7, 7, "crystal_low")):
        p.place_blocks(name, [(x, z)])
    p.place_blocks("boulder", [(11, 35), (29, 34), (30, 34), (22, 35), (30, 9), (10, 16), (25, 32), (14, 33)])
    return p


def dunes(p: Plan) -> None:
    """Sand that rises towards the edge of the map."""
    p.fill_rectangle("dune_3", 0, 0, SIZE, SIZE)
    p.fill_disc("dune_2", 20, 20, 21.5, 0.06, 5)
    p.fill_disc("dune_1", 20, 20, 19, 0.07, 4)
    p.fill_disc("sand", 20, 20, 17, 0.08, 5)


def temple(p: Plan) -> None:
    """Steps, two rows of columns that carry a beam, a dark cella behind."""
    p.fill_rectangle("step_1", 12, 4, 16, 10)
    p.fill_rectangle("step_2", 13, 4, 14, 9)
    p.fill_rectangle("cella", 16, 4, 8, 4)
    p.fill_rectangle("roof_mid", 17, 4, 6, 3)
    for x in (14, 17, 22, 25):
        p.place_blocks("temple_column", [(x, 11), (x, 8)])
    for x in (15, 16, 23, 24):
        p.place_blocks("beam", [(x, 11)])
    p.place_blocks("beam", [(14, 10), (14, 9), (25, 10), (25, 9)])
    p.place_blocks("doorway", [(19, 7), (20, 7)])


def walls(p: Plan) -> None:
    """What is left of the outer wall, in three heights."""
    for x in (6, 33):
        for z in range(10, 31):
            kind = ("wall_high", "wall_high", "wall_mid", "wall_low", "moss", "wall_mid", "wall_high")[(z * 3 + x) % 7]
            if not 18 <= z <= 21:
                p.place_blocks(kind, [(x, z)])
    for x in (17, 22):
        p.place_blocks("arch_pier", [(x, 36)])
    p.place_blocks("arch", [(18, 36), (19, 36), (20, 36), (21, 36)])


def pyramid(p: Plan) -> None:
    """A stepped monument behind the eastern wall, the highest thing here."""
    p.stack_rings(["tier_1", "tier_2", "tier_3", "tier_4"], 30, 21, 8, 8)


PATHS = {  # name: (seconds between the stops, loop, [(place, what it looks at)])
    "tour": (
        2.2,
        False,
        [
            ((20.0, 3.2, 38.3), (20.0, 3.5, 20.0)),
            ((19.6, 2.8, 34.0), (20.2, 3.0, 16.0)),
            ((15.2, 2.6, 30.6), (22.0, 2.8, 17.0)),
            ((14.6, 2.8, 22.0), (21.0, 3.0, 9.0)),
            ((17.8, 3.2, 15.4), (21.0, 3.6, 6.0)),
            ((23.2, 3.2, 14.6), (33.0, 4.2, 24.0)),
            ((24.6, 3.6, 16.6), (18.0, 1.4, 26.0)),
        ],
    ),
    "circle": (
        2.0,
        True,
        [
            ((20.0, 7.0, 34.0), (20.0, 2.2, 19.0)),
            ((9.0, 7.6, 29.0), (20.0, 2.2, 19.0)),
            ((8.6, 8.0, 14.0), (20.0, 2.2, 19.0)),
            ((20.0, 8.8, 3.0), (20.0, 2.2, 19.0)),
            ((29.0, 8.6, 10.0), (20.0, 2.2, 19.0)),
            ((28.6, 7.6, 29.0), (20.0, 2.2, 19.0)),
        ],
    ),
}

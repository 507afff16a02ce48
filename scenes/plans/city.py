"""City: a park with a canal and a lit pylon between towers full of windows, at night."""

from __future__ import annotations

from scenes.plans.canvas import Plan

SIZE = 42


def plan() -> Plan:
    p = Plan(SIZE, SIZE)
    p.fill_rectangle("concrete", 0, 0, SIZE, SIZE)
    for at in (9, 29):
        p.fill_rectangle("asphalt", at, 0, 4, SIZE)
        p.fill_rectangle("asphalt", 0, at, SIZE, 4)
    p.fill_rectangle("park", 14, 14, 14, 14)
    p.fill_rectangle("quay", 14, 22, 14, 4)
    p.fill_rectangle("canal", 14, 23, 14, 2)
    p.draw_path("gravel", [(21, 14), (21, 28)], 2.0)
    p.draw_path("gravel", [(14, 18), (28, 18)], 2.0)
    p.fill_rectangle("planks", 20, 22, 2, 4)
    p.fill_disc("plinth", 21, 18, 2.6)
    p.fill_rectangle("pylon", 20, 17, 2, 2)
    p.place_blocks("neon", [(19, 18), (22, 17)])
    for x, z in ((25, 15), (26, 20), (16, 27), (26, 27), (3, 11), (38, 31)):
        tree(p, x, z)
    towers(p)
    lamps(p)
    return p


def towers(p: Plan) -> None:
    """One building on each block round the park: facade, setback, roof. The nearer to a corner, the higher."""
    for x, z, w, d, kind in (
        (1, 1, 7, 7, "high"), (15, 1, 5, 6, "mid"), (22, 1, 6, 7, "tall"), (34, 1, 7, 7, "high"),
        (1, 15, 7, 5, "tall"), (1, 22, 6, 5, "low"), (35, 15, 6, 6, "mid"), (34, 22, 7, 5, "tall"),
        (1, 34, 7, 7, "mid"), (14, 35, 5, 6, "tall"), (21, 34, 7, 7, "low"), (34, 34, 7, 7, "high"),
    ):  # fmt: skip
        p.stack_rings([f"shop_{kind}", f"facade_{kind}", f"roof_{kind}"], x, z, w, d)


def lamps(p: Plan) -> None:
    """Lanterns at the gates of the park."""
    p.place_blocks("lamp", [(13, 16), (28, 20), (23, 13), (18, 28), (23, 28), (13, 26)])


def tree(p: Plan, x: int, z: int) -> None:
    p.place_blocks("crown", [(x + dx, z + dz) for dx, dz in ((-1, 0), (1, 0), (0, -1), (0, 1))])
    p.place_blocks("trunk", [(x, z)])


PATHS = {  # name: (seconds between the stops, loop, [(place, what it looks at)])
    "tour": (
        2.2,
        False,
        [
            ((20.6, 3.4, 33.4), (21.4, 5.6, 14.0)),
            ((20.8, 2.9, 28.4), (21.6, 5.0, 10.0)),
            ((20.2, 2.8, 24.6), (22.4, 4.8, 8.0)),
            ((17.0, 2.7, 21.8), (23.4, 4.6, 14.0)),
            ((15.2, 2.7, 19.0), (24.0, 4.6, 13.6)),
            ((15.6, 3.4, 14.8), (25.0, 4.2, 21.0)),
            ((19.6, 5.0, 11.6), (24.0, 3.4, 26.0)),
        ],
    ),
    "street": (
        2.2,
        False,
        [
            ((10.6, 2.6, 40.0), (11.4, 4.4, 20.0)),
            ((10.8, 2.5, 33.6), (14.0, 4.6, 16.0)),
            ((10.6, 2.5, 27.0), (19.0, 4.6, 14.0)),
            ((10.8, 2.6, 20.4), (19.0, 5.0, 8.0)),
            ((11.2, 2.8, 13.0), (24.0, 4.6, 7.0)),
            ((16.0, 3.2, 10.8), (32.0, 4.0, 11.6)),
        ],
    ),
}

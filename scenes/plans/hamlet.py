"""Hamlet: brick and stone cottages with thatched roofs round a cobbled green, a chapel tower, a pond and trees."""

from __future__ import annotations

from scenes.plans.canvas import Plan

SIZE = 40


def plan() -> Plan:
    p = Plan(SIZE, SIZE)
    hedge(p)
    p.fill_disc("meadow", 11, 29, 10, 0.12, 4)
    p.fill_disc("meadow", 33, 28, 6, 0.15, 3)
    p.fill_disc("sand", 9.5, 30, 5.8, 0.12, 3)
    p.fill_disc("water", 9.5, 30, 4.4, 0.12, 3)
    p.draw_path("sand", [(9, 25), (12, 22), (17, 21)], 1.8)
    p.draw_path("cobble", [(21, 40), (20, 33), (22, 27), (20, 20), (19, 12), (22, 6), (22, 1)], 2.6)
    p.draw_path("cobble", [(20, 20), (30, 22), (36, 21)], 2.4)
    p.fill_disc("cobble", 20, 20, 5.2)
    p.fill_disc("stone_low", 20, 20, 1.9)
    p.fill_disc("basin", 20, 20, 1.0)
    cottage(p, "brick", 9, 9, 7, 6, doors=[(12, 14)], windows=[(10, 14), (14, 14), (15, 11), (9, 11)])
    cottage(p, "stone", 4, 17, 6, 6, doors=[(9, 20)], windows=[(9, 18), (6, 22), (7, 17)])
    cottage(p, "brick", 27, 25, 8, 6, doors=[(30, 25)], windows=[(28, 25), (33, 25), (27, 28), (34, 28)])
    cottage(p, "stone", 15, 30, 4, 5, doors=[(18, 32)], windows=[(16, 30), (15, 32)])
    cottage(p, "brick", 25, 14, 6, 6, doors=[(25, 17)], windows=[(25, 15), (27, 19), (29, 19)])
    chapel(p)
    for x, z in ((6, 12), (24, 24), (15, 26), (34, 18), (14, 5), (25, 36), (12, 36), (34, 35), (17, 8)):
        tree(p, x, z)
    p.place_blocks(
        "bush", [(10, 16), (15, 16), (10, 23), (24, 21), (26, 20), (29, 24), (32, 24), (19, 30), (27, 33), (8, 14)]
    )
    return p


def hedge(p: Plan) -> None:
    """A belt of green round the edge, so that the world doesn't end at a line."""
    for i in range(SIZE):
        high = "leaves_high" if (i * 7 + i // 3) % 5 < 2 else "leaves_low"
        deep = 2 if (i * 5) % 7 < 3 else 1
        p.fill_rectangle(high, i, 0, 1, deep)
        p.fill_rectangle(high, i, SIZE - deep, 1, deep)
        p.fill_rectangle(high, 0, i, deep, 1)
        p.fill_rectangle(high, SIZE - deep, i, deep, 1)


def cottage(
    p: Plan, wall: str, x: int, z: int, w: int, d: int, doors: list[tuple[int, int]], windows: list[tuple[int, int]]
) -> None:
    """Walls on the outline, a thatched roof that steps up towards the middle; doors and windows are cells of the outline."""
    p.stack_rings([f"{wall}_wall", "thatch_1", "thatch_2"], x, z, w, d)
    p.place_blocks(f"{wall}_door", doors)
    p.place_blocks(f"{wall}_window", windows)
    p.place_blocks("chimney", [(x + 1, z + 1)])


def chapel(p: Plan) -> None:
    """A nave under slates with a bell tower at its west end, the landmark of the place."""
    p.stack_rings(["chapel_wall", "slate_1", "slate_2"], 28, 5, 8, 6)
    p.stack_rings(["tower", "spire"], 25, 6, 4, 4)
    p.place_blocks("chapel_window", [(30, 10), (32, 10), (34, 10), (35, 7)])
    p.place_blocks("tower_door", [(26, 9)])


def tree(p: Plan, x: int, z: int) -> None:
    """A trunk under a crown that hangs over the ground around it."""
    for dx, dz in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        p.place_blocks("crown", [(x + dx, z + dz)])
    p.place_blocks("crown_rim", [(x + dx, z + dz) for dx in (-1, 1) for dz in (-1, 1)])
    p.place_blocks("trunk", [(x, z)])


PATHS = {  # name: (seconds between the stops, loop, [(place, what it looks at)])
    "tour": (
        2.2,
        False,
        [
            ((21.4, 3.1, 30.2), (18.0, 2.6, 12.0)),
            ((20.6, 2.8, 27.2), (16.0, 2.6, 12.0)),
            ((17.4, 2.5, 24.4), (13.0, 2.3, 12.0)),
            ((16.4, 2.4, 20.8), (15.5, 2.3, 9.0)),
            ((18.2, 2.5, 18.0), (26.5, 4.6, 8.0)),
            ((20.4, 2.8, 16.4), (29.5, 4.2, 7.5)),
            ((22.6, 3.6, 15.2), (13.0, 1.4, 24.5)),
        ],
    ),
    "pond": (
        2.4,
        False,
        [
            ((13.6, 2.4, 22.8), (9.0, 0.8, 30.0)),
            ((12.6, 2.3, 24.0), (8.0, 0.8, 31.0)),
            ((8.4, 2.4, 24.2), (11.0, 0.8, 32.0)),
            ((3.4, 2.6, 29.4), (13.0, 1.4, 29.0)),
            ((5.4, 3.0, 35.2), (14.0, 2.6, 20.0)),
        ],
    ),
}

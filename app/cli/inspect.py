"""`rayverie inspect`: what a scene consists of, how large its atlas is, and what is wrong with it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from app.commands import Inspect
from app.session import open_scene
from app.terminal import escape_json, open_console
from base.errors import escape_controls
from base.grid import CELL
from engine.geometry.charts import Charts, build_charts
from engine.geometry.pack import PAGE
from scenes.extrude import extrude_scene
from scenes.report import describe_scene
from scenes.scene import Scene


def run(command: Inspect) -> int:
    scene = open_scene(command.scene)
    found = inspect(scene)
    if command.json:
        print(escape_json(json.dumps(found, indent=2, ensure_ascii=False)))
    else:
        show(found, open_console())
    return 0


def inspect(scene: Scene) -> dict[str, Any]:
    """JSON-ready: `scenes.report.report` with faces of each material and the atlas's charts, texels, pages and bytes."""
    blocks = extrude_scene(scene)
    found, charts = describe_scene(scene, blocks), build_charts(blocks, scene)
    faces = faces_of(charts, len(scene.materials))
    for material, count in zip(found["materials"], faces, strict=True):
        material["faces"] = int(count)
    for number, mesh in enumerate(found["meshes"]):
        assert charts.meshes is not None
        own = charts.meshes.mesh == number
        mesh["texture"] = int(charts.meshes.texels[number]) * CELL
        mesh["texels"] = int(charts.area[own].sum())
        mesh["texels_per_block"] = round(1 / float(np.median(charts.spacing[own])), 2)
    found["faces"] = int(faces.sum())
    found["atlas"] = {
        "charts": len(charts),
        "texels": charts.texels,
        "sky_texels": charts.texels - int(faces.sum()),
        "pages": charts.pages,
        "page_texels": PAGE,
        "filled": round(charts.texels / (charts.pages * PAGE * PAGE), 3),
    }
    return found


def faces_of(charts: Charts, materials: int) -> np.ndarray:
    """int64 [materials]: latent texels of every material, one for each exposed voxel face, and those of meshes; the sky's are left out."""
    solid = ~charts.sky
    texels = charts.area[solid]
    return np.bincount(charts.material[solid], weights=texels, minlength=materials).astype(np.int64)


def show(found: dict[str, Any], console: Console) -> None:
    """Print `inspect`'s figures as a table, with the problems below."""
    x, y, z = found["size_blocks"]
    atlas = found["atlas"]
    about = f": {x:g} × {z:g} blocks, {y:g} high, {found['voxels_per_block']} voxels a block"
    console.print(Text.assemble((escape_controls(found["scene"]), "bold"), about))
    table = Table(Column("material", overflow="fold"), Column("prompt", overflow="fold", ratio=1), box=box.SIMPLE_HEAD)
    for column in ("blocks", "voxels", "faces"):
        table.add_column(column, justify="right", no_wrap=True)  # prompts wrap, numbers never
    for material in found["materials"]:
        counts = (f"{material[column]:,}" for column in ("blocks", "voxels", "faces"))
        table.add_row(escape_controls(material["name"]), escape_controls(material["prompt"]), *counts)
    table.add_section()
    table.add_row("all", "", *(f"{found[column]:,}" for column in ("blocks", "voxels", "faces")))
    console.print(table)
    console.print(
        f"atlas: {atlas['charts']:,} charts, {atlas['texels']:,} texels (sky {atlas['sky_texels']:,}), "
        f"{atlas['pages']} pages of {atlas['page_texels']}², {atlas['filled']:.0%} filled"
    )
    for mesh in found["meshes"]:
        console.print(
            f"mesh {escape_controls(mesh['file'])}: {escape_controls(mesh['material'])}, {mesh['triangles']:,} triangles, "
            f"{mesh['texels']:,} texels, {mesh['texels_per_block']:g} a block, a texture of {mesh['texture']}²",
            highlight=False,
            soft_wrap=True,
        )
    console.print("paths: " + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in found["paths"].items()))
    for problem in found["problems"]:
        console.print(f"• {problem}", style="yellow")

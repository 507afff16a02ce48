"""materials.yaml: the prompts, heights and colours behind a map's colours, read with one clear sentence per mistake.

A file has `background: {prompt, negative_prompt, display}` and `materials:`, a list; `style: {prompt, negative_prompt, light}`,
`voxels_per_block`, `floor`, `ceiling` and `meshes`, a list, are optional. Heights are blocks above the ground plane. The layout is
that of raycast_diffusion's material files.
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from base.errors import InputError
from base.settings import MOST_CHARACTERS
from base.strict_yaml import read_yaml
from scenes.camera import Vector
from scenes.mesh import MeshPlace
from scenes.scene import NO_COLOUR, Background, Colour, Material, Scene
from scenes.style import LIGHTS, NO_STYLE, Style

MAX_MATERIALS = 254  # a map and a voxel are one byte; 0 is empty
MAX_HEIGHT = 256.0
MAX_BYTES = 1 << 20
FINENESS = range(1, 17)  # voxels per block
TOP_KEYS = ("background", "style", "materials", "voxels_per_block", "floor", "ceiling", "meshes")
MESH_KEYS = ("file", "material", "position", "rotation", "scale")
MAX_MESHES = 64  # each has a number beside the six sides of a block, in one byte
FARTHEST, MOST_SCALE = 10_000.0, 1000.0  # blocks from the origin; blocks for a unit of a mesh's file
BACKGROUND_KEYS = ("prompt", "negative_prompt", "display")
STYLE_KEYS = ("prompt", "negative_prompt", "light")
MATERIAL_KEYS = (
    "name", "source", "display", "prompt", "negative_prompt", "height", "start_height", "opacity",
    "material_over", "material_under",
)  # fmt: skip
PALETTE: tuple[Colour, ...] = (  # for materials that never stand on the map and name no display colour
    (139, 149, 128), (176, 156, 126), (120, 134, 152), (164, 122, 108), (150, 140, 160), (110, 142, 132),
)  # fmt: skip


@dataclass(frozen=True)
class MaterialFile:
    """What a materials.yaml says; `floor` and `ceiling` are names of its materials, or None."""

    background: Background
    materials: tuple[Material, ...]
    voxels_per_block: int | None = None
    floor: str | None = None
    ceiling: str | None = None
    style: Style = NO_STYLE
    meshes: tuple[MeshPlace, ...] = ()

    @staticmethod
    def of(scene: Scene) -> MaterialFile:
        """What the materials.yaml of a scene says."""
        places = tuple(mesh.place for mesh in scene.meshes)
        fields = scene.voxels_per_block, scene.floor, scene.ceiling, scene.style, places
        return MaterialFile(scene.background, scene.materials, *fields)


def read_materials(path: str | Path) -> MaterialFile:
    """Read a materials file. Raises InputError that names the file, the field and what is allowed."""
    return parse_materials(read_yaml(path, "a scene's materials, a short list in YAML", MAX_BYTES), path)


def parse_materials(data: object, where: str | Path) -> MaterialFile:
    """Check data that is parsed already, as `read_materials` does; `where` names it in errors."""
    top = _mapping(where, "", data, TOP_KEYS, "is not a mapping; it needs `background` and `materials`")
    ground = _mapping(where, "background", _require(where, top, "background", ""), BACKGROUND_KEYS)
    tint = ground.get("display")
    background = Background(
        *_prompts(where, ground, "background"),
        display=None if tint is None else _colour(where, tint, "background.display"),
    )
    entries = _require(where, top, "materials", "")
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_MATERIALS:
        raise InputError(where, "materials", f"must be a list of 1 to {MAX_MATERIALS} materials")
    materials = tuple(_material(where, i, entry) for i, entry in enumerate(entries))
    _refuse_twins(where, materials)
    _refuse_bad_stacks(where, materials)
    return MaterialFile(
        background=background,
        materials=materials,
        voxels_per_block=_voxels_per_block(where, top.get("voxels_per_block")),
        floor=check_material_name(materials, top.get("floor"), where, "floor"),
        ceiling=check_material_name(materials, top.get("ceiling"), where, "ceiling"),
        style=_style(where, top.get("style")),
        meshes=_meshes(where, top.get("meshes"), materials),
    )


def check_material_name(materials: tuple[Material, ...], name: object, where: object, field: str) -> str | None:
    """Return `name` if a material has it, None for None; else InputError with the nearest known name."""
    names = [m.name for m in materials]
    if name is not None and not isinstance(name, str):
        raise InputError(where, field, f"is {reprlib.repr(name)}; it must be the name of a material")
    if name is not None and name not in names:
        raise InputError(where, field, f"names the unknown material {reprlib.repr(name)}{_nearest(str(name), names)}")
    return None if name is None else str(name)


def check_voxels_per_block(where: object, field: str, value: object) -> int:
    """Return `value` if it is a whole number from 1 to 16, else InputError."""
    if isinstance(value, bool) or not isinstance(value, int) or value not in FINENESS:
        raise InputError(where, field, f"is {reprlib.repr(value)}; it is a whole number from 1 to {FINENESS[-1]}")
    return value


def to_yaml_data(file: MaterialFile) -> dict[str, Any]:
    """Return data that parse_materials reads back as the same MaterialFile; defaults are omitted."""
    ground: dict[str, Any] = {"prompt": file.background.prompt, "negative_prompt": file.background.negative_prompt}
    if file.background.display is not None:
        ground["display"] = list(file.background.display)
    top: dict[str, Any] = {
        "background": ground,
        "style": {key: getattr(file.style, key) for key in STYLE_KEYS if getattr(file.style, key)} or None,
        "voxels_per_block": file.voxels_per_block,
        "floor": file.floor,
        "ceiling": file.ceiling,
        "materials": [_entry(m) for m in file.materials],
        "meshes": [_mesh_entry(mesh) for mesh in file.meshes] or None,
    }
    return {key: value for key, value in top.items() if value is not None}


def check_style(style: Style, where: object, field: str = "style") -> Style:
    """Return the style with its texts trimmed. InputError, naming the field, for a light that there is none of."""
    if style.light not in ("", *LIGHTS):
        raise InputError(
            where, f"{field}.light", f"is {reprlib.repr(style.light)}; a light is one of {', '.join(LIGHTS)}"
        )
    return Style(style.prompt.strip(), style.negative_prompt.strip(), style.light)


def _style(where: object, data: object) -> Style:
    if data is None:
        return NO_STYLE
    texts = _mapping(where, "style", data, STYLE_KEYS)
    given = {
        key: _text(where, value, f"style.{key}") for key, value in texts.items() if value is not None and value != ""
    }
    return check_style(Style(**given), where)


def _entry(material: Material) -> dict[str, Any]:
    entry: dict[str, Any] = {key: getattr(material, key) for key in MATERIAL_KEYS}
    defaults = {
        "negative_prompt": "",
        "start_height": 0.0,
        "opacity": 1.0,
        "material_over": None,
        "material_under": None,
    }
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in entry.items()
        if key not in defaults or value != defaults[key]
    }


def _material(where: object, index: int, entry: object) -> Material:
    field = f"materials[{index}]"
    data = _mapping(where, field, entry, MATERIAL_KEYS)
    name = _text(where, _require(where, data, "name", field), f"{field}.name")
    source = _colour(where, _require(where, data, "source", field), f"{field}.source", never=True)
    display = data.get("display")
    default = PALETTE[index % len(PALETTE)] if source == NO_COLOUR else source
    prompt, negative = _prompts(where, data, field)
    height = _number(where, _require(where, data, "height", field), f"{field}.height", "a height", MAX_HEIGHT)
    start = data.get("start_height")
    start = _number(where, 0 if start is None else start, f"{field}.start_height", "a start height", MAX_HEIGHT)
    if start >= height and (start, height) != (0, 0):
        raise InputError(where, f"{field}.start_height", f"is {start:g}; it must be below the height, {height:g}")
    opacity = data.get("opacity")
    return Material(
        name=name,
        source=source,
        prompt=prompt,
        height=height,
        display=default if display is None else _colour(where, display, f"{field}.display"),
        negative_prompt=negative,
        start_height=start,
        opacity=1.0 if opacity is None else _number(where, opacity, f"{field}.opacity", "an opacity", 1.0, ""),
        material_over=_optional_text(where, data.get("material_over"), f"{field}.material_over"),
        material_under=_optional_text(where, data.get("material_under"), f"{field}.material_under"),
    )


def _meshes(where: object, data: object, materials: tuple[Material, ...]) -> tuple[MeshPlace, ...]:
    if data is None:
        return ()
    if not isinstance(data, list) or len(data) > MAX_MESHES:
        raise InputError(where, "meshes", f"must be a list of up to {MAX_MESHES} meshes")
    return tuple(_mesh(where, f"meshes[{index}]", entry, materials) for index, entry in enumerate(data))


def _mesh(where: object, field: str, entry: object, materials: tuple[Material, ...]) -> MeshPlace:
    data = _mapping(where, field, entry, MESH_KEYS)
    file = _text(where, _require(where, data, "file", field), f"{field}.file")
    if file != Path(file).name or file.startswith(".") or "\\" in file or ":" in file:
        problem = f"is {reprlib.repr(file)}; a mesh is a file in the scene's own folder, named without a folder"
        raise InputError(where, f"{field}.file", problem)
    material = check_material_name(materials, _require(where, data, "material", field), where, f"{field}.material")
    assert material is not None
    if next(m for m in materials if m.name == material).opacity < 1:
        raise InputError(where, f"{field}.material", f"{material!r} is see-through; a mesh needs an opaque material")
    scale = data.get("scale")
    return MeshPlace(
        file=file,
        material=material,
        position=_vector(where, data.get("position"), f"{field}.position", "blocks", FARTHEST),
        rotation=_vector(where, data.get("rotation"), f"{field}.rotation", "degrees", 360.0),
        scale=1.0 if scale is None else _scale(where, scale, f"{field}.scale"),
    )


def _vector(where: object, value: object, field: str, unit: str, most: float) -> Vector:
    if value is None:
        return (0.0, 0.0, 0.0)
    ok = isinstance(value, list | tuple) and len(value) == 3
    ok = ok and all(isinstance(c, int | float) and not isinstance(c, bool) and abs(c) <= most for c in value)  # type: ignore[union-attr]
    if not ok:
        problem = f"is {reprlib.repr(value)}; it is three numbers of {unit}, for x, y and z, from {-most:g} to {most:g}"
        raise InputError(where, field, problem)
    x, y, z = value  # type: ignore[misc]
    return float(x), float(y), float(z)


def _scale(where: object, value: object, field: str) -> float:
    scale = _number(where, value, field, "a scale", MOST_SCALE, "")
    if scale < 1 / MOST_SCALE:
        raise InputError(
            where, field, f"is {reprlib.repr(value)}; a scale is a number from {1 / MOST_SCALE:g} to {MOST_SCALE:g}"
        )
    return scale


def _mesh_entry(mesh: MeshPlace) -> dict[str, Any]:
    entry: dict[str, Any] = {"file": mesh.file, "material": mesh.material}
    moved = {"position": list(mesh.position), "rotation": list(mesh.rotation)}
    entry |= {key: value for key, value in moved.items() if any(value)}
    return entry if mesh.scale == 1 else entry | {"scale": mesh.scale}


def _refuse_twins(where: object, materials: tuple[Material, ...]) -> None:
    names: dict[str, int] = {}
    colours: dict[Colour, int] = {}
    for i, material in enumerate(materials):
        first = names.setdefault(material.name, i)
        if first != i:
            raise InputError(
                where, f"materials[{i}].name", f"{reprlib.repr(material.name)} is the name of materials[{first}] too"
            )
        first = i if material.source == NO_COLOUR else colours.setdefault(material.source, i)
        if first != i:
            problem = f"{list(material.source)} is the colour of materials[{first}] ({materials[first].name}) too"
            raise InputError(where, f"materials[{i}].source", f"{problem}; each material needs its own colour")


def _refuse_bad_stacks(where: object, materials: tuple[Material, ...]) -> None:
    """Over and under must name known materials and may not come back to a material already in the stack."""
    index = {m.name: i for i, m in enumerate(materials)}
    for i, material in enumerate(materials):
        for key in ("material_over", "material_under"):
            check_material_name(materials, getattr(material, key), where, f"materials[{i}].{key}")

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            cycle = " → ".join([*above[above.index(name) :], name])
            raise InputError(where, f"materials[{index[name]}]", f"stands over or under itself: {cycle}")
        if name not in done:
            material = materials[index[name]]
            for other in (material.material_over, material.material_under):
                if other is not None:
                    visit(other, (*above, name))
            done.add(name)

    done: set[str] = set()
    for material in materials:
        visit(material.name, ())


def _mapping(where: object, field: str, data: object, keys: tuple[str, ...], problem: str = "") -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise InputError(where, field, problem or f"must be a mapping with the keys {', '.join(keys)}")
    for key in data:
        if key not in keys:
            raise InputError(
                where, f"{field}.{key}" if field else str(key), f"is an unknown key{_nearest(str(key), keys)}"
            )
    return data


def _nearest(name: str, known: object) -> str:
    known = list(known)  # type: ignore[call-overload]
    close = difflib.get_close_matches(name[:100], known, n=1, cutoff=0.5)
    return f"; perhaps {close[0]!r} was meant" if close else f"; known are {', '.join(known)}"


def _require(where: object, data: Mapping[str, Any], key: str, field: str) -> Any:
    if data.get(key) is None:
        raise InputError(where, f"{field}.{key}" if field else key, "is missing")
    return data[key]


def _text(where: object, value: object, field: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InputError(where, field, f"is {reprlib.repr(value)}; it must be a text")
    if len(value) > MOST_CHARACTERS:
        raise InputError(where, field, f"has {len(value)} characters; a text has at most {MOST_CHARACTERS}")
    return value.strip()


def _optional_text(where: object, value: object, field: str) -> str | None:
    return None if value is None else _text(where, value, field)


def _prompts(where: object, data: Mapping[str, Any], field: str) -> tuple[str, str]:
    prompt = _text(where, _require(where, data, "prompt", field), f"{field}.prompt")
    negative = data.get("negative_prompt")
    if negative is None or negative == "":
        return prompt, ""
    return prompt, _text(where, negative, f"{field}.negative_prompt")


def _number(where: object, value: object, field: str, what: str, most: float, unit: str = " blocks") -> float:
    """A finite number from 0 to `most`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise InputError(
            where,
            field,
            f"is {reprlib.repr(value)}; {what} is a number{' of' + unit if unit else ''} from 0 to {most:g}",
        )
    return float(value)


def _colour(where: object, value: object, field: str, never: bool = False) -> Colour:
    ok = isinstance(value, list | tuple) and len(value) == 3
    ok = ok and all(isinstance(c, int) and not isinstance(c, bool) for c in value)  # type: ignore[union-attr]
    if ok and never and tuple(value) == NO_COLOUR:  # type: ignore[arg-type]
        return NO_COLOUR
    if not ok or not all(0 <= c <= 255 for c in value):  # type: ignore[union-attr]
        also = ", or [-1, -1, -1] for a material that is never on the map" if never else ""
        raise InputError(where, field, f"is {reprlib.repr(value)}; a colour is three whole numbers from 0 to 255{also}")
    red, green, blue = value  # type: ignore[misc]
    return red, green, blue


def _voxels_per_block(where: object, value: object) -> int | None:
    return None if value is None else check_voxels_per_block(where, "voxels_per_block", value)

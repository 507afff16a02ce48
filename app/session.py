"""The session: everything the user can set, as frozen dataclasses, for flags, panels and session files."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from app.fields import Size
from base.errors import InputError
from base.reading import read_json
from base.settings import from_json, option, to_json
from diffusion.loaders.options import LoadOptions
from diffusion.settings import DreamSettings
from scenes.scene import Scene
from scenes.style import LIGHTS

VERSION = 1
DAYLIGHT = 1.0
DAYLIGHT_HELP = "How much of the scene's sunlight, shade and haze is added to the paint; 0 shows the paint as dreamed."


@dataclass(frozen=True)
class SceneChoice:
    """Which scene: a built-in name, a folder, or a map with materials."""

    ref: str | None = option(
        None,
        "A built-in scene (hamlet, ruins, city) or a folder with map.png and materials.yaml.",
        positional=True,
        metavar="SCENE",
    )
    map: Path | None = option(None, "A picture to use as the floor plan instead of the scene's own.")
    materials: Path | None = option(None, "A materials file to use instead of the scene's own.")
    voxels_per_block: int | None = option(None, "Voxels along each side of a block.", range=(1, 16))
    floor: str | None = option(None, "Material of the ground where nothing stands.")
    ceiling: str | None = option(None, "Material of the ceiling over empty ground.")
    style: str | None = option(None, "Words added to the prompts of all materials and of the sky.", metavar="TEXT")
    style_negative: str | None = option(None, "Words added to all negative prompts.", metavar="TEXT")
    light: str = option(
        "scene",
        "Time of day or weather, added to all prompts that name none themselves; scene keeps the scene's own.",
        choices=("scene", "none", *LIGHTS),
    )


@dataclass(frozen=True)
class ModelChoice:
    """Which model paints, and where it runs."""

    ref: str | None = option(
        None,
        "A Stable Diffusion 1.x, 2.x or XL model: folder, .safetensors file or cached hub id. Default: the embedded model.",
        flag="model",
        metavar="MODEL",
    )
    device: str = option("auto", "Where the model runs: auto, cpu, cuda or mps.")
    lora: tuple[str, ...] = option(
        (),
        "LoRA files to apply to the model, each with an optional weight after a colon (default 1), "
        "and folders of files that <lora:NAME:WEIGHT> in a prompt names.",
        metavar="FILE[:WEIGHT]",
    )
    control: tuple[str, ...] = option(
        (),
        "ControlNets for a Stable Diffusion model, folders or .safetensors files. KIND is what they see of the scene: depth, "
        "normal, edges or segmentation; without it, the file's name decides.",
        metavar="[KIND=]FILE[:WEIGHT]",
    )
    ip_adapter: str | None = option(
        None,
        "An IP-Adapter for a Stable Diffusion model, a .safetensors file with the folder image_encoder beside it: "
        "prompts may then name style pictures.",
        metavar="FILE",
    )
    options: LoadOptions = field(default_factory=LoadOptions)


@dataclass(frozen=True)
class PaintSettings:
    """Which views are dreamed, and at what size."""

    coverage: float = option(
        0.95, "A view is dreamed until this share of it is painted as finely as the view allows.", range=(0.0, 1.0)
    )
    canvas: int = option(
        0,
        "Height of a dream in pixels; 0 chooses what suits the model. A dream has at most 4 million pixels.",
        range=(0, 2048),
    )
    sky: bool = option(True, "Paint the sky as a panorama; otherwise it stays unpainted.")
    around: float = option(
        0.125,
        "Margin of a dream beyond the view, as a share of the view, so that there is paint when you turn.",
        range=(0.0, 1.0),
    )


@dataclass(frozen=True)
class LiveSettings:
    """When the explorer dreams."""

    auto: bool = option(True, "Paint automatically.")
    rest: float = option(0.25, "Seconds without movement before a view is painted with all steps.", range=(0.0, 10.0))
    moving: bool = option(True, "Paint quick sketches while the camera moves.")
    moving_steps: int = option(0, "Diffusion steps of a sketch; 0 chooses what suits the model.", range=(0, 200))
    refine: bool = option(
        True,
        "Refine a finished view to the window's resolution, part by part, nearest surfaces first.",
        flag="refine-at-rest",
    )
    preview: str = option(
        "decoded",
        "Previews of a running dream: decoded by the model as often as time allows, or by a fast linear map.",
        choices=("decoded", "linear"),
    )
    abandon_angle: float = option(
        25.0, "Cancel the running dream when the camera turns by more than this many degrees.", range=(0.0, 180.0)
    )
    abandon_distance: float = option(
        3.0, "Cancel the running dream when the camera moves by more than this many blocks.", range=(0.0, 1000.0)
    )


@dataclass(frozen=True)
class ViewSettings:
    """How the explorer shows the scene and moves through it."""

    mode: str = option("painted", "Display mode.", table="engine.render.renderer:MODES")
    daylight: float = option(DAYLIGHT, DAYLIGHT_HELP, range=(0.0, 1.0))
    size: Size = option((1280, 720), "Window size.")
    fov: float = option(60.0, "Vertical field of view in degrees.", range=(20.0, 120.0))
    speed: float = option(4.0, "Movement speed in blocks per second.", range=(0.1, 100.0))
    sensitivity: float = option(0.15, "Degrees of camera rotation per pixel of mouse movement.", range=(0.01, 2.0))
    walk: bool = option(False, "Walk on the ground and stop at walls instead of flying.")
    frame_rate: int = option(60, "Maximum frames per second.", range=(5, 240))
    theme: str = option("dark", "Colours of the panels.", choices=("dark", "light"))
    motion: bool = option(True, "Animate the diagrams of the Network panel.")
    hints: bool = option(True, "Show explanations and remarks about dreams.")
    start_page: bool = option(True, "Show the start page when the program opens without a scene.")
    load_world: bool = option(True, "Load the scene's saved world when the scene opens.")


@dataclass(frozen=True)
class Session:
    """All settings. world: the file from which paint is loaded and to which it is saved, or None."""

    scene: SceneChoice = field(default_factory=SceneChoice)
    model: ModelChoice = field(default_factory=ModelChoice)
    dream: DreamSettings = field(default_factory=DreamSettings)
    paint: PaintSettings = field(default_factory=PaintSettings)
    live: LiveSettings = field(default_factory=LiveSettings)
    view: ViewSettings = field(default_factory=ViewSettings)
    world: Path | None = None


def open_scene(choice: SceneChoice) -> Scene:
    """The chosen scene, loaded. Raises InputError."""
    from scenes.load import BUILTIN, load_scene  # brings PyYAML and Pillow, which --help can do without

    scene = load_scene(
        choice.ref or BUILTIN[0],
        map=choice.map,
        materials=choice.materials,
        voxels_per_block=choice.voxels_per_block,
        floor=choice.floor,
        ceiling=choice.ceiling,
    )
    light = {"scene": None, "none": ""}.get(choice.light, choice.light)
    chosen = {"prompt": choice.style, "negative_prompt": choice.style_negative, "light": light}
    return replace(scene, style=replace(scene.style, **{k: v for k, v in chosen.items() if v is not None}))


def describe(session: Session, **made: object) -> dict[str, object]:
    """The session as JSON values, with its version: what files, pictures and videos carry. made: facts about this file."""
    return {"rayverie": VERSION, **to_json(session), **({"made": made} if made else {})}


def restore(data: object, where: str) -> tuple[Session, list[str]]:
    """(session, notes on what was left out) from `describe`'s values. where: the file they came from. Raises InputError."""
    if not isinstance(data, dict) or type(version := data.get("rayverie")) is not int:
        raise InputError(where, "", "is not a Rayverie session; a session has a number `rayverie`")
    if version > VERSION:
        raise InputError(
            where, "rayverie", f"is {version}, from a newer version of Rayverie; this one reads up to {VERSION}"
        )
    session, unknown = from_json(Session, {k: v for k, v in data.items() if k not in ("rayverie", "made")}, where)
    return session, [f"{where}: {place} is unknown to this version and was ignored." for place in unknown]


def load_session(path: Path) -> tuple[Session, list[str]]:
    """(session, notes on what was left out). Raises InputError when the file is missing or no session."""
    return restore(read_json(path, "a session, such as the JSON file next to a video", names=True), str(path))


def describe_paint_settings(session: Session) -> dict[str, object]:
    """Return the settings that a world file stores, as JSON values without paths of this machine."""
    picture = Path(session.dream.style_picture).name if session.dream.style_picture else ""
    return {"dream": to_json(replace(session.dream, style_picture=picture)), "paint": to_json(session.paint)}

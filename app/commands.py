"""The commands of the program and their flags: frozen dataclasses and one table. Imports neither torch nor GL."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from app.fields import Size
from app.picture_commands import (
    LESSON_STEPS,
    Compare,
    GalleryCommand,
    Generate,
    Latents,
    LessonCommand,
    Models,
    PromptsCommand,
)
from app.session import DAYLIGHT, DAYLIGHT_HELP, LiveSettings, ModelChoice, PaintSettings, SceneChoice, ViewSettings
from base.settings import option
from diffusion.loaders.embedded import read_defaults, read_few_steps, read_native_size
from diffusion.settings import DreamSettings
from diffusion.upscaling.embedded import MOST_FACTOR, UPSCALER_HELP

SETTINGS_HELP = "A session file, or the JSON file next to a video: its values are the defaults of all other flags."
NO_MODEL_HELP = "Load no model: show a painted world, with a fraction of the memory. Nothing is dreamed."


@dataclass(frozen=True)
class Explore:
    """Walk through a scene that is painted as you explore it (the default command)."""

    scene: SceneChoice = field(default_factory=SceneChoice)
    model: ModelChoice = field(default_factory=ModelChoice)
    dream: DreamSettings = field(default_factory=DreamSettings)
    paint: PaintSettings = field(default_factory=PaintSettings)
    live: LiveSettings = field(default_factory=LiveSettings)
    view: ViewSettings = field(default_factory=ViewSettings)
    world: Path | None = option(None, "World file: paint is loaded from it and saved to it.", output=True)
    no_model: bool = option(False, NO_MODEL_HELP)
    or_render: Path | None = option(
        None, "Without a display, render the scene's tour to this file instead.", output=True
    )
    settings: Path | None = option(None, SETTINGS_HELP, metavar="FILE")


@dataclass(frozen=True)
class CrewChoice:
    """Workers: this process alone, or several."""

    workers: int | None = option(
        None,
        "Number of workers that dream at the same time: processes on this machine, each with one core or a share of a graphics card; "
        "with --cluster, processes on the cluster. It does not change what is painted.",
        range=(1, 4096),
    )
    cluster: str | None = option(
        None,
        "Dream on this Ray cluster, which this machine must have joined; by default with a worker for each of its graphics cards.",
        metavar="HOST:PORT",
    )


@dataclass(frozen=True)
class Render:
    """Render a camera path to a video, painting what it shows."""

    scene: SceneChoice = field(default_factory=SceneChoice)
    model: ModelChoice = field(default_factory=ModelChoice)
    dream: DreamSettings = field(default_factory=DreamSettings)
    paint: PaintSettings = field(default_factory=PaintSettings)
    crew: CrewChoice = field(default_factory=CrewChoice)
    path: str = option(
        "orbit",
        "A path of the scene (orbit, walk, tour, …), front, or a file: camera_path.json or an Open3D trajectory.",
        metavar="NAME|FILE",
    )
    zoom: float = option(1.0, "Focal length of all cameras, as a multiple of the path's own.", range=(0.1, 20.0))
    angle: float = option(0.0, "Degrees by which all cameras are turned around the scene's centre.", range=(-360, 360))
    look_at: str = option("", "A point that all cameras look at, in blocks: x,y,z.", metavar="X,Y,Z")
    out: Path = option(
        Path("out/render.mp4"),
        "A video (.mp4, .webm, .mkv, .gif), or a folder of PNGs if the name has no suffix.",
        output=True,
    )
    size: Size = option((640, 360), "Frame size.")
    fps: float = option(24.0, "Frames per second.", range=(1.0, 240.0))
    frames: int | None = option(None, "Number of frames to render. Default: the whole path.", range=(1, 1_000_000))
    mode: str = option("painted", "Display mode.", table="engine.render.renderer:MODES")
    daylight: float = option(DAYLIGHT, DAYLIGHT_HELP, range=(0.0, 1.0))
    quality: str = option(
        "normal",
        "How finely surfaces are painted before the first frame is drawn: at the frames' resolution (normal), at twice that (fine), or "
        "not at all (draft): frames are then painted one after the other, and drawn without smooth edges. A Stable Diffusion model "
        "always paints so; fine refines each frame.",
        table="app.loop.surface_painting:QUALITY",
    )
    upscale: int = option(1, "Enlarge drawn frames this many times with an upscaling network.", range=(1, MOST_FACTOR))
    upscaler: Path | None = option(None, UPSCALER_HELP, metavar="FILE")
    world: Path | None = option(None, "World file: paint is loaded from it if it exists, and saved to it.", output=True)
    no_model: bool = option(False, NO_MODEL_HELP)
    settings: Path | None = option(None, SETTINGS_HELP, metavar="FILE")


@dataclass(frozen=True)
class Dream:
    """Paint a whole scene without a window into a world file."""

    scene: SceneChoice = field(default_factory=SceneChoice)
    model: ModelChoice = field(default_factory=ModelChoice)
    dream: DreamSettings = field(default_factory=DreamSettings)
    paint: PaintSettings = field(default_factory=PaintSettings)
    crew: CrewChoice = field(default_factory=CrewChoice)
    until: float = option(0.95, "Stop when this share of the surfaces is finished.", range=(0.0, 1.0))
    views: int = option(1000, "Stop after this many dreams.", range=(1, 1_000_000))
    world: Path = option(Path("out/painted.world"), "World file to write; loaded first if it exists.", output=True)
    settings: Path | None = option(None, SETTINGS_HELP, metavar="FILE")


@dataclass(frozen=True)
class Export:
    """Write a painted world as one GLB file for other programs, or as a web page to walk in."""

    world: Path | None = option(None, "The world file.", positional=True, metavar="WORLD")
    scene: SceneChoice = field(default_factory=SceneChoice)
    out: Path | None = option(
        None, "The GLB file to write; without it, --html and --mesh-textures, out/NAME.glb.", output=True
    )
    html: Path | None = option(
        None, "The folder to write a web page to; open its index.html.", metavar="DIR", output=True
    )
    mesh_textures: Path | None = option(
        None,
        "The folder to write the painted texture of each mesh to, a PNG that fits the mesh's own texture coordinates.",
        metavar="DIR",
        output=True,
    )
    textures: str = option(
        "png",
        "Format of the GLB's textures: png is exact and read by every program, webp takes a fraction of the space, ktx2 (extra "
        "`ktx2`) a fraction of a graphics card's memory.",
        table="engine.export.textures:FORMATS",
    )
    upscale: int = option(
        1, "Enlarge painted textures this many times with an upscaling network.", range=(1, MOST_FACTOR)
    )
    upscaler: Path | None = option(None, UPSCALER_HELP, metavar="FILE")
    settings: Path | None = option(None, SETTINGS_HELP, metavar="FILE")


@dataclass(frozen=True)
class Serve:
    """Serve pictures and worlds over HTTP: a page for browsers, a REST API, and A1111's API for its clients."""

    model: ModelChoice = field(default_factory=ModelChoice)
    host: str = option(
        "127.0.0.1", "Address to listen at. Any but a loopback address needs a token.", metavar="ADDRESS"
    )
    port: int = option(7860, "Port to listen at; 0 takes a free one.", range=(0, 65535))
    token: str = option(
        "", "Token that clients must send. Default: a random one, unless the address is a loopback address."
    )
    allow_host: tuple[str, ...] = option(
        (), "Host names that requests may use, besides localhost and numeric addresses.", metavar="NAME"
    )
    folder: Path | None = option(
        None, "Folder for scenes and worlds that clients make. Default: one in the user's data folder.", output=True
    )
    jobs: int = option(16, "Number of jobs that may wait or run; more are refused.", range=(1, 1000))


@dataclass(frozen=True)
class Mcp:
    """Offer pictures and worlds to one program over stdin and stdout, as tools of the Model Context Protocol."""

    model: ModelChoice = field(default_factory=ModelChoice)
    folder: Path | None = option(
        None, "Folder for scenes and worlds that the client makes. Default: that of `rayverie serve`.", output=True
    )
    jobs: int = option(16, "Number of jobs that may wait or run; more are refused.", range=(1, 1000))


@dataclass(frozen=True)
class Web:
    """Walk through a scene in browsers, each with its own camera, while it is painted on this machine."""

    scene: SceneChoice = field(default_factory=SceneChoice)
    model: ModelChoice = field(default_factory=ModelChoice)
    dream: DreamSettings = field(default_factory=DreamSettings)
    paint: PaintSettings = field(default_factory=PaintSettings)
    live: LiveSettings = field(default_factory=LiveSettings)
    size: Size = option((1280, 720), "Largest picture that is sent to a browser.")
    fov: float = option(60.0, "Vertical field of view in degrees.", range=(20.0, 120.0))
    daylight: float = option(DAYLIGHT, DAYLIGHT_HELP, range=(0.0, 1.0))
    jpeg: int = option(85, "Quality of the pictures that are sent.", range=(10, 100))
    visitors: int = option(8, "Maximum number of browsers at a time.", range=(1, 64))
    world: Path | None = option(
        None,
        "World file: paint is loaded from it if it exists, and saved to it. Default: the scene's own, as in the window.",
        output=True,
    )
    host: str = option(
        "127.0.0.1", "Address to listen at. Any but a loopback address needs a token.", metavar="ADDRESS"
    )
    port: int = option(8080, "Port to listen at; 0 takes a free one.", range=(0, 65535))
    token: str = option(
        "", "Token that browsers must send. Default: a random one, unless the address is a loopback address."
    )
    allow_host: tuple[str, ...] = option(
        (), "Host names that requests may use, besides localhost and numeric addresses.", metavar="NAME"
    )
    settings: Path | None = option(None, SETTINGS_HELP, metavar="FILE")


@dataclass(frozen=True)
class Import:
    """Make a scene of a MagicaVoxel model (.vox), a block for each voxel and a material for each colour, or of a mesh with texture
    coordinates (.glb, .obj). Or make presets of raycast_diffusion's profiles (.yaml)."""

    model: Path | None = option(None, "The .vox, .glb, .obj or .yaml file.", positional=True, metavar="FILE")
    out: Path | None = option(
        None,
        "Folder of the scene, which must be new or empty. Default: out/NAME. Folder of presets; default: the Sampler panel's.",
        metavar="DIR",
        output=True,
    )
    margin: int = option(8, "Blocks of ground around the model.", range=(0, 256))
    ground: str = option("green grass", "Prompt of the ground; empty for no ground.", metavar="TEXT")
    size: float = option(4.0, "Blocks along the longest side of a mesh.", range=(0.1, 256.0))
    prompt: str = option("", "Prompt of a mesh. Default: its file's name.", metavar="TEXT")


@dataclass(frozen=True)
class Inspect:
    """List what a scene consists of, and its problems."""

    scene: SceneChoice = field(default_factory=SceneChoice)
    json: bool = option(False, "Print JSON.")
    settings: Path | None = option(None, SETTINGS_HELP, metavar="FILE")


@dataclass(frozen=True)
class Bench:
    """Measure this machine: start-up, frames, gather and scatter, dreams and revisits; persistence on request."""

    only: tuple[str, ...] = option(
        (),
        "Measurements to run. Default: the quick ones.",
        table="app.bench:MEASUREMENTS",
        positional=True,
        metavar="NAME",
    )
    scene: str | None = option(None, "Scene to measure in.", metavar="SCENE")
    model: ModelChoice = field(default_factory=ModelChoice)
    dream: DreamSettings = field(default_factory=DreamSettings)
    quick: bool = option(False, "Run only a few small cases, to check that it works.")
    json: bool = option(False, "Print JSON.")
    out: Path | None = option(None, "Also write the JSON to this file.", output=True)
    scenes: tuple[str, ...] = option(
        (), "For consistency and look: built-in scenes, scene folders or unseen-N.", metavar="NAME"
    )
    views: int = option(
        48,
        "For consistency: number of views per path. For look: frames of each film that are counted.",
        range=(3, 1000),
    )
    revisits: int = option(50, "For consistency: number of revisits while drift is measured.", range=(0, 1000))
    budget: int | None = option(
        None, "For consistency: model calls per method and path. Default: as many as single pictures take."
    )
    methods: tuple[str, ...] = option(
        (),
        "For consistency: measure only these methods.",
        table="app.bench.consistency.methods:METHODS",
        metavar="METHOD",
    )
    notes: Path | None = option(
        None,
        "For consistency and look: save each walk to this folder when it is measured, and reuse walks measured with the same settings.",
        output=True,
    )
    pictures: Path | None = option(
        None, "For consistency and look: save pictures of the walks to this folder.", output=True
    )
    seconds: float = option(
        600.0, "For soak: seconds that the random user plays; --seed also seeds it.", range=(1.0, 1e6)
    )


@dataclass(frozen=True)
class Train:
    """Train a small latent diffusion model, part by part, on procedural pictures (see docs/training.md)."""

    what: str = option(
        "",
        "What to train or evaluate.",
        table="diffusion.training.__main__:COMMANDS",
        positional=True,
        metavar="COMMAND",
    )
    config: Path | None = option(None, "A YAML file, or the name of a built-in one.", positional=True, metavar="CONFIG")
    overrides: tuple[str, ...] = option((), "Values that override the file's.", positional=True, metavar="KEY=VALUE")


@dataclass(frozen=True)
class Command:
    """flags: the dataclass above; run: "module:function" (flags → exit code), imported when it is run."""

    flags: type
    run: str


COMMANDS = {
    "explore": Command(Explore, "app.cli.explore:run"),
    "render": Command(Render, "app.cli.render:run"),
    "dream": Command(Dream, "app.cli.dream:run"),
    "export": Command(Export, "app.cli.export:run"),
    "generate": Command(Generate, "app.cli.generate:run"),
    "prompts": Command(PromptsCommand, "app.cli.prompts:run"),
    "gallery": Command(GalleryCommand, "app.cli.gallery:run"),
    "compare": Command(Compare, "app.cli.compare:run"),
    "lesson": Command(LessonCommand, "app.cli.lesson:run"),
    "serve": Command(Serve, "app.server.command:run"),
    "mcp": Command(Mcp, "app.mcp.command:run"),
    "web": Command(Web, "app.web.command:run"),
    "latents": Command(Latents, "app.cli.latents:run"),
    "models": Command(Models, "app.cli.models:run"),
    "import": Command(Import, "app.cli.import_model:run"),
    "inspect": Command(Inspect, "app.cli.inspect:run"),
    "bench": Command(Bench, "app.bench:run"),
    "train": Command(Train, "app.cli.train:run"),
}
DEFAULT = "explore"


def suit_to_model(settings: Any, model: str | None, changed: bool = False) -> Any:
    """A command's defaults for a model: pictures of its own size, the dream settings that suit it, and as many steps as its
    few-step network needs, where it has one.

    changed: whether LoRAs change the model.
    """
    few, side, found = read_few_steps(model, changed), read_native_size(model), read_defaults(model)
    if few:
        found |= {"steps": few}
    if isinstance(settings, LessonCommand | Compare) and not few:
        found |= {"steps": max(LESSON_STEPS, found.get("steps", 0))}
    if isinstance(settings, Generate | Compare) and side:
        settings = replace(settings, picture=replace(settings.picture, size=(side, side)))
    if isinstance(settings, Generate | Compare):
        return replace(settings, picture=replace(settings.picture, dream=replace(settings.picture.dream, **found)))
    if isinstance(settings, LessonCommand):
        settings = replace(settings, size=(side, side) if side else settings.size)
    if any(f.name == "dream" for f in fields(settings)) and isinstance(settings.dream, DreamSettings):
        return replace(settings, dream=replace(settings.dream, **found))
    return settings

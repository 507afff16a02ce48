"""The commands of the program and their flags: frozen dataclasses and one table. Imports neither torch nor GL."""

# ruff: noqa: RUF009 (_help returns a dataclasses.field)
from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from app.fields import Size
from app.session import DAYLIGHT, IN_DAYLIGHT, LiveSettings, ModelChoice, PaintSettings, SceneChoice, ViewSettings
from diffusion.canvas import DreamSettings
from diffusion.loaders.embedded import few_steps, native
from diffusion.text2image.recipe import GenerateSettings


def _help(text: str, default: Any, **more: Any) -> Any:
    return field(default=default, metadata={"help": text, **more})


@dataclass(frozen=True)
class Explore:
    """Walk through a scene that is painted while you walk (the default command)."""

    scene: SceneChoice = field(default_factory=SceneChoice)
    model: ModelChoice = field(default_factory=ModelChoice)
    dream: DreamSettings = field(default_factory=DreamSettings)
    paint: PaintSettings = field(default_factory=PaintSettings)
    live: LiveSettings = field(default_factory=LiveSettings)
    view: ViewSettings = field(default_factory=ViewSettings)
    world: Path | None = _help("What was painted: loaded from here, and saved here.", None)
    or_render: Path | None = _help("Where there is no display, render the scene's tour to this file instead.", None)


@dataclass(frozen=True)
class Render:
    """Render a camera path to a video, dreaming what it comes to see."""

    scene: SceneChoice = field(default_factory=SceneChoice)
    model: ModelChoice = field(default_factory=ModelChoice)
    dream: DreamSettings = field(default_factory=DreamSettings)
    paint: PaintSettings = field(default_factory=PaintSettings)
    path: str = _help("A path of the scene (orbit, walk, tour, …) or a camera_path.json.", "orbit", metavar="NAME|FILE")
    out: Path = _help("A video (.mp4, .webm, .mkv, .gif) or, without suffix, a folder of PNGs.", Path("out/render.mp4"))
    size: Size = _help("Size of a frame.", (640, 360))
    fps: float = _help("Frames a second.", 24.0, range=(1.0, 240.0))
    frames: int | None = _help("Frames to render; without it the whole path.", None, range=(1, 1_000_000))
    mode: str = _help("What is shown.", "painted", table="engine.render.renderer:MODES")
    daylight: float = field(default=DAYLIGHT, metadata=IN_DAYLIGHT)
    world: Path | None = _help("What was painted: loaded from here if it exists, and saved here.", None)


@dataclass(frozen=True)
class Dream:
    """Dream a whole scene without a window, view by view, into a world file."""

    scene: SceneChoice = field(default_factory=SceneChoice)
    model: ModelChoice = field(default_factory=ModelChoice)
    dream: DreamSettings = field(default_factory=DreamSettings)
    paint: PaintSettings = field(default_factory=PaintSettings)
    until: float = _help("Stop when this share of what can be seen is finished.", 0.95, range=(0.0, 1.0))
    views: int = _help("Stop after this many views at the latest.", 1000, range=(1, 1_000_000))
    world: Path = _help("Where what is painted is kept; loaded first if it exists.", Path("out/painted.world"))


@dataclass(frozen=True)
class Export:
    """Write a painted world as one GLB file for other programs, or as a web page to walk in."""

    world: Path | None = _help("The world file.", None, positional=True, metavar="WORLD")
    scene: SceneChoice = field(default_factory=SceneChoice)
    out: Path | None = _help("The GLB file to write; without it and --html, out/NAME.glb.", None)
    html: Path | None = _help("The folder to write a web page to; open its index.html.", None, metavar="DIR")
    textures: str = _help(
        "How the GLB stores its textures: png is exact and read by every program, webp takes a fraction of the room.",
        "png",
        table="engine.export.textures:FORMATS",
    )


@dataclass(frozen=True)
class Generate:
    """Make one picture from a prompt; the PNG carries all its settings."""

    picture: GenerateSettings = field(default_factory=GenerateSettings)
    model: ModelChoice = field(default_factory=ModelChoice)
    out: Path = _help("The PNG to write.", Path("out/picture.png"))
    steps_out: Path | None = _help("A folder for the prediction of every step, as PNGs.", None)
    inside: Path | None = _help(
        "A folder for the network at its last step as PNGs: in space, what its blocks make of it, where each word is heard.",
        None,
    )
    match: int = _help("Dream one of so many captions nearest to the prompt instead of the prompt.", 0, range=(0, 100))
    match_temperature: float = _help("How freely one of them is drawn; 0 takes the nearest.", 0.0, range=(0.0, 1.0))
    source: Path | None = _help("A PNG from here: its settings hold where no flag says otherwise.", None, flag="from")


@dataclass(frozen=True)
class Inspect:
    """Say what a scene consists of, and what is wrong with it."""

    scene: SceneChoice = field(default_factory=SceneChoice)
    json: bool = _help("As JSON.", False)


@dataclass(frozen=True)
class Bench:
    """Measure this machine: frames, gather and scatter, dreams, revisits, start-up; and, when asked, persistence."""

    only: tuple[str, ...] = field(
        default=(),
        metadata={
            "help": "Which measurements; the quick ones when none is named.",
            "table": "app.bench:MEASUREMENTS",
            "positional": True,
            "metavar": "NAME",
        },
    )
    scene: str | None = _help("The scene to measure in.", None, metavar="SCENE")
    model: ModelChoice = field(default_factory=ModelChoice)
    dream: DreamSettings = field(default_factory=DreamSettings)
    quick: bool = _help("A few small cases, to see that it works.", False)
    json: bool = _help("As JSON.", False)
    out: Path | None = _help("Write the JSON to this file, too.", None)
    scenes: tuple[str, ...] = _help("Of consistency: built-in scenes, scene folders or unseen-N.", (), metavar="NAME")
    views: int = _help("Of consistency: views of each path.", 48, range=(3, 1000))
    revisits: int = _help("Of consistency: how often one comes back while drift is measured.", 50, range=(0, 1000))
    budget: int | None = _help(
        "Of consistency: model calls of a method on a path; else what single pictures take.", None
    )
    methods: tuple[str, ...] = _help(
        "Of consistency: only these methods.", (), table="app.bench.consistency.methods:METHODS", metavar="METHOD"
    )
    notes: Path | None = _help(
        "Of consistency: keep each walk in this folder as soon as it is measured; what is there on the same terms is not measured again.",
        None,
    )
    pictures: Path | None = _help("Of consistency: save pictures of the walks to this folder.", None)
    seconds: float = _help("Of soak: how long the monkey plays; --seed is its seed, too.", 600.0, range=(1.0, 1e6))


@dataclass(frozen=True)
class Train:
    """Train a small latent diffusion model, part by part, on pictures of its own (see docs/training.md)."""

    what: str = field(
        default="",
        metadata={
            "help": "What to do.",
            "table": "diffusion.training.__main__:COMMANDS",
            "positional": True,
            "metavar": "COMMAND",
        },
    )
    config: Path | None = field(
        default=None,
        metadata={"help": "A YAML file, or the name of a shipped one.", "positional": True, "metavar": "CONFIG"},
    )
    overrides: tuple[str, ...] = field(
        default=(), metadata={"help": "Values that replace the file's.", "positional": True, "metavar": "KEY=VALUE"}
    )


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
    "inspect": Command(Inspect, "app.cli.inspect:run"),
    "bench": Command(Bench, "app.bench:run"),
    "train": Command(Train, "app.cli.train:run"),
}
DEFAULT = "explore"


def suited(settings: Any, model: str | None, changed: bool = False) -> Any:
    """A command's defaults for a model: pictures of its own size, and as many steps as its few-step network needs, where it has one.

    changed: whether LoRAs change the model.
    """
    few, side = few_steps(model, changed), native(model)
    if isinstance(settings, Generate) and side:
        settings = replace(settings, picture=replace(settings.picture, size=(side, side)))
    if not few:
        return settings
    if isinstance(settings, Generate):
        return replace(settings, picture=replace(settings.picture, dream=replace(settings.picture.dream, steps=few)))
    if any(f.name == "dream" for f in fields(settings)) and isinstance(settings.dream, DreamSettings):
        return replace(settings, dream=replace(settings.dream, steps=few))
    return settings

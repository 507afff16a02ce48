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
    """Walk through a scene that is painted as you explore it (the default command)."""

    scene: SceneChoice = field(default_factory=SceneChoice)
    model: ModelChoice = field(default_factory=ModelChoice)
    dream: DreamSettings = field(default_factory=DreamSettings)
    paint: PaintSettings = field(default_factory=PaintSettings)
    live: LiveSettings = field(default_factory=LiveSettings)
    view: ViewSettings = field(default_factory=ViewSettings)
    world: Path | None = _help("World file: paint is loaded from it and saved to it.", None)
    or_render: Path | None = _help("Without a display, render the scene's tour to this file instead.", None)


@dataclass(frozen=True)
class Render:
    """Render a camera path to a video, painting what it shows."""

    scene: SceneChoice = field(default_factory=SceneChoice)
    model: ModelChoice = field(default_factory=ModelChoice)
    dream: DreamSettings = field(default_factory=DreamSettings)
    paint: PaintSettings = field(default_factory=PaintSettings)
    path: str = _help(
        "A path of the scene (orbit, walk, tour, …) or a camera_path.json file.", "orbit", metavar="NAME|FILE"
    )
    out: Path = _help(
        "A video (.mp4, .webm, .mkv, .gif), or a folder of PNGs if the name has no suffix.", Path("out/render.mp4")
    )
    size: Size = _help("Frame size.", (640, 360))
    fps: float = _help("Frames per second.", 24.0, range=(1.0, 240.0))
    frames: int | None = _help("Number of frames to render. Default: the whole path.", None, range=(1, 1_000_000))
    mode: str = _help("What to show.", "painted", table="engine.render.renderer:MODES")
    daylight: float = field(default=DAYLIGHT, metadata=IN_DAYLIGHT)
    world: Path | None = _help("World file: paint is loaded from it if it exists, and saved to it.", None)


@dataclass(frozen=True)
class Dream:
    """Paint a whole scene without a window, view by view, into a world file."""

    scene: SceneChoice = field(default_factory=SceneChoice)
    model: ModelChoice = field(default_factory=ModelChoice)
    dream: DreamSettings = field(default_factory=DreamSettings)
    paint: PaintSettings = field(default_factory=PaintSettings)
    until: float = _help("Stop when this share of the visible surfaces is finished.", 0.95, range=(0.0, 1.0))
    views: int = _help("Stop after this many views.", 1000, range=(1, 1_000_000))
    world: Path = _help("World file to write; loaded first if it exists.", Path("out/painted.world"))


@dataclass(frozen=True)
class Generate:
    """Generate one picture from a prompt. The PNG stores all its settings."""

    picture: GenerateSettings = field(default_factory=GenerateSettings)
    model: ModelChoice = field(default_factory=ModelChoice)
    out: Path = _help("PNG file to write.", Path("out/picture.png"))
    steps_out: Path | None = _help("Folder for the prediction of every step, as PNGs.", None)
    inside: Path | None = _help(
        "Folder for pictures of the network at its last step: a 3D diagram, block outputs and attention per word.",
        None,
    )
    match: int = _help(
        "Use one of this many captions nearest to the prompt instead of the prompt; 0 is off.", 0, range=(0, 100)
    )
    match_temperature: float = _help("How randomly the caption is chosen; 0 takes the nearest.", 0.0, range=(0.0, 1.0))
    source: Path | None = _help(
        "A PNG made by `generate`: its settings are the defaults of all other flags.", None, flag="from"
    )


@dataclass(frozen=True)
class Inspect:
    """List what a scene consists of, and its problems."""

    scene: SceneChoice = field(default_factory=SceneChoice)
    json: bool = _help("Print JSON.", False)


@dataclass(frozen=True)
class Bench:
    """Measure this machine: start-up, frames, gather and scatter, dreams and revisits; persistence on request."""

    only: tuple[str, ...] = field(
        default=(),
        metadata={
            "help": "Measurements to run. Default: the quick ones.",
            "table": "app.bench:MEASUREMENTS",
            "positional": True,
            "metavar": "NAME",
        },
    )
    scene: str | None = _help("Scene to measure in.", None, metavar="SCENE")
    model: ModelChoice = field(default_factory=ModelChoice)
    dream: DreamSettings = field(default_factory=DreamSettings)
    quick: bool = _help("Run only a few small cases, to check that it works.", False)
    json: bool = _help("Print JSON.", False)
    out: Path | None = _help("Also write the JSON to this file.", None)
    scenes: tuple[str, ...] = _help("For consistency: built-in scenes, scene folders or unseen-N.", (), metavar="NAME")
    views: int = _help("For consistency: number of views per path.", 48, range=(3, 1000))
    revisits: int = _help("For consistency: number of revisits while drift is measured.", 50, range=(0, 1000))
    budget: int | None = _help(
        "For consistency: model calls per method and path. Default: as many as single pictures take.", None
    )
    methods: tuple[str, ...] = _help(
        "For consistency: measure only these methods.",
        (),
        table="app.bench.consistency.methods:METHODS",
        metavar="METHOD",
    )
    notes: Path | None = _help(
        "For consistency: save each walk to this folder when it is measured, and reuse walks measured with the same settings.",
        None,
    )
    pictures: Path | None = _help("For consistency: save pictures of the walks to this folder.", None)
    seconds: float = _help(
        "For soak: seconds that the random user plays; --seed also seeds it.", 600.0, range=(1.0, 1e6)
    )


@dataclass(frozen=True)
class Train:
    """Train a small latent diffusion model, part by part, on procedural pictures (see docs/training.md)."""

    what: str = field(
        default="",
        metadata={
            "help": "What to train or evaluate.",
            "table": "diffusion.training.__main__:COMMANDS",
            "positional": True,
            "metavar": "COMMAND",
        },
    )
    config: Path | None = field(
        default=None,
        metadata={"help": "A YAML file, or the name of a built-in one.", "positional": True, "metavar": "CONFIG"},
    )
    overrides: tuple[str, ...] = field(
        default=(), metadata={"help": "Values that override the file's.", "positional": True, "metavar": "KEY=VALUE"}
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

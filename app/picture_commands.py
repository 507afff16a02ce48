"""The commands about single pictures, prompts, lessons and models, and their flags: frozen dataclasses. Imports neither torch nor GL."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from app.fields import Size
from app.session import ModelChoice
from base.settings import option
from diffusion.settings import DreamSettings
from diffusion.text2image.recipe import GenerateSettings
from diffusion.upscaling.embedded import MOST_FACTOR

LESSON_STEPS = 12  # of a lesson or a comparison, at least: fewer hide when something happens


@dataclass(frozen=True)
class Generate:
    """Generate one picture from a prompt. The PNG stores all its settings."""

    picture: GenerateSettings = field(default_factory=GenerateSettings)
    model: ModelChoice = field(default_factory=ModelChoice)
    out: Path = option(
        Path("out/picture.png"),
        "PNG file to write; with --count or --seeds, the folder of this name without .png.",
        output=True,
    )
    count: int = option(1, "Number of pictures, with consecutive seeds.", range=(1, 1000))
    seeds: str = option("", "Seeds of several pictures, separated by commas.", metavar="N,N,…")
    gallery: bool = option(
        False, "Also keep the pictures in the gallery; see `rayverie gallery`.", label="Keep in the gallery"
    )
    together: int = option(
        1,
        "Number of pictures of --count or --seeds per model call: faster on a GPU. Pixels may differ by "
        "rounding from those made one by one.",
        range=(1, 64),
    )
    steps_out: Path | None = option(None, "Folder for the prediction of every step, as PNGs.", output=True)
    inside: Path | None = option(
        None,
        "Folder for pictures of the network at its last step: a 3D diagram, block outputs and attention per word.",
        output=True,
    )
    match: int = option(
        0, "Use one of this many captions nearest to the prompt instead of the prompt; 0 is off.", range=(0, 100)
    )
    match_temperature: float = option(0.0, "How randomly the caption is chosen; 0 takes the nearest.", range=(0.0, 1.0))
    bank: Path | None = option(
        None,
        "For --match: your own captions, as for `rayverie prompts --bank`. Default: the model's training captions, "
        "if it has them, else the embedded model's.",
        metavar="FILE",
    )
    unsample: Path | None = option(
        None,
        "Noise this picture instead of generating one: write its latents at each step's noise level to the folder --out.",
    )
    source: Path | None = option(
        None, "A PNG made by `generate`: its settings are the defaults of all other flags.", flag="from"
    )


@dataclass(frozen=True)
class PromptsCommand:
    """Draw random prompts, find the known captions nearest to a prompt, and make banks of your own."""

    action: str = option("", "What to do.", table="app.cli.prompts:ACTIONS", positional=True, metavar="ACTION")
    words: tuple[str, ...] = option((), "For match: the prompt.", positional=True, metavar="PROMPT")
    bank: Path | None = option(
        None,
        "A text file with one prompt on each line, a folder of captions (.txt files or metadata.jsonl), or a .safetensors bank. "
        "Default: what the embedded model was trained on.",
        metavar="FILE",
    )
    near: str = option("", "For random: prefer prompts like this one.", metavar="TEXT")
    temperature: float = option(
        0.0,
        "For random with --near: 0 takes the nearest prompts, 0.03 stays close, above 0.1 nearly any prompt is drawn.",
        range=(0.0, 10.0),
    )
    category: tuple[str, ...] = option(
        (),
        "For random: materials and moods that every prompt must name; see `rayverie prompts categories`.",
        metavar="NAME",
    )
    count: int = option(8, "Number of prompts or captions.", range=(1, 1000))
    seed: int = option(0, "For random: the same seed draws the same prompts.", range=(0, 2**31 - 1))
    out: Path | None = option(None, "For save: the .safetensors bank to write, which opens quickly.", output=True)
    json: bool = option(False, "Print JSON.")


@dataclass(frozen=True)
class GalleryCommand:
    """List, search, pin, enlarge, delete and export the pictures that were kept in the gallery."""

    action: str = option("", "What to do.", table="app.cli.gallery:ACTIONS", positional=True, metavar="ACTION")
    words: tuple[str, ...] = option(
        (),
        "Names of pictures, unique parts of names, or ranges of names, A..B; for search, words of the prompt.",
        positional=True,
        metavar="NAME",
    )
    search: str | None = option(
        None, "Only pictures that have all these words in their prompts. Without names, all of them.", metavar="WORDS"
    )
    pinned: bool = option(False, "Only pinned pictures. Without names, all of them.")
    out: Path | None = option(
        None, "For export: a folder, or a .png file for one picture. Default: out/gallery.", output=True
    )
    upscale: int = option(2, "For upscale: enlargement along each side.", range=(2, MOST_FACTOR))
    upscaler: Path | None = option(None, "For upscale: a .safetensors file. Default: the embedded one.", metavar="FILE")
    json: bool = option(False, "Print lists as JSON.")
    folder: Path | None = option(
        None, "The gallery's folder. Default: the one in the user's data folder, which the window shows.", output=True
    )


@dataclass(frozen=True)
class Compare:
    """Generate one picture twice with one or more differences, and show step by step where the runs diverge."""

    picture: GenerateSettings = field(default_factory=GenerateSettings)
    model: ModelChoice = field(default_factory=ModelChoice)
    other_prompt: str | None = option(None, "Prompt of the second run.", metavar="PROMPT")
    other_negative: str | None = option(None, "Negative prompt of the second run.", metavar="PROMPT")
    other_seed: int | None = option(None, "Seed of the second run.", range=(0, 2**31 - 1))
    other_sampler: str | None = option(
        None, "Sampler of the second run.", table="diffusion.sampling.solvers:SAMPLERS", metavar="NAME"
    )
    other_scale: float | None = option(None, "Guidance scale of the second run.", range=(-20.0, 30.0))
    other_steps: int | None = option(None, "Steps of the second run; they are compared at equal noise.", range=(1, 200))
    other_model: str | None = option(None, "Model of the second run.", metavar="MODEL")
    out: Path = option(
        Path("out/compare"), "Folder for paths.png (all steps), a.png and b.png (the pictures).", output=True
    )
    json: bool = option(False, "Print the figures of all steps as JSON.")


@dataclass(frozen=True)
class LessonCommand:
    """Export, list or open lessons: a web page that shows a dream's steps, and what the network does at each. Or film how a
    training run learnt."""

    action: str = option("", "What to do.", table="app.cli.lesson:ACTIONS", positional=True, metavar="ACTION")
    words: tuple[str, ...] = option(
        (),
        "For export: prompts. For open: the name of a lesson, or a folder. For film: the folder of a training run.",
        positional=True,
        metavar="PROMPT",
    )
    negative: str = option("", "What the pictures should not show.")
    size: Size = option((256, 256), "Width and height of the pictures.")
    surface: str = option(
        "wall",
        "Surface that the pictures show, for a model that knows surfaces.",
        choices=("wall", "floor", "ceiling", "sky", "none"),
    )
    distance: float = option(4.0, "Distance of that surface in blocks.", range=(0.5, 100.0))
    model: ModelChoice = field(default_factory=ModelChoice)
    dream: DreamSettings = field(default_factory=DreamSettings)
    out: Path | None = option(
        None,
        "For export: the folder to write, by default out/lesson. For film: a video (.mp4, .webm, .mkv, .gif), by default "
        "out/learnt.mp4, or a folder of PNGs if the name has no suffix.",
        metavar="PATH",
        output=True,
    )
    seconds: float = option(1.0, "For film: seconds for which each sheet of samples is shown.", range=(0.1, 60.0))
    latents: bool = option(True, "For export: also write each step's latents as safetensors files.")
    browser: bool = option(True, "For open: show the page in the web browser; otherwise print its path.")


@dataclass(frozen=True)
class Latents:
    """Statistics of a file of latents, and its comparison with another one."""

    files: tuple[Path, ...] = option(
        (),
        "One file of latents, or two of the same shape, from `generate --unsample` or `--steps-out`.",
        positional=True,
        metavar="FILE",
    )
    plot: Path | None = option(None, "A PNG for the figures as curves.", output=True)
    json: bool = option(False, "Print JSON.")


@dataclass(frozen=True)
class Models:
    """List, check, download and delete models. Nothing but `models download` ever downloads anything."""

    action: str = option("list", "What to do.", table="app.cli.models:ACTIONS", positional=True, metavar="ACTION")
    refs: tuple[str, ...] = option(
        (),
        "Models. download, clear: a hub id such as owner/name. info, verify: an id, a folder or a file. add, remove: "
        "folders and files to list.",
        positional=True,
        metavar="REF",
    )
    cache_dir: Path | None = option(None, "The hub's cache. Default: what HF_HUB_CACHE or HF_HOME says.", metavar="DIR")
    device: str = option("auto", "Device that models should fit on: auto, cpu, cuda or mps.")
    half: bool = option(False, "For download: prefer weights in half precision.")
    only: tuple[str, ...] = option((), "For download: only files that match, e.g. 'unet/*'.", metavar="PATTERN")
    revision: str = option("main", "For download: a branch, a tag or a commit.")
    all: bool = option(False, "For clear: all models of the cache that `list` shows.")
    yes: bool = option(False, "For clear: do not ask.")
    json: bool = option(False, "Print JSON.")

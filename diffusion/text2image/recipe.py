"""The settings of a single picture (`GenerateSettings`), and the recipe stored in its PNG. Data only; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from base.files import expand_user
from base.settings import option
from diffusion.loaders.options import LoadOptions
from diffusion.models.prompt_syntax import parse_prompt
from diffusion.settings import DreamSettings
from diffusion.upscaling.embedded import MOST_FACTOR, UPSCALE_HELP, UPSCALER_HELP, upscaler_file

VERSION = 1  # version of the JSON in a PNG
UPSCALER = "upscaler"  # the only one of `GenerateSettings.files` that isn't a picture


@dataclass(frozen=True)
class GenerateSettings:
    """The settings of `rayverie generate` for one picture."""

    prompt: str = option("", "What the picture shows.", positional=True)
    negative: str = option("", "What the picture should not show.")
    size: tuple[int, int] = option((256, 256), "Width and height in pixels.")
    phases: int = option(
        1,
        "Phases of a large picture (DemoFusion): dreamed small first, then enlarged and dreamed again, up to --size.",
        range=(1, 4),
    )
    init: Path | None = option(None, "Picture to start from; see --strength.")
    mask: Path | None = option(None, "Mask for --init: white is repainted, black stays, grey is in between.")
    mask_blur: float = option(0.0, "Blur of the mask's edge in pixels.", range=(0.0, 256.0))
    mask_form: str = option(
        "blur", "How the mask's edge is blurred.", table="diffusion.denoisers.mask_forms:MASK_FORMS"
    )
    anagram: tuple[str, ...] = option((), "Prompts for the picture when it is turned.")
    view: tuple[str, ...] = option(
        ("rotate_180",),
        "Turn for each of these prompts; the last one also applies to all further prompts.",
        table="diffusion.denoisers.anagram:VIEWS",
    )
    start_noise: str = option(
        "white", "Noise that the picture starts from.", table="diffusion.sampling.start_noise:START_NOISES"
    )
    start_picture: Path | None = option(None, "Picture for --start-noise picture.")
    surface: str = option(
        "wall",
        "Surface that the picture shows, for a model that knows surfaces: a wall seen face-on, a floor, a ceiling, the sky; "
        "none gives the model no surface.",
        choices=("wall", "floor", "ceiling", "sky", "none"),
    )
    distance: float = option(4.0, "Distance of that surface in blocks.", range=(0.5, 100.0))
    control_image: tuple[Path, ...] = option(
        (), "Picture for each ControlNet of --control; the last one also applies to all that follow."
    )
    upscale: int = option(1, UPSCALE_HELP, range=(1, MOST_FACTOR))
    upscaler: Path | None = option(None, UPSCALER_HELP, metavar="FILE")
    dream: DreamSettings = field(default_factory=DreamSettings)

    def files(self, adapted: bool) -> dict[str, Path]:
        """Return the files that the settings use, by their name in a recipe. adapted: whether style pictures are used."""
        named = {"init": self.init, "mask": self.mask, "start_picture": self.start_picture}
        named |= {f"control_image.{place}": path for place, path in enumerate(self.control_image)}
        prompts = (self.prompt, self.negative, *self.anagram, *self.dream.further)
        pictures = [self.dream.style_picture, *(name for prompt in prompts for name, _ in parse_prompt(prompt).styles)]
        styles = dict.fromkeys(expand_user(name) for name in pictures if name)
        named |= {f"style.{place}": path for place, path in enumerate(styles)} if adapted else {}
        named |= {UPSCALER: upscaler_file(self.upscaler)} if self.upscale > 1 else {}
        return {name: path for name, path in named.items() if path is not None}


@dataclass(frozen=True)
class Recipe:
    """The metadata of a generated PNG, enough to reproduce its pixels.

    model: value of --model (None: the embedded one); model_id: name and fingerprint of the weights
    files: sha256 of each file in `GenerateSettings.files`
    few_steps: steps that the model's few-step network needs, 0 without one
    lora, control, adapter: values of --lora, --control and --ip-adapter; options: the others that the model was loaded with
    """

    settings: GenerateSettings
    model: str | None
    model_id: str
    files: dict[str, str] = field(default_factory=dict)
    few_steps: int = 0
    lora: tuple[str, ...] = ()
    control: tuple[str, ...] = ()
    adapter: str | None = None
    options: LoadOptions = field(default_factory=LoadOptions)

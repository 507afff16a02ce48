"""`rayverie generate --unsample`: the latents of a picture at the noise level of each step, as pictures and as a file."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

from app.commands import Generate, suit_to_model
from app.inputs import inputs_of
from app.loop.chosen_model import load_chosen
from app.terminal import open_console
from base.errors import InputError
from base.files import atomic_write
from base.outputs import Output, is_marked_png, png_mark, refuse_nameless, refuse_outputs
from base.settings import flag_of

SHEET = "sheet.png"
OTHERS = ("steps_out", "inside", "match", "seeds", "gallery")
"""What makes no sense beside --unsample."""
USED = {  # the settings that take part; no network runs
    "size", "start_noise", "spacing", "spacing_power", "timestep_max", "timestep_min", "steps", "start_at", "end_at", "seed",
    "mix_noise", "few_step", "ref", "device",
}  # fmt: skip
UNUSED_MODEL = ("lora", "control", "ip_adapter")


def run_unsample(command: Generate, usual: Generate) -> int:
    """Write level_000.png, …, a sheet of all and `latents.safetensors` into the folder --out. Raises InputError.

    usual: what the flags are by default
    """
    picture, source = command.picture, command.unsample
    assert source is not None
    for name in OTHERS:
        if getattr(command, name):
            raise InputError(f"--{name.replace('_', '-')}", "", "can't be combined with --unsample")
    if command.count != 1:
        raise InputError("--count", "", "can't be combined with --unsample")
    refuse_nameless("--out", command.out, (".png",))
    folder = command.out.with_suffix("") if command.out.suffix.lower() == ".png" else command.out
    from PIL import Image

    from diffusion.loaders.embedded import read_multiple
    from diffusion.text2image import generate as core
    from diffusion.text2image.contact_sheet import contact_sheet
    from diffusion.text2image.latent_files import NAME, is_latent_file, save_latents
    from diffusion.text2image.unsample import pictures_of, unsample_file

    core.refuse(picture, read_multiple(command.model.ref))
    core.load_picture(source, "--unsample", (8, 8), 8)
    files = {folder / SHEET, folder / "level_000.png", *folder.glob("level_[0-9][0-9][0-9].png")}
    outputs = [Output("--out", file, is_marked_png) for file in sorted(files)]
    refuse_outputs([*outputs, Output("--out", folder / NAME, is_latent_file)], inputs_of(command))
    console = open_console(errors=True)
    for remark in unsample_remarks(command, usual):
        console.print(remark, style="yellow", soft_wrap=True)
    model = load_chosen(replace(command.model, control=(), ip_adapter=None))
    found = unsample_file(model, source, picture)
    pictures = pictures_of(model, found, picture.size)
    for step, image in zip(found.steps, pictures, strict=True):
        _save(Image.fromarray(image), folder / f"level_{step:03}.png")
    labels = [f"step {step}, sigma {sigma:.3g}" for step, sigma in zip(found.steps, found.sigmas, strict=True)]
    _save(contact_sheet(pictures, labels), folder / SHEET)
    save_latents(folder / NAME, found.latents, found.sigmas, model.space)
    what = f"{folder} with {len(pictures)} levels, from sigma {found.sigmas[0]:.3g} to {found.sigmas[-1]:.3g}"
    console.print(f"{what}, {SHEET} and {NAME}, is ready.", soft_wrap=True)
    return 0


def unsample_remarks(command: Generate, usual: Generate) -> list[str]:
    """A sentence for each setting that differs from `usual` and has no effect."""
    usual = suit_to_model(usual, command.model.ref)
    groups = (
        (command.picture, usual.picture, [f for f in fields(command.picture) if f.name != "dream"]),
        (command.picture.dream, usual.picture.dream, fields(command.picture.dream)),
        (command.model, usual.model, [f for f in fields(command.model) if f.name in UNUSED_MODEL]),
        (command, usual, [f for f in fields(command) if f.name == "match_temperature"]),
    )
    return [
        f"{flag_of(f.name, f.metadata)} has no effect: --unsample asks no network."
        for given, default, group in groups
        for f in group
        if f.name not in USED and getattr(given, f.name) != getattr(default, f.name)
    ]


def _save(picture, path: Path) -> None:
    with atomic_write(path) as temporary:
        picture.save(temporary, format="PNG", pnginfo=png_mark())

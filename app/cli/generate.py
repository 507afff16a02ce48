"""`rayverie generate`: one picture from a prompt, with everything the diffusion core can do, and its recipe in the PNG."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from app.cli.progress import progress
from app.cli.unsample import run_unsample
from app.cli.word_remarks import word_remarks
from app.commands import Generate
from app.files.gallery.gallery import Gallery, gallery_folder
from app.inputs import inputs_of
from app.loop.chosen_model import load_chosen, recipe_fields
from app.session import ModelChoice
from app.terminal import open_console
from base.errors import InputError
from base.files import atomic_write, expand_user
from base.outputs import Output, is_marked_png, png_mark, refuse_nameless, refuse_outputs
from diffusion.settings import DreamSettings
from diffusion.text2image.metadata import read_png, write_png
from diffusion.text2image.recipe import GenerateSettings

SHEET = "sheet.png"  # beside the pictures of --count and --seeds


def defaults(source: Path) -> Generate:
    """The flags that made a picture, from its PNG. Raises InputError when it carries none."""
    recipe = read_png(source)
    added = {"lora": recipe.lora, "control": recipe.control, "ip_adapter": recipe.adapter, "options": recipe.options}
    return Generate(recipe.settings, ModelChoice(recipe.model, **added))


def match_prompt(command: Generate, console: Console) -> str:
    """Choose a caption near the prompt from a bank to dream instead; print all candidates."""
    from diffusion.loaders.embedded import own_bank
    from diffusion.models.minilm import MiniLMEncoder
    from diffusion.text2image.caption_files import open_bank
    from diffusion.text2image.prompt_matching import FAR, choose_match, suggest_captions

    picture = command.picture
    embed, bank = MiniLMEncoder().sentences, expand_user(command.bank) if command.bank else own_bank(command.model.ref)
    found = suggest_captions(picture.prompt, open_bank(bank, embed), embed, command.match)
    chosen = choose_match(found, temperature=command.match_temperature, seed=picture.dream.seed)
    for match in found:
        console.print(f"{'→' if match == chosen else ' '} {match.similarity:.2f} {match.caption}", highlight=False)
    if found[0].similarity < FAR:
        where = "all that the model has seen" if bank is None else f"all prompts of {bank}"
        console.print(f"“{picture.prompt}” is far from {where}.", style="yellow", soft_wrap=True)
    return chosen.caption


def save_space(inside: Any, file: Path, console: Console) -> None:
    """Save the 3D diagram of the network; without GL, print a remark instead."""
    from engine.unet_view.still import render_still

    try:
        picture = render_still(inside.blocks)
    except InputError as error:
        console.print(f"{file} is left out: {error}", style="yellow", soft_wrap=True)
        return
    with atomic_write(file) as temporary:
        picture.save(temporary, pnginfo=png_mark())


def seeds_of(command: Generate) -> tuple[int, ...]:
    """The seeds of all pictures. Raises InputError."""
    if not command.seeds:
        first = command.picture.dream.seed
        return tuple((first + place) % 2**31 for place in range(command.count))
    if command.count != 1:
        raise InputError("--seeds", "", "and --count both say how many pictures there are; give one of them")
    words = [word.strip() for word in command.seeds.split(",")]
    if not all(word.isascii() and word.isdigit() and len(word) < 12 and int(word) < 2**31 for word in words):
        raise InputError("--seeds", "", f"is {command.seeds!r}; it must be numbers from 0 to {2**31 - 1}, like 3,14,15")
    return tuple(dict.fromkeys(int(word) for word in words))


def outputs_of(command: Generate, seeds: tuple[int, ...]) -> list[Path]:
    """The PNG of each seed, then the contact sheet if there are several. Raises InputError if one can't be written."""
    several = command.count > 1 or bool(command.seeds)
    refuse_nameless("--out", command.out, (".png",))
    png = command.out.suffix.lower() == ".png"
    if not (png or several):
        raise InputError("--out", "", f"is {command.out}; it must be a .png file, which stores the settings")
    if several and (command.steps_out or command.inside):
        flag = "--steps-out" if command.steps_out else "--inside"
        raise InputError(flag, "", "shows one picture; leave out --count and --seeds")
    if command.picture.phases > 1 and (command.steps_out or command.inside):
        flag = "--steps-out" if command.steps_out else "--inside"
        raise InputError(flag, "", "shows one canvas; leave out --phases")
    folder = command.out.with_suffix("") if png else command.out
    outs = [*(folder / f"seed_{seed}.png" for seed in seeds), folder / SHEET] if several else [command.out]
    refuse_outputs([Output("--out", out, is_marked_png if several else None) for out in outs], inputs_of(command))
    return outs


def refuse_hints(controls: int, pictures: int) -> None:
    """Raise InputError for ControlNets without a picture, and for more pictures than ControlNets."""
    if controls and not pictures:
        raise InputError("--control-image", "", "is missing; a ControlNet needs a picture to see")
    if pictures > controls > 0:
        raise InputError(
            "--control-image", "", f"names {pictures} pictures for {controls} --control; name at most one each"
        )


def picture_remarks(command: Generate, model: Any) -> list[str]:
    """Return a sentence for each changed setting of the picture that has no effect."""
    picture, usual = command.picture, GenerateSettings()
    unplaced = {"sky": "the sky has no distance", "none": "there is no --surface"}.get(picture.surface)
    from diffusion.loaders.prompt_loras import style_names

    unknown = None if model.knows_surfaces else f"{model.id} knows no surfaces"
    prompts = (picture.prompt, picture.negative, *picture.anagram, *picture.dream.further)
    styled = picture.dream.style_picture or style_names(prompts)
    unstyled = None if styled else "neither --style-picture nor a prompt names a picture"
    uncontrolled = f"{model.id} takes no ControlNet" if command.model.control else "there is no --control"
    rows = (
        ("control", command.model, ModelChoice(), None if model.controls else uncontrolled),
        ("ip_adapter", command.model, ModelChoice(), unstyled if model.style else f"{model.id} takes no IP-Adapter"),
        ("control_image", picture, usual, None if model.controls else uncontrolled),
        ("surface", picture, usual, unknown),
        ("distance", picture, usual, unknown or unplaced),
        (
            "start_picture",
            picture,
            usual,
            None if picture.start_noise == "picture" else "only --start-noise picture takes its forms from it",
        ),
        (
            "mask_form",
            picture,
            usual,
            None if picture.mask and picture.mask_blur else "there is no --mask with --mask-blur",
        ),
        ("mask_blur", picture, usual, None if picture.mask else "there is no --mask"),
        ("upscaler", picture, usual, None if picture.upscale > 1 else "there is no --upscale"),
        ("dilate", picture.dream, usual.dream, "each of the --phases has its own" if picture.phases > 1 else None),
        ("view", picture, usual, None if picture.anagram else "there is no --anagram"),
        ("together", command, Generate(), None if command.count > 1 or command.seeds else "there is one picture"),
        ("match_temperature", command, Generate(), None if command.match else "there is no --match"),
        ("bank", command, Generate(), None if command.match else "there is no --match"),
    )
    return [
        f"--{name.replace('_', '-')} has no effect: {reason}."
        for name, given, default, reason in rows
        if reason and getattr(given, name) != getattr(default, name)
    ]


def run(command: Generate) -> int:
    if command.unsample is not None:
        return run_unsample(command, Generate() if command.source is None else defaults(command.source))
    picture, seeds = command.picture, seeds_of(command)
    if not (picture.prompt or picture.init or command.source):
        raise InputError("rayverie generate", "PROMPT", "is missing; describe the picture")
    outs = outputs_of(command, seeds)
    several = len(outs) > len(seeds)
    refuse_hints(len(command.model.control), len(picture.control_image))
    recipe = read_png(command.source) if command.source else None
    console = open_console(errors=True)
    if command.match and picture.prompt:
        picture = replace(picture, prompt=match_prompt(command, console))
    from diffusion.denoisers.inert import Situation, inert_remarks
    from diffusion.introspection.decoder_probe import probe_decoder
    from diffusion.introspection.probe_sheets import SPACE, save_decoder, save_sheets, sheet_outputs
    from diffusion.introspection.unet_probe import probe_unet
    from diffusion.loaders.embedded import read_multiple
    from diffusion.loaders.options import option_remarks
    from diffusion.loaders.prompt_loras import resolve_loras, style_names, style_remarks
    from diffusion.text2image import generate as core
    from diffusion.text2image.together import generate_together

    core.refuse(picture, read_multiple(command.model.ref), command.model.ip_adapter is not None)
    outputs = [Output("--out", out) for out in outs]
    if command.steps_out:
        outputs += core.step_outputs("--steps-out", command.steps_out)
    if command.inside:
        outputs += sheet_outputs("--inside", command.inside)
    refuse_outputs(outputs, inputs_of(command))
    prompts = (picture.prompt, picture.negative, *picture.anagram, *picture.dream.further)
    loras, remarks = resolve_loras(command.model.lora, prompts)
    remarks += style_remarks(prompts, command.model.ip_adapter is not None)
    for remark in remarks:
        console.print(remark, style="yellow", soft_wrap=True)
    model = load_chosen(command.model, loras)
    situation = Situation(
        model.few_steps,
        picture.init is not None or picture.phases > 1,
        regions=False,
        anagrams=bool(picture.anagram),
        controls=bool(model.controls),
        adapter=model.style is not None,
        style_tags=bool(style_names(prompts)),
    )
    usual = replace(DreamSettings(), **model.defaults)
    for remark in inert_remarks(picture.dream, usual, situation, picture.negative):
        console.print(remark, style="yellow", soft_wrap=True)
    for remark in model.text.unread_syntax(prompts):
        console.print(remark, style="yellow", soft_wrap=True)
    for remark in word_remarks(model, command.model.ref, (picture.prompt, *picture.anagram), prompts):
        console.print(remark, style="yellow", soft_wrap=True, highlight=False)
    for remark in (*option_remarks(command.model.options, model, previews=False), *picture_remarks(command, model)):
        console.print(remark, style="yellow", soft_wrap=True)
    save = core.step_saver(model, command.steps_out) if command.steps_out else None
    started: list[tuple[Any, float]] = []  # what the last step began with, and its sigma
    named, made, beside, earlier_calls = recipe_fields(command.model, loras), list[Any](), 1, model.calls
    gallery = Gallery(gallery_folder()) if command.gallery else None
    steps = picture.dream.steps * picture.phases
    with progress(console) as bar:
        task = bar.add_task("dreaming", total=steps * len(seeds), words="")

        def on_step(event: Any) -> None:
            done = (event.step + 1) * beside + steps * len(made)
            bar.update(task, completed=done, words=f"sigma {event.sigma:.3g}")
            if save is not None:
                save(event)
            if command.inside:
                started[:] = [(event.start_latents, event.sigma)]

        wishes = [replace(picture, dream=replace(picture.dream, seed=seed)) for seed in seeds]
        ready: list[Any] = []  # generated but not yet written
        for number, (asked, out) in enumerate(zip(wishes, outs, strict=False)):
            if command.together > 1 and not ready:
                group = wishes[number : number + command.together]
                beside = len(group)
                ready = generate_together(model, group, **named, on_step=on_step)
            if ready:
                made.append(ready.pop(0))
            elif (
                recipe is not None
                and recipe.settings == asked
                and (recipe.model, recipe.lora, recipe.control, recipe.adapter, recipe.options) == tuple(named.values())
            ):
                made.append(core.regenerate(model, recipe, command.source, on_step=on_step))
            else:
                made.append(core.generate(model, asked, **named, on_step=on_step))
            write_png(out, made[-1].image, made[-1].recipe)
            if gallery is not None:
                gallery.add(made[-1].image, made[-1].recipe)
    calls, seconds = model.calls - earlier_calls, sum(one.dreamed.seconds["total"] for one in made)
    if command.inside and started:
        canvas = core.make_canvas(model, picture)[0]
        inside = probe_unet(model, canvas, picture.dream, *started[0])
        save_sheets(inside, made[0].dreamed.image, command.inside)
        save_decoder(probe_decoder(model, made[0].dreamed.latents, canvas.surface), command.inside)
        save_space(inside, command.inside / SPACE, console)
    if several:
        save_contact_sheet(outs[-1], [one.image for one in made], seeds)
    count = f"{len(made)} picture{'s' * (len(made) != 1)}"
    what = f"{outs[-1].parent} with {count} and {SHEET}" if several else str(command.out)
    what += ", also in the gallery," if command.gallery else ""
    console.print(f"{what} is ready: {calls} model call{'s' * (calls != 1)}, {seconds:.1f} s.", soft_wrap=True)
    return 0


def save_contact_sheet(file: Path, pictures: list[Any], seeds: tuple[int, ...]) -> None:
    """Save a sheet of all pictures, each with its seed."""
    from diffusion.text2image.contact_sheet import contact_sheet

    with atomic_write(file) as temporary:
        contact_sheet(pictures, [f"seed {seed}" for seed in seeds]).save(temporary, pnginfo=png_mark())

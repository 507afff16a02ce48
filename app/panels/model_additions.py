"""The models panel's choice of additions to a model: LoRAs and ControlNets with weights, an IP-Adapter, other autoencoders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from imgui_bundle import imgui

from app.gui.theme import colour
from app.model_additions import KINDS, ModelAddition, parse_addition
from app.panels.context import PanelContext, faint, hint, shorten_to_width
from app.session import ModelChoice
from base.settings import names_in
from diffusion.library.listing import ListedModel
from diffusion.library.read_facts import OURS
from diffusion.loaders.options import LoadOptions

BY_NAME = "by its name"
WEIGHTS = {"lora": (-2.0, 2.0), "controlnet": (0.0, 2.0)}
KINDS_LISTED = ("lora", "controlnet", "ip-adapter", "vae")
NONE_LISTED = "LoRAs, ControlNets, IP-Adapters and VAEs in listed folders appear here."
OWN = "the model's own"
AUTOENCODERS = {  # field of LoadOptions → label and what it is for
    "vae": ("VAE", "Another autoencoder with the same latents, for all pictures."),
    "preview_vae": (
        "Preview VAE",
        "Another autoencoder with the same latents, only for previews of running dreams; a tiny one is fast.",
    ),
}


def draw_added(
    ui: PanelContext, entries: Sequence[ListedModel], wish: ModelChoice, chosen: ListedModel | None
) -> ModelChoice:
    """Draw the additions; return the choice with the user's changes. chosen: the entry of its model, None if it is in no list."""
    imgui.separator_text("Beside the model")
    ours = chosen is not None and chosen.facts.family == OURS
    if ours:
        faint(
            "The embedded model knows surfaces by itself; LoRAs, ControlNets, IP-Adapters and VAEs are for Stable Diffusion."
        )
    imgui.begin_disabled(ours)
    loras = _several(ui, "lora", "LoRAs", _rows(entries, "lora", wish.lora), wish.lora, chosen)
    controls = _several(
        ui, "controlnet", "ControlNets", _rows(entries, "controlnet", wish.control), wish.control, chosen
    )
    given = () if wish.ip_adapter is None else (wish.ip_adapter,)
    adapters = _several(ui, "ip-adapter", "IP-Adapters", _rows(entries, "ip-adapter", given), given, chosen)
    options = _autoencoders(entries, wish.options)
    imgui.end_disabled()
    if chosen is not None and chosen.facts.raw:
        raw = imgui.checkbox("Weights of the last step", options.weights == "raw")[1]
        hint("Paint with the weights as they were before averaging, not with those averaged over the training.")
        options = replace(options, weights="raw" if raw else "ema")
    if not any(one.facts.kind in KINDS_LISTED for one in entries) and not ours:
        faint(NONE_LISTED)
    # a model has one IP-Adapter, so the last one ticked counts
    adapter = adapters[-1] if adapters else None
    return replace(wish, lora=loras, control=controls, ip_adapter=adapter, options=options)


def fitting(wish: ModelChoice, chosen: ListedModel | None) -> ModelChoice:
    """Return the choice without additions that its model can't take."""
    if chosen is not None and not chosen.facts.raw:
        wish = replace(wish, options=replace(wish.options, weights="ema"))
    if chosen is None or chosen.facts.family != OURS:
        return wish
    options = replace(wish.options, vae=None, preview_vae=None)
    return replace(wish, lora=(), control=(), ip_adapter=None, options=options)


def _autoencoders(entries: Sequence[ListedModel], options: LoadOptions) -> LoadOptions:
    """Draw a combo for each use of another autoencoder."""
    # by name, as frames don't wait for a disk: what isn't a folder is a file in safetensors
    folders = [one.name for one in entries if one.facts.kind == "vae" and one.facts.path.suffix != ".safetensors"]
    for field, (label, words) in AUTOENCODERS.items():
        given = getattr(options, field)
        names = [None, *folders, *([given] if given not in (None, *folders) else [])]
        if len(names) == 1:
            continue
        imgui.align_text_to_frame_padding()
        imgui.text_unformatted(label)
        imgui.same_line(imgui.get_content_region_avail().x * 0.3)
        imgui.set_next_item_width(-1)
        labels = [OWN if name is None else Path(name).name for name in names]
        changed, index = imgui.combo(f"##{field}", names.index(given), labels)
        hint(words + ("" if given is None else f"\n{given}"))
        options = replace(options, **{field: names[index]}) if changed else options
    return options


def _rows(entries: Sequence[ListedModel], kind: str, given: Sequence[str]) -> dict[str, ListedModel | None]:
    """Return file → entry, with None for a given file that is in no list."""
    found: dict[str, ListedModel | None] = {one.name: one for one in entries if one.facts.kind == kind}
    return found | {file: None for text in given if (file := parse_addition(text).file) not in found}


def _several(
    ui: PanelContext,
    kind: str,
    title: str,
    rows: dict[str, ListedModel | None],
    given: tuple[str, ...],
    chosen: ListedModel | None,
) -> tuple[str, ...]:
    """Draw rows with tick boxes. Ticked rows have a weight and, for ControlNets, the kind of hint."""
    if not rows:
        return given
    imgui.text_disabled(title)
    ticked = {added.file: added for added in map(parse_addition, given)}
    for file, listed in rows.items():
        imgui.push_id(file)
        problem = _misfit(listed, chosen)
        if problem:
            imgui.push_style_color(imgui.Col_.text, colour(ui.palette.warning))
        text = shorten_to_width(Path(file).stem if file.endswith(".safetensors") else Path(file).name, _room())
        changed, on = imgui.checkbox(text, file in ticked)
        if problem:
            imgui.pop_style_color()
        hint("\n".join(filter(None, (file, listed.facts.family if listed else "", problem))))
        if changed:
            ticked = ticked | {file: ModelAddition(file)} if on else {f: a for f, a in ticked.items() if f != file}
        if file in ticked:
            ticked[file] = _details(kind, ticked[file])
        imgui.pop_id()
    return tuple(added.text for added in ticked.values())


def _details(kind: str, added: ModelAddition) -> ModelAddition:
    if kind not in WEIGHTS:
        return added
    imgui.indent()
    if kind == "controlnet":
        imgui.set_next_item_width(_room() * 0.45)
        kinds = ("", *names_in(KINDS))
        changed, index = imgui.combo("##sees", kinds.index(added.kind), [name or BY_NAME for name in kinds])
        hint("What the ControlNet sees of the scene.")
        added = replace(added, kind=kinds[index]) if changed else added
        imgui.same_line()
    imgui.set_next_item_width(-1)
    least, most = WEIGHTS[kind]
    changed, weight = imgui.slider_float("##weight", added.weight, least, most, "weight %.2f")
    hint("Strength; 1 is as trained.")
    imgui.unindent()
    return replace(added, weight=round(weight, 2)) if changed else added


def _misfit(listed: ListedModel | None, chosen: ListedModel | None) -> str:
    """Return why an entry doesn't fit the chosen model, or ""."""
    if listed is None or chosen is None:
        return ""
    theirs, ours = listed.facts.family, chosen.facts.family
    if "unknown" in (theirs, ours) or theirs == ours or ours == OURS:
        return ""
    return f"It was made for {theirs}; the chosen model is {ours}."


def _room() -> float:
    return imgui.get_content_region_avail().x - imgui.get_frame_height() - imgui.get_style().item_inner_spacing.x

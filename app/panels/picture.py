"""The picture panel: prompts, starting picture, number and settings of single pictures."""

from __future__ import annotations

import secrets
from dataclasses import replace

from imgui_bundle import imgui

from app.panels.context import PanelContext, choice, faint, hint, row_label, shorten_to_width, square
from app.panels.form import edit
from app.panels.picture_view import show
from app.panels.prompts import PromptFields
from app.panels.sampler import sections
from app.session import Session
from app.state.picture_form import MODES, MOST, SEEDS, SIDES, TURNS, PictureForm
from base.errors import escape_controls
from diffusion.text2image.recipe import GenerateSettings
from diffusion.upscaling.embedded import MOST_FACTOR

SHAPES = {"1:1": 1.0, "4:3": 4 / 3, "3:2": 1.5, "16:9": 16 / 9}
SUGGESTIONS = 2
BASIC = ("steps", "sampler", "scale")
ELSEWHERE = (*BASIC, "seed", "further", "strength")  # fields not shown under "More settings"


class PicturePanel:
    title = "Picture"

    def __init__(self) -> None:
        self._fields = PromptFields()
        self._drawn = PictureForm()

    def draw(self, ui: PanelContext) -> Session:
        if ui.painter is None or ui.painter.client.model is None:
            faint("Loading the model.")
            return ui.session
        work = ui.pictures
        foot = imgui.get_frame_height_with_spacing() * (2 if work.progress.busy else 1)
        if imgui.begin_child("form", imgui.ImVec2(0, -foot)):
            if _begins_anew(self._drawn, work.form):
                imgui.set_scroll_y(0.0)  # another picture's settings: what they are of is at the top
            work.form = self._drawn = self._form(ui, work.form)
        imgui.end_child()
        _make(ui, "" if self._fields.typing else work.form.problem)
        return ui.session

    def _form(self, ui: PanelContext, form: PictureForm) -> PictureForm:
        form = _modes(form)
        form = self._prompts(ui, form)
        if form.mode in ("image", "inpaint"):
            form = _input(ui, form)
        if form.mode == "inpaint":
            form = _mask(ui, form)
        if ui.painter and ui.painter.client.model and ui.painter.client.model.controls:
            _control(ui, form)
        imgui.separator_text("Pictures")
        form = _size(ui, form)
        form = _seeds(form)
        form = _upscale(ui, form)
        return self._settings(ui, form)

    def _prompts(self, ui: PanelContext, form: PictureForm) -> PictureForm:
        changed, prompt = self._fields.prompt(ui, "##prompt", form.settings.prompt, SUGGESTIONS)
        form = form.set(prompt=prompt) if changed else form
        if form.mode == "anagram":
            turn = form.settings.view[0]
            second = form.settings.anagram[0] if form.settings.anagram else ""
            changed, second = self._fields.line("##second", f"Second prompt, seen {TURNS[turn]}", second)
            form = form.set(anagram=(second,)) if changed else form
            form = form.set(view=(_turn(turn),))
        changed, negative = self._fields.line("##negative", "Negative prompt", form.settings.negative)
        return form.set(negative=negative) if changed else form

    def _settings(self, ui: PanelContext, form: PictureForm) -> PictureForm:
        silent = find_unused(ui, form)
        form = replace(
            form, settings=replace(form.settings, dream=edit(form.settings.dream, only=BASIC, unused=silent))
        )
        row_label(
            "Preview every",
            "Steps between previews of the running picture; each preview costs about the time of a step.",
        )
        words = "never" if form.every == 0 else "step" if form.every == 1 else "%d steps"
        _, every = imgui.slider_int("##every", form.every, 0, 20, words, imgui.SliderFlags_.always_clamp)
        form = replace(form, every=every)
        if not imgui.collapsing_header("More settings"):
            return form
        if imgui.button("\uf0c5  Copy from the Sampler panel", imgui.ImVec2(-1, 0)):
            form = form.set_dream(**{**vars(ui.session.dream), "seed": form.settings.dream.seed})
        hint("Use the settings of the scene's dreams. The seed stays.")
        settings = edit(form.settings, only=("phases", "start_noise", "surface", "distance"), unused=silent)
        for title, names in sections().items():
            left = tuple(name for name in names if name not in ELSEWHERE)
            if left and imgui.tree_node(title):
                settings = replace(settings, dream=edit(settings.dream, only=left, unused=silent))
                imgui.tree_pop()
        return replace(form, settings=settings)


def _begins_anew(drawn: PictureForm, form: PictureForm) -> bool:
    """Whether something else than the panel has changed what the form makes since it was drawn."""
    was, now = drawn.settings, form.settings
    return (drawn.mode, was.prompt, was.init) != (form.mode, now.prompt, now.init)


def _modes(form: PictureForm) -> PictureForm:
    room = imgui.get_content_region_avail().x + imgui.get_style().item_spacing.x
    width = room / len(MODES) - imgui.get_style().item_spacing.x
    for mode, (label, words) in MODES.items():
        if choice(label, form.mode == mode, width):
            form = replace(form, mode=mode)
        hint(words)
        imgui.same_line()
    imgui.new_line()
    return form


def _turn(turn: str) -> str:
    """Draw the choice of an anagram's turn."""
    row_label("Turned", "How the picture is turned to show the second prompt.")
    if imgui.begin_combo("##turn", TURNS[turn]):
        for name, words in TURNS.items():
            if imgui.selectable(words, name == turn)[0]:
                turn = name
        imgui.end_combo()
    return turn


def _input(ui: PanelContext, form: PictureForm) -> PictureForm:
    """Draw the picture to start from and the strength."""
    imgui.separator_text("Start from")
    path = form.settings.init
    side = 3 * imgui.get_frame_height_with_spacing()
    small = None if path is None else ui.pictures.small.get(path)
    imgui.begin_group()
    if small is None:
        imgui.dummy(imgui.ImVec2(side, side))
    else:
        show(ui, f"small {path}", small, side, side)
    imgui.end_group()
    imgui.same_line(side + 2 * imgui.get_style().item_spacing.x)
    imgui.begin_group()
    name = "No picture yet." if path is None else escape_controls(path.name)
    imgui.text_disabled(shorten_to_width(name, imgui.get_content_region_avail().x))
    hint("Choose a file, or press “Use as input” in the Gallery panel." if path is None else escape_controls(str(path)))
    if imgui.button("\uf07c  Choose a picture…"):
        ui.do("ask_input")
    imgui.set_next_item_width(-1)
    flags = imgui.SliderFlags_.always_clamp
    _, strength = imgui.slider_float("##strength", form.settings.dream.strength, 0.05, 1.0, "strength %.2f", flags)
    hint("How far the result may depart from the picture: 0 keeps it, 1 ignores it.")
    imgui.end_group()
    return form.set_dream(strength=strength)


def _mask(ui: PanelContext, form: PictureForm) -> PictureForm:
    """Draw the mask's choices."""
    mask = form.settings.mask
    imgui.separator_text("Mask")
    side = 2 * imgui.get_frame_height_with_spacing()
    small = None if mask is None else ui.pictures.small.get(mask)
    if small is not None:
        imgui.begin_group()
        show(ui, f"small {mask}", small, side, side)
        imgui.end_group()
        imgui.same_line(side + 2 * imgui.get_style().item_spacing.x)
    imgui.begin_group()
    imgui.begin_disabled(form.settings.init is None)
    if imgui.button("\uf1fc  Draw the mask" if mask is None else "\uf1fc  Edit the mask"):
        ui.do("edit_mask")
    imgui.end_disabled()
    hint("Mark what is to be repainted." if form.settings.init else "Choose a picture to start from first.")
    imgui.same_line()
    if imgui.button("\uf07c  From a file…"):
        ui.do("ask_mask")
    hint("A black and white picture: white is repainted, black stays.")
    imgui.set_next_item_width(-1)
    imgui.begin_disabled(mask is None)
    flags = imgui.SliderFlags_.always_clamp
    _, blur = imgui.slider_float("##blur", form.settings.mask_blur, 0.0, 64.0, "edge blurred by %.0f pixels", flags)
    imgui.end_disabled()
    hint("Blur of the mask's edge.")
    imgui.end_group()
    return form.set(mask_blur=round(blur))


def _control(ui: PanelContext, form: PictureForm) -> None:
    """Draw the choice of the picture for ControlNets."""
    seen = form.settings.control_image
    if imgui.button("\uf07c  ControlNet sees…"):
        ui.do("ask_control")
    imgui.same_line()
    imgui.text_disabled(escape_controls(seen[0].name) if seen else "No picture yet.")


def _size(ui: PanelContext, form: PictureForm) -> PictureForm:
    width, height = form.settings.size
    row_label("Size", "Width and height in pixels.")
    gap, buttons = imgui.get_style().item_spacing.x, 2 * imgui.get_frame_height()
    field = (imgui.get_content_region_avail().x - buttons - 3 * gap) / 2
    sides = []
    for name, side in (("##width", width), ("##height", height)):
        imgui.set_next_item_width(field)
        _, typed = imgui.input_int(name, side, 0, 0, imgui.InputTextFlags_.enter_returns_true)
        left = imgui.is_item_deactivated_after_edit()
        sides.append(min(max(typed, SIDES[0]), SIDES[-1]) if left else side)
        imgui.same_line()
    if square("\uf0ec"):
        sides = [height, width]
    hint("Swap width and height.")
    imgui.same_line()
    if square("\uf0d7"):
        imgui.open_popup("shapes")
    hint("Aspect ratios, with a number of pixels that suits the model.")
    if imgui.begin_popup("shapes"):
        model = ui.painter.client.model if ui.painter else None
        native, step = (model.native, model.multiple) if model else (256, 64)
        for name, shape in SHAPES.items():
            wide, tall = (round(native * share / step) * step for share in (shape**0.5, shape**-0.5))
            if imgui.selectable(f"{name}   {wide}×{tall}", False)[0]:
                sides = [wide, tall]
        imgui.end_popup()
    return form.set(size=(sides[0], sides[1])) if tuple(sides) != (width, height) else form


def _seeds(form: PictureForm) -> PictureForm:
    seed = form.settings.dream.seed
    row_label("Seed", "Seed of the first picture; further pictures of a batch use the following seeds.")
    imgui.set_next_item_width(
        imgui.get_content_region_avail().x - imgui.get_frame_height() - imgui.get_style().item_spacing.x
    )
    _, typed = imgui.input_int("##seed", seed, 0)
    imgui.same_line()
    if square("\uf522"):
        typed = secrets.randbelow(SEEDS)
    hint("Random seed.")
    form = form.set_dream(seed=min(max(typed, 0), SEEDS - 1)) if typed != seed else form
    row_label("Pictures", "Number of pictures, each with its own seed.")
    _, count = imgui.slider_int("##count", form.count, 1, MOST, flags=imgui.SliderFlags_.always_clamp)
    _, renew = imgui.checkbox("New seeds each time", form.renew)
    hint("Continue with the following seeds after a batch. When off, seeds repeat, to show the effect of a setting.")
    return replace(form, count=count, renew=renew)


def _upscale(ui: PanelContext, form: PictureForm) -> PictureForm:
    """Draw the enlargement and the choice of the upscaler."""
    settings = form.settings
    row_label("Upscale", "Enlarge finished pictures with an upscaling network; 1 is off.")
    buttons = 2 * (imgui.get_frame_height() + imgui.get_style().item_spacing.x)
    imgui.set_next_item_width(imgui.get_content_region_avail().x - buttons)
    flags = imgui.SliderFlags_.always_clamp
    _, factor = imgui.slider_int("##upscale", settings.upscale, 1, MOST_FACTOR, "%d×", flags)
    imgui.same_line()
    if square("\uf07c##upscaler"):
        ui.do("ask_upscaler")
    name = "the embedded one" if settings.upscaler is None else escape_controls(settings.upscaler.name)
    hint(f"Choose another upscaler: a .safetensors file of Real-ESRGAN's kind. Now: {name}.")
    imgui.same_line()
    imgui.begin_disabled(settings.upscaler is None)
    embedded = square("\uf0e2##embedded")
    imgui.end_disabled()
    hint("Back to the embedded upscaler.")
    return form.set(upscale=factor, upscaler=None if embedded else settings.upscaler)


def _make(ui: PanelContext, problem: str) -> None:
    """Draw the buttons and the progress. problem: why no picture can be made, or ""; typed text counts before it is applied."""
    work = ui.pictures
    form, progress = work.form, work.progress
    gap = imgui.get_style().item_spacing.x
    room = imgui.get_content_region_avail().x - gap
    imgui.begin_disabled(bool(problem))
    many = "picture" if form.count == 1 else f"{form.count} pictures"
    if imgui.button(f"\uf0d0  Make {many}", imgui.ImVec2(room * 0.7, 0)):
        ui.do("make_pictures")
    imgui.end_disabled()
    hint(problem or "The results are kept in the Gallery panel. Views of the scene and pictures take turns.")
    imgui.same_line()
    imgui.begin_disabled(not progress.busy)
    if imgui.button("\uf04d  Cancel", imgui.ImVec2(room * 0.3, 0)):
        ui.do("cancel_pictures")
    imgui.end_disabled()
    hint("Stop the running picture, and forget those that wait." if progress.busy else "Nothing is being made.")
    if progress.busy:
        imgui.progress_bar(progress.share, imgui.ImVec2(-1, imgui.get_frame_height()), progress_text(ui))


def progress_text(ui: PanelContext) -> str:
    """Return which picture and step is running."""
    progress = ui.pictures.progress
    total, preview = progress.made + len(progress.running), progress.preview
    step = f"step {preview.step} of {preview.steps}" if preview else "waiting for the model"
    return step if total == 1 else f"picture {progress.made + 1} of {total}, {step}"


def find_unused(ui: PanelContext, form: PictureForm) -> dict[str, str]:
    """Return fields of the form that have no effect now → why."""
    from diffusion.denoisers.inert import Situation, find_inert

    model = ui.painter.client.model if ui.painter else None
    if model is None:
        return {}
    asked: GenerateSettings = form.pictures[0]
    situation = Situation(
        model.few_steps,
        guide=asked.init is not None,
        regions=False,
        anagrams=bool(asked.anagram),
        controls=model.controls > 0,
        adapter=model.adapter,
    )
    silent = dict(find_inert(asked.dream, situation))
    unaware = None if model.knows_surfaces else f"{model.id} knows no surfaces"
    unplaced = {"sky": "the sky has no distance", "none": "there is no surface"}.get(asked.surface)
    phased = "each phase has its own" if asked.phases > 1 else None
    begun = "only pictures from noise are made in phases" if asked.init else None
    reasons = (("surface", unaware), ("distance", unaware or unplaced), ("dilate", phased), ("phases", begun))
    silent |= {name: why for name, why in reasons if why}
    return {name: f"No effect: {why}." for name, why in silent.items()}

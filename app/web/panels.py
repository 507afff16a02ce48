"""The panels beside the picture: one shared by all browsers, and a small one for each browser's view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import viser

from app.loop.messages import ModelInfo
from app.session import Session
from app.web.form import Form
from base.grid import enlarge
from engine.render.renderer import MODES
from scenes.edit import change_background, change_material, change_style
from scenes.scene import Scene

# tab → its settings, each with its part of the session
SETTINGS = {
    "Sampler": (
        *("dream.steps", "dream.few_step", "dream.sampler", "dream.spacing", "dream.seed"),
        *("dream.guidance", "dream.scale", "dream.guidance_start", "dream.guidance_end"),
    ),
    "Memory": (
        *("dream.memory", "dream.refine", "dream.match", "dream.strength"),
        *("paint.coverage", "paint.around", "paint.sky"),
        *("live.auto", "live.rest", "live.moving", "live.moving_steps", "live.refine", "live.preview"),
    ),
}
NOTHING = np.zeros((9, 16, 3), np.uint8)
PREVIEW = 256  # pixels of its width


class Actions(Protocol):
    """The actions of the panels. They may be called on any thread and run between frames."""

    def change(self, client: viser.ClientHandle | None, part: str, field: str, value: Any) -> None: ...
    def reword(self, client: viser.ClientHandle | None, reword: Callable[[Scene], Scene]) -> None: ...
    def repaint_view(self, number: int) -> None: ...
    def repaint_outdated(self) -> None: ...
    def undo(self, client: viser.ClientHandle | None) -> None: ...
    def save(self) -> None: ...
    def look(self, number: int, **what: Any) -> None: ...
    def go(self, number: int, place: str) -> None: ...


class SharedPanel:
    """Prompts, settings and the world: the same for all browsers."""

    def __init__(self, gui: viser.GuiApi, actions: Actions, session: Session, scene: Scene, about: str) -> None:
        """about: a line of Markdown about the world."""
        gui.configure_theme(dark_mode=True, show_logo=False, show_share_button=False, control_width="medium")
        gui.set_panel_label("Rayverie")
        self._preview = gui.add_image(NOTHING, label="Dream", visible=False)
        tabs = gui.add_tab_group()
        with tabs.add_tab("Prompts"):
            _add_prompts(gui, actions, scene)
        self._forms = []
        for title, names in SETTINGS.items():
            with tabs.add_tab(title):
                self._forms.append(Form(gui, session, names, actions.change))
        with tabs.add_tab("World"):
            gui.add_markdown(about)
            self._state = gui.add_markdown("")
            self._painted = gui.add_progress_bar(0.0)
            undo = gui.add_button(
                "Undo repainting", hint="Bring back what was erased last, in place of what was painted there since."
            )
            undo.on_click(lambda event: actions.undo(event.client))
            save = gui.add_button("Save", hint="Write the world file now. It is also written when the program ends.")
            save.on_click(lambda _: actions.save())

    def show(self, session: Session, model: ModelInfo) -> None:
        """Show a session; disable settings without effect."""
        from diffusion.denoisers.inert import Situation, find_inert

        situation = Situation(model.few_steps, anagrams=False, controls=model.controls > 0, adapter=model.adapter)
        unused = {f"dream.{name}": why for name, why in find_inert(session.dream, situation).items()}
        if not session.live.moving:
            unused["live.moving_steps"] = "nothing is sketched while moving"
        for form in self._forms:
            form.show(session, unused)

    def describe(self, words: str, share: float) -> None:
        """words: of the world as it is now; share: 0..1, painted of all surfaces."""
        if self._state.content != words:
            self._state.content = words
        if self._painted.value != (value := round(100 * min(max(share, 0.0), 1.0), 1)):
            self._painted.value = value

    def preview(self, picture: np.ndarray | None) -> None:
        """picture: uint8 [h,w,3] of the running dream; None hides it."""
        if picture is not None:
            times = max(1, PREVIEW // picture.shape[1])
            self._preview.image = enlarge(picture, times)
        if self._preview.visible != (picture is not None):
            self._preview.visible = picture is not None


class ViewPanel:
    """One browser's display settings, and the progress of its view."""

    def __init__(self, client: viser.ClientHandle, actions: Actions, places: list[str], mode: str, light: float):
        gui, number = client.gui, client.client_id
        with gui.add_folder("This view", order=-1):
            self._state = gui.add_markdown("Looking…")
            modes = gui.add_dropdown("Show", tuple(MODES), initial_value=mode, hint="What the picture shows.")
            daylight = gui.add_slider("Daylight", 0.0, 1.0, 0.01, light, hint="How much of the scene's light is added.")
            start = gui.add_dropdown("Go to", ("", *places), hint="The start of a camera path.")
            again = gui.add_button("Repaint this view", hint="Erase the paint in this view and dream it again.")
        modes.on_update(lambda event: actions.look(number, mode=event.target.value))
        daylight.on_update(lambda event: actions.look(number, daylight=event.target.value))
        start.on_update(lambda event: actions.go(number, event.target.value))
        again.on_click(lambda _: actions.repaint_view(number))

    def describe(self, words: str) -> None:
        if self._state.content != words:
            self._state.content = words


def _add_prompts(gui: viser.GuiApi, actions: Actions, scene: Scene) -> None:
    """A form with the style, the sky and all materials; applied with its button, or Enter."""
    hint = "What it looks like. New prompts affect only new paint."
    again = gui.add_button(
        "Repaint what changed", hint="Erase the paint of other prompts, so that it is painted again."
    )
    with gui.add_form("What things look like") as form:
        apply = gui.add_button("Apply", hint="Use these prompts from the next dream on. Enter does the same.")
        style = gui.add_text("Style", scene.style.prompt, hint="Words added to all prompts.")
        sky = gui.add_text("Sky", scene.background.prompt, hint=hint)
        texts = [gui.add_text(m.name, m.prompt, multiline=len(m.prompt) > 40, hint=hint) for m in scene.materials]

    def reword(now: Scene) -> Scene:
        now = change_background(change_style(now, prompt=style.value), prompt=sky.value)
        for number, text in enumerate(texts):
            if text.value != now.materials[number].prompt:
                now = change_material(now, number, prompt=text.value)
        return now

    apply.on_click(lambda _: form.submit())
    form.on_submit(lambda event: actions.reword(event.client, reword))
    again.on_click(lambda _: actions.repaint_outdated())

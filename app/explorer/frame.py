"""Draws one frame, part by part. If a part fails, the error is logged and the others go on."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import moderngl

from app.actions.context import ActionContext
from app.actions.export import export_picture
from app.explorer import scene_frame
from app.explorer.input import Controls
from app.explorer.panel_facts import panel_context
from app.explorer.status import status_text
from app.fields import Size
from app.gui.pictures import Pictures
from app.loop.heap import HeapTrimmer
from app.loop.messages import PreviewOptions
from app.loop.open_scene import OpenScene
from app.panels.shell import Shell
from app.services.guard import run_guarded
from app.services.viewport import collect, framebuffer, pixels
from app.state.app_state import SceneBox
from engine.gl.context import wait_for_gl

HINT_SECONDS = 25.0  # seconds for which the first start's line of help is shown; a third of it once the user moves
WATCHED = 0.5  # seconds after which a dream that no panel shows counts as unwatched
BACKGROUND = (0.055, 0.067, 0.086, 1.0)  # background until the scene is open


class Frame:
    """Draws frames into the platform's target. All on the GL thread."""

    def __init__(
        self,
        ctx: moderngl.Context,
        context: ActionContext,
        controls: Controls,
        shell: Shell,
        pictures: Pictures,
        do: Callable[..., None],
    ) -> None:
        """do: runs an action by its name."""
        self.ctx, self.context, self.controls, self.shell = ctx, context, controls, shell
        self.pictures, self._do, self._heap = pictures, do, HeapTrimmer()
        self._last = context.state.clock()
        self._shown: tuple[object, ...] = ()  # in the last frame, if it was compared with the one before
        self.changed = True  # whether the last frame drew anything
        self._helped = 0.0  # seconds for which the line of help was seen

    def draw(self, refresh: bool = True) -> None:
        """Draw one frame into the platform's target. refresh: also if the target shows the same already."""
        state, now = self.context.state, self.context.state.clock()
        seconds, self._last = now - self._last, now
        state.frame_seconds.append(seconds)
        state.profiler.begin()
        collect(self.ctx)
        self._take_in(seconds)
        self._begin_panels(now, seconds)
        if state.open_scene:
            self._draw_scene(state.open_scene, now)
        self._draw_panels(refresh)
        if state.screenshot_wanted:
            self._try("Taking a screenshot", self._take_screenshot)
        self._keep_house()
        with state.profiler.part("Waiting for GL"):
            wait_for_gl(self.ctx)

    def close(self) -> None:
        self._heap.close()

    def _take_in(self, seconds: float) -> None:
        """Collect what was read in the background, and the user's input."""
        services = self.context.services
        self._try("Opening the scene", lambda: scene_frame.open_planned(self.context, self.ctx))
        self._try("Walking", lambda: scene_frame.move(self.context, self.controls, seconds))
        self._try("A file", services.io.poll)
        self._try("The gallery", lambda: services.gallery.update(self.context.state.clock()))
        self._try("Exporting the world", services.export.update)
        self._try("Reading a world", services.worlds.update)

    def _begin_panels(self, now: float, seconds: float) -> None:
        state, shell, platform = self.context.state, self.shell, self.context.platform
        state.overlays.now = now
        shell.theme_name = state.session.view.theme
        self.pictures.update()
        self.context.services.unet_view.update()
        shell.begin(platform.size, platform.pixels, platform.scale, seconds)
        density = platform.pixels[0] / max(1, platform.size[0])
        state.scene_box = SceneBox(shell.scene_box, density, platform.scale)

    def _draw_scene(self, open_scene: OpenScene, now: float) -> None:
        context = self.context
        self._try("Changing the surfaces", lambda: scene_frame.change_surfaces(context, open_scene))
        self._try("Building the scene", lambda: scene_frame.rebuild(context, open_scene))
        self._try("Painting", lambda: scene_frame.paint(context, open_scene, now))
        self._try("Drawing the scene", lambda: self.shell.show_scene(scene_frame.draw(context, open_scene)))

    def _draw_panels(self, refresh: bool) -> None:
        state, platform = self.context.state, self.context.platform
        before = state.session
        facts = panel_context(self.context, self.shell, self.pictures, self._do)
        drawn = self.shell.draw(facts, state.profiler)
        if state.session is before:  # a change by an action has priority over one by a panel
            state.session = drawn
        with state.profiler.part("Drawing the panels"):
            self.shell.end()
            shown = () if refresh else self._describe_content()
            self.changed = refresh or shown != self._shown
            self._shown = shown
            if self.changed:
                self._show(platform.target, platform.pixels)

    def _describe_content(self) -> tuple[object, ...]:
        """Equal for frames that look equal. While somebody touches something it isn't asked for: comparing costs a part of drawing."""
        services = self.context.services
        pictures = services.viewport.drawn, services.unet_view.drawn, self.pictures.uploads
        return self.context.platform.pixels, *pictures, *self.shell.fingerprint()

    def _show(self, target: moderngl.Framebuffer, size: Size) -> None:
        target.use()
        self.ctx.clear(*BACKGROUND, viewport=(0, 0, *size))
        self.shell.render(target)

    def _take_screenshot(self) -> None:
        self.context.state.screenshot_wanted = False
        target = framebuffer(self.ctx, self.context.platform.pixels)
        self._show(target, target.size)
        export_picture(self.context, pixels(target))

    def _keep_house(self) -> None:
        """Do the bookkeeping between frames."""
        state, services, platform = self.context.state, self.context.services, self.context.platform
        watched = state.clock() - state.watched_at < WATCHED
        decoded = watched and state.session.live.preview == "decoded"
        self.context.worker.watch(PreviewOptions(decoded=decoded, closely=watched))
        if not self.shell.editing and state.builder.press is None:
            state.history = state.history.to(state.edited)
        self._helped += 0.0 if state.scene_covered else state.frame_seconds[-1]
        enough = HINT_SECONDS / 3 if self.controls.walked else HINT_SECONDS
        state.overlays.first_help &= self._helped < enough
        self._try("Looking for fonts", self._find_fonts)
        self._try("Saving by itself", lambda: services.autosave.update(state.clock()))
        self._try("Noting what is open", services.recovery.update)
        self._heap.update(state.clock())
        platform.set_title(f"{state.scene.name} · {status_text(state, services)} · Rayverie")
        if not state.looking:
            platform.show_cursor(self.shell.cursor)

    def _find_fonts(self) -> None:
        """Fonts for prompts in other scripts."""
        state = self.context.state
        if missing := self.shell.fonts.update(state.clock()):
            state.notify(
                f"No font of this system has {missing[:12]} ({_names(missing[:3])}); they show as boxes", "warning"
            )

    def _try(self, what: str, part: Callable[[], None]) -> None:
        run_guarded(self.context.state, what, part)


def _names(letters: str) -> str:
    return ", ".join(unicodedata.name(letter, f"U+{ord(letter):04X}").lower() for letter in letters)

"""All services of the program, created in order of their dependencies."""

from __future__ import annotations

from dataclasses import dataclass

import moderngl

from app.files.journals import Journals
from app.services.autosave import Autosave
from app.services.background_io import BackgroundIO
from app.services.brush_strokes import BrushStrokes
from app.services.crash_recovery import CrashRecovery
from app.services.model_list import ModelLister
from app.services.picture_gallery import PictureGallery
from app.services.prompt_dice import PromptDice
from app.services.prompt_suggestions import PromptSuggestions
from app.services.scene_opener import SceneOpener
from app.services.scene_pictures import ScenePictures
from app.services.scene_rebuild import SceneRebuild
from app.services.texel_strokes import TexelStrokes
from app.services.unet_view import UnetRenderer
from app.services.viewport import Viewport
from app.services.world_export import WorldExport
from app.services.world_files import WorldFiles
from app.state.app_state import AppState


@dataclass
class Services:
    """One instance of each service. Use on the GL thread only."""

    io: BackgroundIO
    opener: SceneOpener
    rebuild: SceneRebuild
    strokes: TexelStrokes
    brush_strokes: BrushStrokes
    viewport: Viewport
    unet_view: UnetRenderer
    worlds: WorldFiles
    autosave: Autosave
    recovery: CrashRecovery
    export: WorldExport
    suggestions: PromptSuggestions
    dice: PromptDice
    gallery: PictureGallery
    pictures: ScenePictures
    models: ModelLister

    @classmethod
    def create(cls, ctx: moderngl.Context, state: AppState) -> Services:
        io, journals, viewport, rebuild = BackgroundIO(), Journals(), Viewport(ctx), SceneRebuild(state.scene)
        strokes = TexelStrokes(rebuild.stash)

        def forget_replaced_paint() -> None:
            strokes.forget()
            rebuild.forget_paint()
            viewport.forget()

        worlds = WorldFiles(state, io, journals, forget_replaced_paint)
        return cls(
            io=io,
            opener=SceneOpener(),
            rebuild=rebuild,
            strokes=strokes,
            brush_strokes=BrushStrokes(state, strokes),
            viewport=viewport,
            unet_view=UnetRenderer(ctx),
            worlds=worlds,
            autosave=Autosave(state, io, journals, worlds, rebuild),
            recovery=CrashRecovery(state, io, worlds),
            export=WorldExport(),
            suggestions=PromptSuggestions(),
            dice=PromptDice(),
            gallery=PictureGallery(state),
            pictures=ScenePictures(state, io, viewport),
            models=ModelLister(state.folders.config),
        )

    @property
    def undo_bytes(self) -> int:
        """Bytes kept for undo, without the history of scene edits."""
        return self.strokes.bytes + self.rebuild.stash.bytes

    def forget_paint(self) -> None:
        """Forget what is kept of the surfaces' paint, which goes for good."""
        self.strokes.reset()
        self.rebuild.forget_paint()
        self.viewport.forget()

    def close(self) -> None:
        """Wait for all threads; running writes finish, but an export stops."""
        self.export.close()
        self.rebuild.close()
        self.opener.close()
        self.io.close()
        self.worlds.close()
        self.suggestions.close()
        self.dice.close()
        self.gallery.close()
        self.models.close()
        self.unet_view.release()

"""Collects a frame's facts for the panels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from app.actions.availability import why_not
from app.actions.context import ActionContext
from app.explorer.status import status_text
from app.gui.pictures import Pictures
from app.panels.context import PanelContext
from app.panels.shell import Shell


def panel_context(context: ActionContext, shell: Shell, pictures: Pictures, do: Callable[..., None]) -> PanelContext:
    """do: runs an action by its name."""
    state, services, platform = context.state, context.services, context.platform
    return PanelContext(
        session=state.session,
        scene=state.scene,
        route=state.route,
        travel=state.travel,
        brush=state.brush,
        builder=state.builder,
        source=state.source,
        comparison=state.comparison,
        camera=state.camera,
        open_scene=state.open_scene,
        status=status_text(state, services),
        log=state.log,
        frames=np.array(state.frame_seconds),
        timeline=state.timeline,
        inspection=state.inspection,
        tour=state.tour,
        pictures=state.pictures,
        overlays=state.overlays,
        now=state.clock(),
        palette=shell.palette,
        scale=platform.scale,
        scene_box=shell.scene_box,
        scene_covered=state.scene_covered,
        bindings=state.keys.bindings,
        changed_keys=state.keys.changes,
        key_captions=platform.key_captions,
        undo_bytes=services.undo_bytes + state.history.bytes,
        folders=state.folders,
        recent=state.recent,
        versions=services.worlds.list_versions,
        presets=state.presets,
        suggestions=services.suggestions,
        dice=services.dice,
        scene_picture=services.pictures.of,
        models=services.models,
        loading=state.loading,
        do=do,
        why_not=lambda name: why_not(context, name),
        picture=lambda key, image: shell.picture(pictures.texture(key, image)),
        unet=lambda anatomy, view, now: shell.picture(services.unet_view.draw(anatomy, view, now)),
    )

"""The action that exports the world: it saves all paint, then writes the saved world as a GLB file in the background."""

from __future__ import annotations

from pathlib import Path

from app.actions.context import ActionContext
from app.actions.save import save_world
from base.outputs import Output, refuse_outputs


def export_world(context: ActionContext, out: Path) -> None:
    """Save the world, then write it as the GLB file `out`. If `out` can't be written, a message says so before anything is saved."""
    services, world = context.services, context.services.worlds.file

    def start() -> None:
        open_scene = context.state.open_scene
        if services.export.busy:
            context.state.notify("Another export is running; wait until it is finished", "warning")
        elif open_scene is not None:
            done = f"World exported: {out}"
            services.export.start(world, open_scene.scene, out, lambda: context.state.notify(done))

    services.io.submit(
        lambda: refuse_outputs([Output("Export world", out)], [("this scene", world)]),
        lambda _: save_world(context, start),
    )


def stop_export(context: ActionContext) -> None:
    """Stop the export that is running; no file of it is left."""
    export = context.services.export
    if export.busy:
        export.cancel()
    context.state.notify("Export stopped" if export.busy else "No export is running")

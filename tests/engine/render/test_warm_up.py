"""After the warm-up nothing that is drawn compiles anything any more."""

from __future__ import annotations

import moderngl
import numpy as np
import pytest

from engine.gl.targets import release_framebuffer
from engine.render.renderer import MODES, Renderer
from engine.render.warm_up import warm_up_slices
from engine.unet_view.drawing import UnetDrawing, UnetView
from engine.unet_view.layout import lay_out
from engine.unet_view.orbit import Orbit
from tests.engine.unet_view.network import network
from tests.engine.village import CAMERAS, SIZE, dreamed


def test_all_programs_are_there_before_they_are_needed(
    ctx, volume, charts, scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    compiled = moderngl.Context.program

    def program(self: moderngl.Context, **sources: str) -> moderngl.Program:
        made.append(sources["fragment_shader"])
        return compiled(self, **sources)

    monkeypatch.setattr(moderngl.Context, "program", program)
    _ = ctx.error  # of tests before this one
    ctx.extra = None  # as if nothing had been drawn
    assert sum(1 for _ in warm_up_slices(ctx)) > 20
    known = len(made)
    assert known > 10
    programs = dict(ctx.extra)
    renderer = Renderer(ctx, charts, scene, volume)
    target = ctx.framebuffer([ctx.texture(SIZE, 4)], ctx.depth_renderbuffer(SIZE))
    for camera in CAMERAS.values():
        gathered = volume.gather(camera, SIZE)
        volume.write_mask(gathered, 10)
        volume.scatter(gathered, dreamed(camera))
        volume.find_visible_texels(camera, SIZE, np.ones(SIZE[::-1]))
        for mode in MODES:
            renderer.draw(target, camera, SIZE, mode, mark_frozen=True, daylight=0.5)
    anatomy, drawing = lay_out(network()), UnetDrawing(ctx)
    drawing.draw(anatomy, UnetView(Orbit().camera(anatomy, SIZE), SIZE), 0.5)
    drawing.release()
    assert len(made) == known and ctx.extra == programs
    assert ctx.error == "GL_NO_ERROR"
    release_framebuffer(target)
    renderer.release()

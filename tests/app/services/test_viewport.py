"""The scene's picture: whole in the frame where the camera moves or a hand paints, band by band where a dream is laid at rest."""

from __future__ import annotations

from dataclasses import replace

import moderngl
import numpy as np
import pytest

from app.loop.inline_worker import InlineWorker
from app.loop.open_scene import OpenScene, plan
from app.loop.paint_now import paint_view
from app.services import viewport as module
from app.services.viewport import Viewport
from app.session import PaintSettings, Session, ViewSettings
from diffusion.settings import DreamSettings
from engine.gl.context import wait_for_gl
from engine.gl.targets import release_framebuffer
from engine.render.smooth import SmoothDrawing
from scenes.camera import Camera
from scenes.load import load_scene

SIZE = (320, 180)
HERE = Camera.look_at((4.0, 2.2, 7.5), (4.0, 1.0, 2.0), fov=70)
VIEW = ViewSettings()


@pytest.fixture
def open_scene(ctx, tiny_scene, fake_model, fake_dream, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("engine.gl.time_sliced.PIXELS_PER_SLICE", 4096)
    monkeypatch.setattr(module, "PIECE", 0.0)
    session = Session(dream=DreamSettings(steps=3), paint=PaintSettings(sky=False))
    open_scene = OpenScene(ctx, plan(load_scene(tiny_scene)), session, InlineWorker(fake_model, fake_dream))
    open_scene.volume.revision = 1  # as if something had been painted before
    yield open_scene
    open_scene.release()


def shot(texture: moderngl.Texture, ctx: moderngl.Context) -> np.ndarray:
    wait_for_gl(ctx)
    return np.frombuffer(texture.read(), np.uint8).reshape(SIZE[1], SIZE[0], 4)[..., :3]


def fresh(open_scene: OpenScene, view: ViewSettings = VIEW, smooth: bool = False) -> np.ndarray:
    """What should be shown now; smooth: after a while at rest."""
    target = open_scene.ctx.framebuffer([open_scene.ctx.texture(SIZE, 4)], open_scene.ctx.depth_renderbuffer(SIZE))
    open_scene.renderer.full_steps = 3.0
    if smooth:
        where = open_scene.renderer, target, HERE, SIZE, view.mode
        for _ in SmoothDrawing(open_scene.ctx).draw_slices(*where, daylight=view.daylight):
            pass
    else:
        open_scene.renderer.draw(target, HERE, SIZE, view.mode, daylight=view.daylight)
    picture = shot(target.color_attachments[0], open_scene.ctx)  # type: ignore[arg-type]
    release_framebuffer(target)
    return picture


def wait(viewport: Viewport, open_scene: OpenScene, frames: int = 200) -> list[np.ndarray]:
    """The pictures of `frames` frames at rest."""
    return [shot(viewport.draw(open_scene, HERE, SIZE, VIEW, 3), open_scene.ctx) for _ in range(frames)]


def test_edges_get_smooth_at_rest_band_by_band_and_all_at_once(open_scene, ctx) -> None:
    viewport = Viewport(ctx)
    pictures = wait(viewport, open_scene)
    bare, smooth = fresh(open_scene), fresh(open_scene, smooth=True)
    assert (bare != smooth).any()
    assert sum((p == bare).all() for p in pictures) > 40
    assert all((p == bare).all() or (p == smooth).all() for p in pictures) and (pictures[-1] == smooth).all()
    assert viewport.drawn == 1
    moved = viewport.draw(open_scene, HERE.with_changes(fov=80.0), SIZE, VIEW, 3)
    assert viewport.drawn == 2 and (shot(moved, ctx) != smooth).any()
    assert (wait(viewport, open_scene, 1)[0] == bare).all()


def test_frames_with_other_work_update_a_still_picture_in_turns(open_scene, ctx, monkeypatch) -> None:
    worked = []
    monkeypatch.setattr(module.TimeSlicedTask, "run_for", lambda *_: worked.append(True) and False)
    viewport = Viewport(ctx)
    for _ in range(1 + 3 * module.TURN):  # the first draws the whole picture
        viewport.draw(open_scene, HERE, SIZE, VIEW, 3, other_work=True)
    assert len(worked) == 3
    viewport.draw(open_scene, HERE, SIZE, VIEW, 3)
    assert len(worked) == 4
    for _ in range(3):  # ten a second: what is erased or painted would appear late
        viewport.draw(open_scene, HERE, SIZE, VIEW, 3, other_work=True, calm=True)
    assert len(worked) == 7


def test_a_scene_that_is_set_up_anew_while_its_picture_is_drawn_is_shown_at_once(open_scene, ctx) -> None:
    viewport = Viewport(ctx)
    wait(viewport, open_scene, 3)
    open_scene.painter.collect()  # which model there is
    assert open_scene.painter.client.model is not None
    open_scene.renew(open_scene.painter.session, open_scene.painter.client.model)
    open_scene.volume.revision = 1
    assert (wait(viewport, open_scene, 1)[0] == fresh(open_scene)).all() and viewport.drawn == 2
    assert (wait(viewport, open_scene)[-1] == fresh(open_scene, smooth=True)).all()


def test_a_mode_that_is_never_smooth_is_drawn_once(open_scene, ctx, monkeypatch: pytest.MonkeyPatch) -> None:
    viewport, view = Viewport(ctx), replace(VIEW, mode="depth")
    viewport.draw(open_scene, HERE, SIZE, view, 3)
    monkeypatch.setattr(module.TimeSlicedTask, "run_for", lambda *_: pytest.fail("drawn again"))
    for _ in range(3):
        viewport.draw(open_scene, HERE, SIZE, view, 3)


def test_what_is_laid_at_rest_is_shown_band_by_band_and_all_at_once(open_scene, ctx) -> None:
    viewport = Viewport(ctx)
    bare = wait(viewport, open_scene)[-1]
    paint_view(open_scene.painter, HERE, SIZE)
    painted = fresh(open_scene, smooth=True)
    assert (painted != bare).any()
    pictures = wait(viewport, open_scene)
    assert sum((p == bare).all() for p in pictures) > 40
    assert all((p == bare).all() or (p == painted).all() for p in pictures) and (pictures[-1] == painted).all()
    assert viewport.drawn == 1


def test_the_first_paint_of_all_is_shown_at_once(open_scene, ctx) -> None:
    viewport, open_scene.volume.revision = Viewport(ctx), 0
    for _ in range(3):
        viewport.draw(open_scene, HERE, SIZE, VIEW, 3)
    assert viewport.drawn == 1
    paint_view(open_scene.painter, HERE, SIZE)
    assert (shot(viewport.draw(open_scene, HERE, SIZE, VIEW, 3), ctx) == fresh(open_scene)).all()


@pytest.mark.parametrize("change", ["camera", "mode", "size", "forget"])
def test_what_the_user_changes_is_shown_in_the_next_frame(open_scene, ctx, change) -> None:
    viewport = Viewport(ctx)
    camera, size, view = HERE, (160, 96), VIEW
    viewport.draw(open_scene, HERE.with_changes(fov=80.0) if change == "camera" else HERE, SIZE, VIEW, 3)
    paint_view(open_scene.painter, HERE, SIZE)
    viewport.draw(open_scene, HERE.with_changes(fov=80.0) if change == "camera" else HERE, SIZE, VIEW, 3)  # a band
    if change == "forget":
        viewport.forget()
    view = replace(VIEW, mode="depth") if change == "mode" else VIEW
    size = (160, 96) if change == "size" else SIZE
    texture = viewport.draw(open_scene, camera, size, view, 3)
    assert texture.size == size and viewport.drawn == 2
    if size == SIZE:
        assert (shot(texture, ctx) == fresh(open_scene, view)).all()


def test_a_hand_that_goes_on_painting_sees_it_at_once(open_scene, ctx) -> None:
    viewport = Viewport(ctx)
    viewport.draw(open_scene, HERE, SIZE, VIEW, 3)
    paint_view(open_scene.painter, HERE, SIZE)
    viewport.draw(open_scene, HERE, SIZE, VIEW, 3)
    open_scene.volume.erase()
    shown = viewport.draw(open_scene, HERE, SIZE, VIEW, 3, painting=True)
    assert (shot(shown, ctx) == fresh(open_scene)).all() and viewport.drawn == 2


def test_what_goes_on_changing_without_a_hand_is_shown_in_the_end(open_scene, ctx) -> None:
    viewport = Viewport(ctx)
    viewport.draw(open_scene, HERE, SIZE, VIEW, 3)
    paint_view(open_scene.painter, HERE, SIZE)
    painted = fresh(open_scene, smooth=True)
    for _ in range(200):
        open_scene.volume.revision += 1
        shown = viewport.draw(open_scene, HERE, SIZE, VIEW, 3)
    assert (shot(shown, ctx) == painted).all()
    open_scene.volume.erase()
    assert (wait(viewport, open_scene)[-1] == fresh(open_scene, smooth=True)).all() and viewport.drawn == 1

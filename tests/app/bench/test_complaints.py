"""An error of GL is told with the lines of Python that led to it."""

from __future__ import annotations

import moderngl

from app.bench.soak.complaints import listening


def bound_and_gone(ctx: moderngl.Context) -> None:
    """moderngl goes back to a framebuffer that isn't there any more."""
    frame = ctx.framebuffer([ctx.texture((8, 8), 4)])
    frame.use()
    frame.release()
    ctx.framebuffer([ctx.texture((8, 8), 4)]).use()


def test_an_error_says_where_it_was_made(ctx) -> None:
    with listening(ctx) as told:
        ctx.framebuffer([ctx.texture((8, 8), 4)]).use()
        assert not told
        bound_and_gone(ctx)
    (text,) = told
    assert "GL_INVALID_OPERATION" in text and "bound_and_gone" in text
    assert ctx.error == "GL_INVALID_OPERATION"
    bound_and_gone(ctx)
    assert sum(told.values()) == 1 and ctx.error == "GL_INVALID_OPERATION"

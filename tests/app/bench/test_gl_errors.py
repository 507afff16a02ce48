"""An error of GL is errors with the lines of Python that led to it."""

from __future__ import annotations

import moderngl

from app.bench.soak.gl_errors import record_gl_errors


def bound_and_gone(ctx: moderngl.Context) -> None:
    """moderngl goes back to a framebuffer that isn't there any more."""
    frame = ctx.framebuffer([ctx.texture((8, 8), 4)])
    frame.use()
    frame.release()
    ctx.framebuffer([ctx.texture((8, 8), 4)]).use()


def test_an_error_says_where_it_was_made(ctx) -> None:
    with record_gl_errors(ctx) as errors:
        ctx.framebuffer([ctx.texture((8, 8), 4)]).use()
        assert not errors
        bound_and_gone(ctx)
    (text,) = errors
    assert "GL_INVALID_OPERATION" in text and "bound_and_gone" in text
    assert ctx.error == "GL_INVALID_OPERATION"
    bound_and_gone(ctx)
    assert sum(errors.values()) == 1 and ctx.error == "GL_INVALID_OPERATION"

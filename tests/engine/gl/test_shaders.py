"""Uniforms: what was set last is what a program has, however often it is set."""

from __future__ import annotations

from engine.gl.shaders import set_uniforms


def test_a_uniform_has_the_value_that_was_set_last(ctx) -> None:
    program = ctx.program(
        vertex_shader="#version 330 core\nuniform float a;\nuniform vec2 b;\nvoid main() { gl_Position = vec4(a, b, 1); }"
    )
    for a, b in ((1.0, (1.0, 2.0)), (1.0, (3.0, 2.0)), (2.0, (3.0, 2.0)), (1.0, (1.0, 2.0))):
        set_uniforms(program, a=a, b=b, unknown=3)
        assert (program["a"].value, program["b"].value) == (a, b)
    program.release()

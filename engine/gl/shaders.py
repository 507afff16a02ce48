"""Loads *.glsl files: resolves `#include "common/x.glsl"`, adds `#define`s and keeps compiled programs per context."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import moderngl

FOLDER = Path(__file__).parents[2] / "shaders"
_INCLUDE = re.compile(r'^[ \t]*#include "([^"]+)"[ \t]*$', re.MULTILINE)


def load_shader_source(name: str, defines: Mapping[str, object] | None = None) -> str:
    """Return the GLSL 3.30 text of ``shaders/<name>.glsl``; each included file is pasted in once."""
    pasted: set[str] = set()

    def paste(path: str) -> str:
        if path in pasted:
            return ""
        pasted.add(path)
        return _INCLUDE.sub(lambda found: paste(found[1]), (FOLDER / path).read_text(encoding="utf-8"))

    head = "".join(f"#define {key} {value}\n" for key, value in (defines or {}).items())
    return f"#version 330 core\n{head}{paste(f'{name}.glsl')}"


def get_program(
    ctx: moderngl.Context, vertex: str, fragment: str, defines: Mapping[str, object] | None = None
) -> moderngl.Program:
    """Compile and link two shader files, e.g. ``get_program(ctx, "vertex/chart_view", "display/depth")``.

    The same files and defines give the same program, so a rebuilt scene compiles nothing. Programs are therefore shared: set all
    uniforms before each draw, and never release one.
    """
    ctx.extra = programs = ctx.extra or {}  # moderngl's slot for user data of a context
    key = vertex, fragment, tuple((defines or {}).items())
    if key not in programs:
        programs[key] = ctx.program(
            vertex_shader=load_shader_source(vertex, defines), fragment_shader=load_shader_source(fragment, defines)
        )
    return programs[key]


def set_uniforms(shader: moderngl.Program, **values: object) -> None:
    """Set the uniforms that the program has; the compiler drops unused ones. Values that were set last are not set again, so use
    nothing else to set them."""
    shader.extra = known = shader.extra or {}
    for name, value in values.items():
        if name in known and known[name] == value:
            continue
        known[name] = value
        member = shader.get(name, None)
        if not isinstance(member, moderngl.Uniform):
            continue
        if isinstance(value, bytes):
            member.write(value)
        else:
            member.value = value

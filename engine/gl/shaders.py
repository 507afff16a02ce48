"""Loads the *.glsl files: `#include "common/x.glsl"` once each, `#define`s from Python, programs kept per context."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import moderngl

FOLDER = Path(__file__).parents[2] / "shaders"
_INCLUDE = re.compile(r'^[ \t]*#include "([^"]+)"[ \t]*$', re.MULTILINE)


def source(name: str, defines: Mapping[str, object] | None = None) -> str:
    """The GLSL 3.3 text of ``shaders/<name>.glsl`` with its includes pasted in, each file once."""
    seen: set[str] = set()

    def paste(path: str) -> str:
        if path in seen:
            return ""
        seen.add(path)
        return _INCLUDE.sub(lambda found: paste(found[1]), (FOLDER / path).read_text(encoding="utf-8"))

    head = "".join(f"#define {key} {value}\n" for key, value in (defines or {}).items())
    return f"#version 330 core\n{head}{paste(f'{name}.glsl')}"


def program(
    ctx: moderngl.Context, vertex: str, fragment: str, defines: Mapping[str, object] | None = None
) -> moderngl.Program:
    """Compile and link two shader files, e.g. ``program(ctx, "chart_view", "gbuffer")``. One program for everyone who asks
    for the same: a scene that is built anew costs no compiling. So whoever draws sets all its uniforms, and none releases it.
    """
    ctx.extra = kept = ctx.extra or {}  # moderngl's place for what belongs to a context
    key = vertex, fragment, tuple((defines or {}).items())
    if key not in kept:
        kept[key] = ctx.program(vertex_shader=source(vertex, defines), fragment_shader=source(fragment, defines))
    return kept[key]


def set_uniforms(shader: moderngl.Program, **values: object) -> None:
    """Set those of the uniforms that the compiler kept (it drops unused ones)."""
    for name, value in values.items():
        member = shader.get(name, None)
        if not isinstance(member, moderngl.Uniform):
            continue
        if isinstance(value, bytes):
            member.write(value)
        else:
            member.value = value

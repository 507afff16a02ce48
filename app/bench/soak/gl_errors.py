"""Record GL errors with the Python stack that caused them; `ctx.error` reports them only a frame later."""

from __future__ import annotations

import ctypes
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes.util import find_library

import moderngl

DEBUG_OUTPUT, SYNCHRONOUS, TYPE_ERROR, DONT_CARE = 0x92E0, 0x8242, 0x824C, 0x1100  # GL_DEBUG_…
MAX_CALLS = 8  # lines of a recorded stack
_INT = ctypes.c_uint
_CALLBACK = ctypes.CFUNCTYPE(None, _INT, _INT, _INT, _INT, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)


@contextmanager
def record_gl_errors(ctx: moderngl.Context) -> Iterator[Counter[str]]:
    """Within the block, counts this context's errors by message and stack. Stays empty if GL has no debug output."""
    errors: Counter[str] = Counter()

    def on_message(_source: int, kind: int, _id: int, _weight: int, _length: int, text: bytes, _user: object) -> None:
        if kind == TYPE_ERROR:
            errors[
                text.decode(errors="replace") + "\n" + "".join(traceback.format_stack(limit=MAX_CALLS + 1)[:-1])
            ] += 1

    name, callback = find_library("GL"), _CALLBACK(on_message)
    gl = ctypes.CDLL(name) if name and (ctx.version_code >= 430 or "GL_KHR_debug" in ctx.extensions) else None
    if gl is None or not hasattr(gl, "glDebugMessageCallback"):
        yield errors
        return
    flags = [what for what in (DEBUG_OUTPUT, SYNCHRONOUS) if not gl.glIsEnabled(what)]
    for what in flags:
        gl.glEnable(what)
    gl.glDebugMessageCallback(callback, None)
    gl.glDebugMessageControl(DONT_CARE, TYPE_ERROR, DONT_CARE, 0, None, 1)
    try:
        yield errors
    finally:
        gl.glDebugMessageCallback(None, None)
        for what in flags:
            gl.glDisable(what)

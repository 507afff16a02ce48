"""A GL context without a window, and waiting for GL without holding the interpreter lock."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from ctypes.util import find_library
from functools import cache
from typing import Any

import moderngl

from base.errors import InputError

# glFinish acts on the thread's current context in each of these libraries, so the first one that loads is enough.
_LIBRARIES = {
    "linux": ("libOpenGL.so.0", "libGL.so.1", "libGLESv2.so.2", find_library("GL")),
    "darwin": ("/System/Library/Frameworks/OpenGL.framework/OpenGL",),
    "win32": ("opengl32",),
}


def create_headless_context() -> moderngl.Context:
    """Create a GL 3.3 core context without a display: by EGL on Linux, with a hidden window elsewhere. InputError without GL 3.3."""
    backend: dict[str, Any] = {"backend": "egl"} if sys.platform.startswith("linux") else {}
    try:
        ctx = moderngl.create_context(standalone=True, require=330, **backend)
    except Exception as error:  # moderngl raises bare Exceptions; their text is the only information
        raise InputError(
            "OpenGL",
            "",
            f"3.3 could not be started on this machine ({error}); "
            "a driver is needed, Mesa's software driver will do (Debian and Ubuntu: apt-get install libegl1 libgl1)",
        ) from error
    ctx.gc_mode = "context_gc"
    return ctx


def renderer_name(ctx: moderngl.Context) -> str:
    """GL_RENDERER, e.g. ``llvmpipe (LLVM 15.0.6, 256 bits)``."""
    return str(ctx.info["GL_RENDERER"])


def wait_for_gl(ctx: moderngl.Context) -> None:
    """Wait until GL has finished all work, while other Python threads keep running.

    moderngl's own `finish` and `read` hold the interpreter lock while the driver works, which starves a worker thread; a call
    through ctypes does not. Call this before every read or swap.
    """
    wait = _gl_finish()
    if wait is None:
        ctx.finish()
    else:
        wait()


@cache
def _gl_finish() -> Callable[[], None] | None:
    loader = ctypes.WinDLL if sys.platform == "win32" else ctypes.CDLL  # type: ignore[attr-defined]
    for name in _LIBRARIES.get(sys.platform, ("libGL.so.1",)):
        if not name:
            continue
        try:
            function = loader(name).glFinish
        except (OSError, AttributeError):
            continue
        function.argtypes, function.restype = (), None
        return function
    return None

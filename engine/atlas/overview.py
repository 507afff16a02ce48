"""Smaller copies of a page's colours for distant views. Unlike GL's own mip levels they can be updated in parts."""

from __future__ import annotations

import moderngl
import numpy as np

from engine.atlas.page import Page
from engine.geometry.mesh import PartQuads
from engine.geometry.pack import PAGE
from engine.gl.context import wait_for_gl
from engine.gl.shaders import get_program, set_uniforms

_COLOUR = 7  # a texture unit that no other pass of a scatter uses


class OverviewPass:
    """Draws `Page.overview` from `Page.colour`: the whole page, or parts of charts."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self.ctx = ctx
        self._quads = PartQuads(ctx)
        self._parts = get_program(ctx, "vertex/chart_page", "atlas/overview")
        self._page = get_program(ctx, "vertex/full_target", "atlas/overview")
        self._whole = ctx.vertex_array(self._page, [])

    def draw(self, page: Page, parts: np.ndarray | None = None) -> None:
        """parts: vertices from `Charts.make_vertices`, float32 [n,4,13]; None: the whole page."""
        self.ctx.disable(moderngl.BLEND | moderngl.CULL_FACE | moderngl.DEPTH_TEST)
        wait_for_gl(self.ctx)  # otherwise sampling waits for the colours while holding the interpreter lock
        page.colour.use(_COLOUR)
        page.overview_frame.use()
        if parts is None:
            set_uniforms(self._page, colour=_COLOUR)
            self._whole.render(moderngl.TRIANGLES, vertices=3)
        else:
            set_uniforms(self._parts, colour=_COLOUR, page_size=float(PAGE))
            self._quads.draw(self._parts, parts)
        wait_for_gl(self.ctx)
        page.overview.build_mipmaps(0, 1)
        page.overview_outdated = False

"""The three pictures drawn over one another: background, still parts, moving parts."""

from __future__ import annotations

import moderngl

from engine.gl.targets import release_framebuffer


class PictureLayers:
    """Framebuffers of one size; each starts as a copy of the one below. `still` and `live` share their depth, so that still parts hide
    moving ones."""

    def __init__(self, ctx: moderngl.Context, size: tuple[int, int]) -> None:
        self.ctx, self.size = ctx, size
        depth = ctx.depth_renderbuffer(size)
        behind, still, live = (ctx.texture(size, 4) for _ in range(3))
        self.behind = ctx.framebuffer([behind])
        self.still, self.live = ctx.framebuffer([still], depth), ctx.framebuffer([live], depth)
        self._still = ctx.framebuffer([still])  # without depth, which would be copied onto itself

    def start_still(self) -> moderngl.Framebuffer:
        self.still.use()
        self.still.depth_mask = True
        self.still.clear(depth=1.0)
        self.ctx.copy_framebuffer(self.still, self.behind)
        return self.still

    def start_live(self) -> moderngl.Framebuffer:
        self.ctx.copy_framebuffer(self.live, self._still)
        self.live.use()
        self.live.depth_mask = False
        return self.live

    def release(self) -> None:
        for frame in (self.live, self._still, self.still, self.behind):
            release_framebuffer(frame)

"""Whatever allocation of a page fails: the atlas is as it was, nothing stays allocated, and the next try works."""

from __future__ import annotations

from typing import Any

import moderngl
import pytest

from base.errors import InputError
from engine.atlas.pages import Atlas


class ScarceContext:
    """A GL context whose n-th allocation fails; `alive`: what it has allocated and nobody released."""

    def __init__(self, ctx: moderngl.Context, fails: int, error: type[Exception]) -> None:
        self.ctx, self.fails, self.error, self.calls, self.made = ctx, fails, error, 0, []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ctx, name)

    def _allocate(self, name: str, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        if self.calls == self.fails:
            raise self.error("out of memory")
        self.made.append(getattr(self.ctx, name)(*args, **kwargs))
        return self.made[-1]

    def texture(self, *args: Any, **kwargs: Any) -> moderngl.Texture:
        return self._allocate("texture", *args, **kwargs)

    def framebuffer(self, *args: Any, **kwargs: Any) -> moderngl.Framebuffer:
        return self._allocate("framebuffer", *args, **kwargs)

    @property
    def alive(self) -> int:
        return sum(not isinstance(made.mglo, moderngl.InvalidObject) for made in self.made)


@pytest.mark.parametrize("error", [moderngl.Error, MemoryError])
def test_a_page_is_allocated_whole_or_not_at_all(ctx: moderngl.Context, error: type[Exception]) -> None:
    atlas = Atlas(ctx, 4)
    for fails in range(1, 100):
        scarce = ScarceContext(ctx, fails, error)
        atlas.ctx = scarce  # pyright: ignore[reportAttributeAccessIssue] (as far as pages use it)
        try:
            atlas.allocate(0)
        except InputError as told:
            assert str(told).startswith("The graphics memory is full") and 0 not in atlas and scarce.alive == 0
            continue
        break
    assert fails == scarce.calls + 1 and fails > 4
    atlas.release_page(0)
    assert scarce.alive == 0

"""The atlas on the GPU: pages of latents, state and colour, allocated when they are first painted."""

from __future__ import annotations

from collections.abc import Iterator

import moderngl

from base.grid import CELL
from engine.atlas.overview import OverviewPass
from engine.atlas.page import SHRINK, Page
from engine.geometry.pack import PAGE


class Atlas:
    """The painted pages by number."""

    def __init__(self, ctx: moderngl.Context, channels: int) -> None:
        self.ctx, self.channels = ctx, channels
        self.overview_pass = OverviewPass(ctx)
        self._pages: dict[int, Page] = {}

    def __contains__(self, number: object) -> bool:
        return number in self._pages

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._pages))

    def __len__(self) -> int:
        return len(self._pages)

    def __getitem__(self, number: int) -> Page:
        """A page that exists; KeyError otherwise."""
        return self._pages[number]

    def allocate(self, number: int) -> Page:
        if number not in self._pages:
            self._pages[number] = Page(self.ctx, self.channels)
        return self._pages[number]

    def refresh_overview(self, number: int) -> bool:
        """Bring the overview of a page up to date: before a frame begins, for it is drawn too. False: there was nothing to do."""
        page = self._pages.get(int(number))
        if page is None or not page.overview_outdated:
            return False
        self.overview_pass.draw(page)
        return True

    def detach_page(self, number: int) -> Page:
        """Part with a page, which then belongs to who asked."""
        return self._pages.pop(number)

    def attach_page(self, number: int, page: Page) -> None:
        """Own a page that was somebody else's."""
        self._pages[number] = page

    def release_page(self, number: int) -> None:
        self._pages.pop(number).release()

    def release(self) -> None:
        for number in list(self._pages):
            self.release_page(number)

    @property
    def stamp(self) -> int:
        """Of the last change on any page; what is dropped leaves no stamp."""
        return max((page.stamp for page in self._pages.values()), default=0)

    @property
    def bytes(self) -> int:
        """GPU memory of the pages."""
        texels = PAGE * PAGE
        return (
            len(self)
            * texels
            * (16 * (-(-self.channels // 4) + 1) + 4 * CELL * CELL + 4 * (CELL // SHRINK) ** 2 * 5 // 4)
        )

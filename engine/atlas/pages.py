"""The atlas on the GPU: pages of latents, state and colour, allocated when they are first painted."""

from __future__ import annotations

from collections.abc import Iterator

import moderngl

from base.errors import InputError
from base.grid import CELL
from engine.atlas.overview import OverviewPass
from engine.atlas.page import SHRINK, Page
from engine.geometry.pack import PAGE


class Atlas:
    """The allocated pages by number."""

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
        """Return an allocated page; KeyError if there is none."""
        return self._pages[number]

    def allocate(self, number: int) -> Page:
        """Return the page; create it unpainted if there is none. Raises InputError where the graphics memory is full."""
        if number not in self._pages:
            try:
                self._pages[number] = Page(self.ctx, self.channels)
            except (moderngl.Error, MemoryError) as error:
                problem = f"is full: there is no room for page {number} of the paint; what is painted stays"
                raise InputError("The graphics memory", "", problem) from error
        return self._pages[number]

    def refresh_overview(self, number: int) -> bool:
        """Update a page's overview if its colours changed; return whether it was drawn. Call before a frame, since this draws, too."""
        page = self._pages.get(int(number))
        if page is None or not page.overview_outdated:
            return False
        self.overview_pass.draw(page)
        return True

    def detach_page(self, number: int) -> Page:
        """Remove a page without releasing it; the caller owns it now."""
        return self._pages.pop(number)

    def attach_page(self, number: int, page: Page) -> None:
        """Take over a page that the caller owned."""
        self._pages[number] = page

    def release_page(self, number: int) -> None:
        """Remove a page and free its memory."""
        self._pages.pop(number).release()

    def release(self) -> None:
        """Release all pages."""
        for number in list(self._pages):
            self.release_page(number)

    @property
    def stamp(self) -> int:
        """Stamp of the last change of any page. Releasing a page leaves no stamp."""
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

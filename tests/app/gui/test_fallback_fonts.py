"""Characters that the window's font lacks get a font of the system when they are drawn; those that no font has are told once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from imgui_bundle import imgui

from app.gui import theme
from app.gui.fallback_fonts import Face, FallbackFonts, find_faces

MATHS = theme.FONTS / "latex" / "latinmodern-math.otf"
ALEF, SUN = "\u2135", "\u65e5"  # the maths font has the first one, the window's neither


@pytest.fixture
def draw() -> Iterator[Callable[[str], None]]:
    context = imgui.create_context()
    io = imgui.get_io()
    io.backend_flags |= imgui.BackendFlags_.renderer_has_textures
    io.display_size, io.delta_time = imgui.ImVec2(400, 300), 0.02
    io.set_ini_filename("")
    theme.load_fonts()

    def one(text: str) -> None:
        imgui.new_frame()
        imgui.begin("window")
        imgui.text_unformatted(text)
        imgui.end()
        imgui.render()

    yield one
    imgui.destroy_context(context)


def has(letter: str) -> bool:
    return imgui.get_io().fonts.fonts[0].is_glyph_in_font(ord(letter))


def settle(fonts: FallbackFonts) -> list[str]:
    """What is told until nothing is looked for any more."""
    told, now = [fonts.update(fonts._looked_at + 1.0 if fonts._looked_at > 0 else 1.0)], 0.0
    while fonts._found is not None:
        time.sleep(0.002)
        now += 1.0
        told.append(fonts.update(now))
    return [text for text in told if text]


def test_what_is_drawn_gets_a_font_and_the_rest_is_told_once(draw: Callable[[str], None]) -> None:
    asked: list[Sequence[int]] = []

    def find(codes: Sequence[int]) -> list[Face]:
        asked.append(codes)
        return [(theme.FONTS / "Roboto" / "LICENSE.txt", 0), (MATHS, 0)]

    fonts = FallbackFonts(find)
    draw("a brick wall, \uf00c")
    assert settle(fonts) == [] and asked == []  # Latin and the program's icons
    draw(f"{ALEF} and {SUN}")
    assert not has(ALEF)
    assert settle(fonts) == [SUN] and asked == [[ord(ALEF), ord(SUN)]]
    assert has(ALEF) and not has(SUN)
    draw(f"{ALEF} and {SUN}")
    assert settle(fonts) == [] and len(asked) == 1


def test_a_search_that_fails_costs_nothing_but_the_letters(draw: Callable[[str], None]) -> None:
    def find(codes: Sequence[int]) -> list[Face]:
        raise OSError("no such folder")

    draw(SUN)
    assert settle(FallbackFonts(find)) == [SUN]


def test_the_system_is_asked_without_an_error() -> None:
    assert all(path.is_file() and number >= 0 for path, number in find_faces([ord(SUN), ord(ALEF)]))

"""A layout that an older version wrote: what it doesn't know is put where it belongs."""

from __future__ import annotations

from app.panels.layout import add_missing_panels

OLD = """[Window][WindowOverViewport_11111111]
Pos=0,22
Size=1280,698
Collapsed=0

[Window][View]
Pos=900,22
Size=380,400
Collapsed=0
DockId=0x00000003,0

[Window][Log]
Pos=30,40
Size=300,200
Collapsed=0

[Window][Preview]
Pos=900,424
Size=380,296
DockId=0x0000000A,1

[Docking][Data]
DockSpace   ID=0x08BD597D Window=0x1BBC0F80 Pos=0,22 Size=1280,698 Split=X
"""
HOMES = {"View": "top", "Network": "top", "Preview": "bottom", "Image": "bottom", "Log": "bottom"}


def test_a_new_panel_joins_its_stack() -> None:
    text = add_missing_panels(OLD, HOMES)
    assert text.startswith(OLD)
    assert "[Window][Network]\nDockId=0x00000003,99\n" in text
    assert "[Window][Image]\nDockId=0x0000000A,99\n" in text
    assert text.count("[Window][View]") == text.count("[Window][Log]") == 1, "what is known stays, also where it floats"
    assert add_missing_panels(text, HOMES) == text


def test_without_a_neighbour_it_is_left_alone() -> None:
    assert add_missing_panels("", HOMES) == ""
    assert add_missing_panels(OLD, HOMES | {"Far": "elsewhere"}) == add_missing_panels(OLD, HOMES)

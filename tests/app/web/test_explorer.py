"""The explorer of browsers between its frames, with stand-ins for the server and what it paints."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

from app.commands import Web
from app.loop.answers import info_of
from app.loop.headless_session import PaintSaver
from app.session import Session
from app.web.explorer import WebExplorer
from base.errors import InputError
from scenes.load import load_scene


class SlowKeeper(PaintSaver):
    """Its files are written when a test says so."""

    def __init__(self) -> None:
        self.files: list[Future[None]] = []

    def save(self) -> Future[None]:
        self.files.append(Future())
        return self.files[-1]


def test_pictures_go_on_while_the_world_file_is_written(tiny_scene: Path, fake_model, monkeypatch) -> None:
    painter, keeper = MagicMock(session=Session()), SlowKeeper()
    painter.client.model = info_of(fake_model)
    headless = SimpleNamespace(
        scene=load_scene(tiny_scene), session=Session(world=Path("a.world")), model=fake_model, painter=painter
    )
    explorer = WebExplorer(MagicMock(), headless, keeper, Web())  # type: ignore[arg-type]
    said: list[str] = []
    monkeypatch.setattr(explorer, "_say", lambda title, *_: said.append(title))
    explorer.save()
    explorer.save()  # once more, while the first is under way
    explorer.frame()
    assert len(keeper.files) == 1 and said == []
    keeper.files[0].set_result(None)
    explorer.frame()
    explorer.save()
    explorer.frame()
    assert len(keeper.files) == 2 and said == ["Saved"]
    keeper.files[1].set_exception(InputError("a.world", "", "can't be written"))
    explorer.frame()
    assert said == ["Saved", "That can't be done"]

"""What `rayverie web` says when it can't start, and what it leaves out."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from app.__main__ import main
from app.commands import Web
from app.session import ModelChoice, SceneChoice
from app.web.command import without_pictures
from app.web.explorer import refuse_pictures, start_of
from base.errors import InputError
from scenes.edit import change_background
from scenes.load import load_scene


def test_without_the_extra_one_sentence_says_how_to_get_it(monkeypatch, capsys) -> None:
    monkeypatch.setattr("app.extras.find_spec", lambda name: None if name == "viser" else object())
    assert main(["web"]) == 2
    assert capsys.readouterr().err == (
        "rayverie web needs the extra `web`; install it with: pip install 'rayverie[web]'.\n"
    )


def test_what_can_not_be_is_one_sentence(tmp_path: Path, capsys) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["web", "--port", str(port), "--world", str(tmp_path / "a.world")]) == 2
    assert f"--port is 127.0.0.1:{port}, which can't be bound" in capsys.readouterr().err
    assert main(["web", "--token", "a b"]) == 2
    assert main(["web", "--world", str(tmp_path / "a.world"), "--map", str(tmp_path / "a.world")]) == 2
    assert main(["web", str(tmp_path / "nowhere")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_browsers_name_no_pictures_of_this_machine(tiny_scene: Path, capsys) -> None:
    command = Web(scene=SceneChoice(str(tiny_scene)), model=ModelChoice(ip_adapter="a.safetensors"))
    assert without_pictures(command).model == ModelChoice()
    assert capsys.readouterr().err == ("--ip-adapter has no effect: browsers name no pictures of this machine.\n")
    scene = load_scene(tiny_scene)
    refuse_pictures(scene)
    with pytest.raises(InputError, match="names a picture of this machine"):
        refuse_pictures(change_background(scene, prompt="sky <style:/etc/passwd:1>"))


def test_one_begins_at_a_path_with_the_field_of_view_asked_for(tiny_scene: Path) -> None:
    scene = load_scene(tiny_scene)
    first = scene.paths["walk"].keyframes[0].camera
    assert start_of(scene, 70.0) == first.with_changes(fov=70.0)

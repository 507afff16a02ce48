"""What reaches the terminal: no markup and no control characters of the user's, any encoding, outputs that fail."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from app.__main__ import main
from app.terminal import escape_json

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "app"]


def run(*words: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[bytes]:
    known = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run([*COMMAND, *words], cwd=cwd, env=known, capture_output=True, check=False)


def reword(scene: Path, folder: Path, **changes: str) -> Path:
    """A copy of a scene whose second material has these values."""
    folder.mkdir()
    (folder / "map.png").write_bytes((scene / "map.png").read_bytes())
    data = yaml.safe_load((scene / "materials.yaml").read_text())
    data["materials"][1] |= changes
    (folder / "materials.yaml").write_text(json.dumps(data))  # which is YAML too, and escapes what isn't ASCII
    return folder


@pytest.mark.parametrize("words", ["old [red] brick [wall:0.5]", "red [/x] wall", ":brick: 🧱", "[bold]b[/bold]"])
def test_words_are_never_markup(words: str, tiny_scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["inspect", str(reword(tiny_scene, tmp_path / "s", prompt=words))]) == 0
    assert words in capsys.readouterr().out


def test_control_characters_are_shown(tiny_scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    scene = reword(tiny_scene, tmp_path / "a\x1b[2Jb", prompt="p\x1b]0;title\x07q\u202e")
    assert main(["inspect", str(scene)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out and "\x07" not in out and "\u202e" not in out and r"\x1b]0;title" in out
    assert main(["inspect", str(scene), "--json"]) == 0
    out = capsys.readouterr().out
    assert "\x07" not in out and "\u202e" not in out
    assert json.loads(out)["materials"][1]["prompt"] == "p\x1b]0;title\x07q\u202e"
    assert json.loads(escape_json('["\x9b", 1]')) == ["\x9b", 1] and "\x9b" not in escape_json('["\x9b"]')
    assert main(["inspect", str(tmp_path / "\x1b[31m")]) == 2
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["gbk", "cp932", "cp437", "latin-1", "ascii"])
def test_any_encoding_works(encoding: str, tiny_scene: Path, tmp_path: Path) -> None:
    scene = reword(tiny_scene, tmp_path / "s", prompt="brick 🧱 é")
    for words in (["--help"], ["inspect", str(scene)]):
        done = run(*words, PYTHONIOENCODING=encoding)
        assert done.returncode == 0 and not done.stderr
        done.stdout.decode(encoding)
    assert rb"\U0001f9f1" in done.stdout


def test_outputs_that_fail_end_the_program_quietly(tiny_scene: Path) -> None:
    words = [*COMMAND, "inspect", str(tiny_scene)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, env=environment, check=False)
        assert done.returncode == 2 and done.stderr.count(b"\n") == 1 and b"No space left" in done.stderr
        done = subprocess.run(words, stderr=full, stdout=subprocess.PIPE, env=environment, check=False)
        assert done.returncode == 0 and b"atlas" in done.stdout
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(words, stdout=writer, stderr=subprocess.PIPE, env=environment, check=False)
    os.close(writer)
    assert done.returncode == 0 and not done.stderr


def test_a_deleted_working_directory_is_a_sentence(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = "import os, sys; os.rmdir(os.getcwd()); from app.__main__ import main; sys.exit(main(['inspect', '.']))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=gone,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1 and b"Traceback" not in done.stderr


def test_from_and_settings_are_read_with_an_equals_sign_too(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    missing = tmp_path / "missing"
    for words in (["generate", f"--from={missing}.png"], ["render", f"--settings={missing}.json"]):
        assert main(words) == 2
        assert "does not exist" in capsys.readouterr().err
    for words in (["generate", "--from="], ["render", "--settings"], ["render", "--settings=a", "--settings", "b"]):
        assert main(words) == 2
        assert capsys.readouterr().err.startswith(("--from names no file", "--settings names"))


def test_a_closed_terminal_leaves_nothing_temporary(tiny_scene: Path, tmp_path: Path) -> None:
    words = ["render", str(tiny_scene), "--mode", "material", "--frames", "100000", "--out", str(tmp_path / "f.mp4")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([*COMMAND, *words, "--size", "64x64"], stderr=subprocess.PIPE, env=environment)
    while not any(path.stat().st_size for path in tmp_path.iterdir()):  # frames are being written
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 130
    assert not list(tmp_path.iterdir())

"""Files from outside are regular, bounded, and text or JSON as strict as it can be; the rest is a sentence, at once."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import InputError, escape_controls
from base.reading import is_file, is_folder, parse_json, read_bytes, read_json, read_text, refuse_irregular


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "x.json does not exist; it must be a list."),
        (b"[]\n\xff\xfe", "x.json is not UTF-8 text (line 2); it must be a list."),
        ("[]".encode("utf-16"), "x.json is not UTF-8 text (line 1); it must be a list."),
        (b"\xed\xa0\xbd", "x.json is not UTF-8 text (line 1); it must be a list."),  # half of a surrogate pair
        (b" " * 2_000_000, "x.json is larger than 1 MiB; it must be a list."),
        (Path.mkdir, "x.json is a folder; it must be a list."),
        (os.mkfifo, "x.json is a FIFO; it must be a list."),
        (
            lambda path: path.symlink_to(path),
            "x.json can't be read (Too many levels of symbolic links); it must be a list.",
        ),
        (lambda path: path.symlink_to("/dev/zero"), "x.json is a device; it must be a list."),
        (lambda path: path.symlink_to("/dev/tty"), "x.json is a device; it must be a list."),
    ],
)
def test_what_is_no_text_is_told_in_a_sentence(content: Any, said: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    if callable(content):
        content(path)
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_text(path, "a list", 1 << 20)
    assert str(caught.value) == f"{tmp_path}/{said}"
    with pytest.raises(InputError):
        refuse_irregular(path, "a list", 1) if content else read_bytes(path, "a list")


def test_a_socket_is_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        with pytest.raises(InputError, match="is a socket"):
            read_bytes(tmp_path / "s", "a list")


def test_a_file_without_a_size_is_bounded_too() -> None:
    with pytest.raises(InputError, match="larger than 1 KiB"):
        read_bytes("/proc/self/maps", "a list", 1024)


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 5000])
def test_what_is_no_file_name_is_told(name: str) -> None:
    with pytest.raises(InputError) as caught:
        read_text(name, "a list")
    assert "\0" not in str(caught.value) and len(str(caught.value)) < 600
    assert not is_file(name) and not is_folder(name)


def test_undecodable_names_and_byte_order_marks_are_read(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff\n.json")
    path.write_bytes(b"\xef\xbb\xbf[1]")
    assert read_json(path, "a list") == [1] and is_file(path) and is_folder(tmp_path)
    path.write_text("{")
    with pytest.raises(InputError) as caught:
        read_json(path, "a list")
    assert str(caught.value).startswith(f"{tmp_path}/\\udcff\\n.json is not JSON")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Expecting value"),
        ("{", "Expecting property"),
        ("[" * 100_000, "nested too deeply"),
        ("[" * 102 + "]" * 102, "nested too deeply"),
        ("NaN", "NaN is no number"),
        ("[-Infinity]", "-Infinity is no number"),
        ("1e999", "a number as large as 1e999"),
        ("9" * 5000, "a number of 5000 digits"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' stands twice"),
        (r'["\ud83e"]', "half of a surrogate pair"),
        (r'{"\udcff": 1}', "half of a surrogate pair"),
    ],
)
def test_what_is_no_json_is_told_in_a_sentence(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InputError, match=r"x\.json is not JSON \(.*\); it must be a list\.") as caught:
        read_json(tmp_path / "x.json", "a list")
    assert said in str(caught.value)


def test_json_that_is_unusual_is_read() -> None:
    assert parse_json(r'"\ud83e\uddf1"', "x", "a text") == "🧱"
    assert parse_json('{"model_max_length": 1000000000000000019884624838656}', "x", "an object")
    assert parse_json(r'"\udcff"', "x", "a path", names=True) == os.fsdecode(b"\xff")
    assert parse_json("[" * 100 + "]" * 100, "x", "a list")


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_json_or_a_sentence(data: bytes) -> None:
    try:
        parse_json(data, "x.json", "a list")
    except InputError as error:
        assert escape_controls(str(error)) == str(error)

"""YAML 1.2 read strictly: `010` is ten, `yes`, `1:30` and dates are texts, no tags, and every mistake is named with its line.

PyYAML's parser with the scalars of YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema) instead of 1.1's.
Aliases and merge keys (`<<`) work, as far as what they stand for stays small.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.events import AliasEvent, NodeEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from base.errors import InputError, escape_controls, shorten
from base.reading import MOST_DEPTH, MOST_DIGITS, read_text

MOST_NODES = 100_000  # values of a file, each as often as aliases and merge keys name it
ESCAPE = re.compile(r"\\U([0-9a-fA-F]{8})")  # of a character, in double quotes
MOST_ALIASES = 1000
PLAINER = {"but found another document": "a second document"}  # PyYAML's words, out of their context
# tag, what a plain scalar of it looks like, what it may begin with
CORE = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    ("merge", r"<<", ["<"]),
)


def read_yaml(path: str | Path, what: str, most: int = 1 << 20) -> Any:
    """The value in a YAML file. what: what it should be; most: bytes. Raises InputError with file and line."""
    return parse_yaml(read_text(path, what, most), path)


def parse_yaml(text: str, where: object, field: str = "") -> Any:
    """The value of a YAML text. where, field: its place, for the InputError; without a field it names the line."""
    try:
        return _load(text)
    except RecursionError:
        raise InputError(where, field, "is not valid YAML (nested too deeply)") from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        character = chr(error.character) if isinstance(error.character, int) else error.character
        problem = f"is not valid YAML (the character {character!r} is not allowed)"
        raise InputError(where, field or f"line {line}", problem) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = PLAINER.get(error.problem or "", error.problem) or error.context or "no structure"
        problem = f"is not valid YAML ({shorten(problem)})"
        raise InputError(where, field or (f"line {mark.line + 1}" if mark else ""), problem) from None
    except Exception as error:  # whatever its reader thinks of is wrong with this text
        problem = shorten(str(error).partition("\n")[0]) or type(error).__name__
        escape = next((e for e in ESCAPE.finditer(text) if int(e[1], 16) > sys.maxunicode), None)
        if escape and isinstance(error, ValueError | OverflowError):
            field, problem = (
                field or f"line {text.count(chr(10), 0, escape.start()) + 1}",
                f"{escape[0]} is no character",
            )
        raise InputError(where, field, f"is not valid YAML ({problem})") from error


def dump_yaml(value: Any) -> str:
    """The YAML text of plain values that readers of YAML 1.1 and of 1.2 understand alike."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)


def _load(text: str) -> Any:
    loader = _Loader(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


class _Resolver(BaseResolver):
    """What a plain scalar is, by YAML 1.2's core schema."""


for _tag, _pattern, _first in CORE:
    _Resolver.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)


class _Composer(Composer):
    """Nodes of a document without tags of its own, not too deep, not too many."""

    def __init__(self) -> None:
        Composer.__init__(self)
        self._depth = self._aliases = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        event = self.peek_event()  # pyright: ignore[reportAttributeAccessIssue] (of the parser beside it)
        if isinstance(event, AliasEvent):
            self._aliases += 1
            if self._aliases > MOST_ALIASES:
                raise _error_at(f"more than {MOST_ALIASES} aliases", event.start_mark)
        elif isinstance(event, NodeEvent) and getattr(event, "tag", None) is not None:
            raise _error_at(f"a tag, {event.tag!r}; tags are not read", event.start_mark)  # pyright: ignore[reportAttributeAccessIssue]
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise _error_at("nested too deeply", event.start_mark)
        node = super().compose_node(parent, index)  # pyright: ignore[reportArgumentType]
        self._depth -= 1
        return node

    def get_single_node(self) -> Node | None:
        node = super().get_single_node()
        if node is not None and _size(node, {}) > MOST_NODES:
            raise _error_at(f"more than {MOST_NODES} values, counting what aliases repeat", node.start_mark)
        return node


class _Constructor(SafeConstructor):
    """Python's values of the nodes; a key stands once in a mapping."""

    def __init__(self) -> None:
        super().__init__()
        self._flat: set[int] = set()

    def flatten_mapping(self, node: MappingNode) -> None:
        if id(node) in self._flat:  # a merge has brought keys that its own may replace
            return
        self._flat.add(id(node))
        first: dict[tuple[str, str], Node] = {}
        for key, _ in node.value:
            if not isinstance(key, ScalarNode):
                raise _error_at("a key that is a list or a mapping", key.start_mark)
            before = first.setdefault((key.tag, key.value), key)
            if before is not key:
                problem = f"the key {key.value!r} stands twice, first in line {before.start_mark.line + 1}"
                raise _error_at(problem, key.start_mark)
        super().flatten_mapping(node)

    def whole(self, node: ScalarNode) -> int:
        digits = node.value.lower()
        if len(digits) > MOST_DIGITS:
            raise _error_at(f"a number of {len(digits)} digits", node.start_mark)
        base = {"0o": 8, "0x": 16}.get(digits[:2], 10)
        return int(digits[2:] if base != 10 else digits, base)

    def real(self, node: ScalarNode) -> float:
        return float(node.value.lower().replace(".inf", "inf").replace(".nan", "nan"))

    def text(self, node: ScalarNode) -> str:
        """The two halves of a character, as JSON escapes it, are one again."""
        try:
            return str(node.value).encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError:
            raise _error_at("half of a surrogate pair in a text", node.start_mark) from None


_Constructor.yaml_constructors = SafeConstructor.yaml_constructors | {
    "tag:yaml.org,2002:int": _Constructor.whole,
    "tag:yaml.org,2002:float": _Constructor.real,
    "tag:yaml.org,2002:str": _Constructor.text,
}


class _Loader(Reader, Scanner, Parser, _Composer, _Constructor, _Resolver):
    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        _Composer.__init__(self)
        _Constructor.__init__(self)
        _Resolver.__init__(self)


class _Dumper(yaml.SafeDumper):
    """Quotes what YAML 1.2 would take for something else than a text, too; 1.1's rules are the parent's."""

    def text(self, value: str) -> ScalarNode:
        """Characters that the two versions take for different line ends are escaped."""
        return self.represent_scalar("tag:yaml.org,2002:str", value, '"' if escape_controls(value) != value else None)


_Dumper.add_representer(str, _Dumper.text)

for _tag, _pattern, _first in CORE:
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)


def _error_at(problem: str, mark: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


def _size(node: Node, known: dict[int, int]) -> int:
    """Values in a node, each as often as it is named. Raises MarkedYAMLError where a node is a part of itself."""
    if id(node) not in known:
        known[id(node)] = -1  # under way
        known[id(node)] = 1 + sum(_size(part, known) for part in _parts(node))
    if known[id(node)] < 0:
        raise _error_at("a value that is a part of itself", node.start_mark)
    return known[id(node)]


def _parts(node: Node) -> Iterator[Node]:
    if isinstance(node, SequenceNode):
        yield from node.value
    elif isinstance(node, MappingNode):
        for key, value in node.value:
            yield from (key, value)

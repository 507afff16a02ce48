"""The garbage collector leaves alone what a model brought along, and still finds what comes later."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from app.loop.garbage import clear_traceback, exempt_from_collection


class Node:
    """One that refers to itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_was_made_inside_is_not_looked_through() -> None:
    with exempt_from_collection():
        assert not gc.isenabled()
        lasting = [Node() for _ in range(1000)]
    assert gc.isenabled()
    looked_through = {id(thing) for thing in gc.get_objects()}
    assert not any(id(node) in looked_through for node in lasting)
    assert gc.get_freeze_count() > 1000


def test_later_garbage_is_collected() -> None:
    with exempt_from_collection():
        pass
    node = weakref.ref(Node())
    assert node() is not None
    gc.collect()
    assert node() is None


def test_the_collector_runs_again_after_a_failure() -> None:
    with pytest.raises(OSError), exempt_from_collection():
        raise OSError
    assert gc.isenabled()


def test_an_error_that_was_told_keeps_nothing() -> None:
    def fail(node: list[object]) -> None:
        try:
            raise ValueError("one")
        except ValueError as error:
            known: list[object] = [*node, error]  # a frame that knows its own error
            raise RuntimeError(f"after {len(known)}") from error

    class Large:
        pass

    gc.disable()
    try:
        large = Large()
        alive = weakref.ref(large)
        try:
            fail([large])
        except RuntimeError as error:
            clear_traceback(error)
        del large
        assert alive() is None
    finally:
        gc.enable()

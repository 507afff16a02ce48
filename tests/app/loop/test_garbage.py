"""The garbage collector leaves alone what a model brought along, and still finds what comes later."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from app.loop.garbage import for_good


class Node:
    """One that refers to itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_was_made_inside_is_not_looked_through() -> None:
    with for_good():
        assert not gc.isenabled()
        lasting = [Node() for _ in range(1000)]
    assert gc.isenabled()
    looked_through = {id(thing) for thing in gc.get_objects()}
    assert not any(id(node) in looked_through for node in lasting)
    assert gc.get_freeze_count() > 1000


def test_later_garbage_is_collected() -> None:
    with for_good():
        pass
    node = weakref.ref(Node())
    assert node() is not None
    gc.collect()
    assert node() is None


def test_the_collector_runs_again_after_a_failure() -> None:
    with pytest.raises(OSError), for_good():
        raise OSError
    assert gc.isenabled()

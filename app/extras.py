"""The optional extras of the package: the message where one isn't installed."""

from __future__ import annotations

from importlib.util import find_spec

from base.errors import InputError


def refuse_without(modules: tuple[str, ...], what: str, extra: str) -> None:
    """Raise InputError where one of an extra's modules isn't installed. what: the command or flag that needs it."""
    if any(find_spec(module) is None for module in modules):
        raise InputError(what, "", f"needs the extra `{extra}`; install it with: pip install 'rayverie[{extra}]'")

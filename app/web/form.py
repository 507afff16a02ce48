"""Settings as widgets of viser, drawn from their metadata as the window's panels are."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import partial
from typing import Any

from viser import ClientHandle, GuiApi, GuiEvent, GuiInputHandle

from app.labels import label_of
from app.session import Session
from base.errors import InputError
from base.settings import check, list_allowed
from base.step_schedule import Scheduled, StepSchedule

NARROW = 200  # integer ranges up to this width get a slider, wider ones a field
Change = Callable[[ClientHandle | None, str, str, Any], None]  # whose change, part of the session, field, value


class Form:
    """Widgets for some settings of a session. Changes are passed to `change`; `show` updates the widgets."""

    def __init__(self, gui: GuiApi, session: Session, names: tuple[str, ...], change: Change) -> None:
        """names: of fields with their part of the session, as "dream.steps"."""
        self._widgets: dict[str, tuple[GuiInputHandle[Any], str]] = {}  # with their help
        for name in names:
            part, _, field = name.partition(".")
            settings = getattr(session, part)
            f = next(f for f in fields(settings) if f.name == field)
            kind, value = typing.get_type_hints(type(settings))[field], getattr(settings, field)
            handle = make_widget(gui, field, kind, value, f.metadata)
            handle.on_update(partial(_report, change, part, field))
            self._widgets[name] = handle, f.metadata.get("help", "")

    def show(self, session: Session, unused: Mapping[str, str]) -> None:
        """Show a session. unused: fields without effect → reason; they are disabled."""
        for name, (handle, help) in self._widgets.items():
            part, _, field = name.partition(".")
            value = getattr(getattr(session, part), field)
            if isinstance(value, StepSchedule):
                continue
            if handle.value != value:
                handle.value = value
            hint = f"{help} No effect: {unused[name]}." if name in unused else help
            if handle.hint != hint:
                handle.disabled, handle.hint = name in unused, hint


def _report(change: Change, part: str, field: str, event: GuiEvent[Any]) -> None:
    change(event.client, part, field, event.target.value)


def make_widget(gui: GuiApi, name: str, kind: Any, value: Any, meta: Mapping[str, Any]) -> GuiInputHandle[Any]:
    """The widget that suits a field."""
    label, hint = label_of(name, meta), meta.get("help")
    least, most = meta.get("range", (None, None))
    if kind is bool:
        return gui.add_checkbox(label, value, hint=hint)
    if names := list_allowed(meta):
        return gui.add_dropdown(label, names, initial_value=value, hint=hint)
    if isinstance(value, StepSchedule):
        return gui.add_text(label, str(value), disabled=True, hint="A schedule, which only the command line can set.")
    if kind is int and (least is None or most - least > NARROW):
        return gui.add_number(label, value, min=least, max=most, step=1, hint=hint)
    if kind is int:
        return gui.add_slider(label, int(least), int(most), 1, value, hint=hint)
    if kind in (float, Scheduled) and least is not None:
        return gui.add_slider(label, float(least), float(most), 0.01, float(value), hint=hint)
    raise TypeError(f"there is no widget for {name}")


def change_setting(session: Session, part: str, field: str, value: Any) -> Session:
    """Return the session with a value changed. Raises InputError for an invalid value."""
    settings = getattr(session, part)
    kind = typing.get_type_hints(type(settings))[field]
    whole = kind in (bool, int, str)
    if not isinstance(value, kind if whole else int | float) or (kind is not bool and isinstance(value, bool)):
        raise InputError(label_of(field, {}), "", f"is {value!r}, which is no value for it")
    settings = replace(settings, **{field: value if whole else float(value)})
    check(settings)
    return replace(session, **{part: settings})

"""Draws settings dataclasses as widgets: sliders for ranges, combos for tables, help as tooltips."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import fields, replace
from importlib import import_module
from types import MappingProxyType
from typing import Any, TypeVar

from imgui_bundle import imgui

from app.labels import label_of
from app.panels.context import hint, row_label
from app.panels.step_curve import draw_scheduled
from base.settings import list_allowed
from base.step_schedule import Scheduled

T = TypeVar("T")
NOTHING: Mapping[str, str] = MappingProxyType({})
NARROW = 200  # integer ranges up to this width get a slider, wider ones a field


def edit(
    settings: T,
    *,
    only: tuple[str, ...] | None = None,
    skip: tuple[str, ...] = (),
    unused: Mapping[str, str] = NOTHING,
) -> T:
    """Draw settings; return them with the user's changes. Groups become headings, in order.

    only, skip: field names; unused: fields to disable → reason for the tooltip
    """
    hints = typing.get_type_hints(type(settings))
    group = ""
    for f in sorted(_choose_fields(settings, only, skip), key=_order(settings)):
        if (new := f.metadata.get("group", "")) != group:
            group = new
            imgui.separator_text(group)
        value = getattr(settings, f.name)
        reason = unused.get(f.name, "")
        imgui.begin_disabled(bool(reason))
        meta = {**f.metadata, "help": f"{f.metadata.get('help', '')} {reason}".strip()}
        changed, value = widget(f.name, hints[f.name], value, meta)
        imgui.end_disabled()
        if changed:
            settings = replace(settings, **{f.name: value})  # type: ignore[type-var]
    return settings


def widget(name: str, kind: Any, value: Any, meta: Mapping[str, Any]) -> tuple[bool, Any]:
    """Draw one field; return (changed, value). The label is to the left, so that names are never cut off. Unknown kinds are read-only."""
    label = label_of(name, meta)
    imgui.push_id(name)
    if kind is bool:
        changed, value = imgui.checkbox(label, value)
        hint(meta.get("help", ""))
    else:
        row_label(label, meta.get("help", ""))
        changed, value = _input(kind, value, meta)
        hint(meta.get("help", ""))
    imgui.pop_id()
    return changed, value


def _input(kind: Any, value: Any, meta: Mapping[str, Any]) -> tuple[bool, Any]:
    least, most = meta.get("range", (None, None))
    if kind == Scheduled:
        return draw_scheduled(value, least, most)
    if names := list_allowed(meta):
        return _combo(value, names, _helps(meta))
    if kind is int and least is not None and most - least <= NARROW:
        return imgui.slider_int("##value", value, int(least), int(most), flags=imgui.SliderFlags_.always_clamp)
    if kind is int:
        changed, value = imgui.input_int("##value", value)
        return changed, value if least is None else int(min(max(value, least), most))
    if kind is float and least is not None:
        flags = imgui.SliderFlags_.always_clamp
        flags |= imgui.SliderFlags_.logarithmic if meta.get("log") else imgui.SliderFlags_.none
        return imgui.slider_float("##value", value, least, most, "%.3g" if meta.get("log") else "%.2f", flags=flags)
    if kind is float:
        return imgui.input_float("##value", value, format="%.3g")
    if kind is str:
        changed, text = imgui.input_text("##value", value)
        return changed and imgui.is_item_deactivated_after_edit(), text
    imgui.text_disabled(str(value))
    return False, value


def _combo(value: str, names: tuple[str, ...], helps: Mapping[str, str]) -> tuple[bool, str]:
    chosen = value
    if imgui.begin_combo("##value", value):
        for name in names:
            if imgui.selectable(name, name == value)[0]:
                chosen = name
            hint(helps.get(name, ""))
            if name == value:
                imgui.set_item_default_focus()
        imgui.end_combo()
    return chosen != value, chosen


def _helps(meta: Mapping[str, Any]) -> dict[str, str]:
    """Return the help of each entry of a field's table: its `help`, or the first line of its docstring."""
    if "table" not in meta:
        return {}
    module, _, name = meta["table"].partition(":")
    table = getattr(import_module(module), name)
    if not isinstance(table, Mapping):
        return {}
    texts = {k: v if isinstance(v, str) else getattr(v, "help", None) or v.__doc__ or "" for k, v in table.items()}
    return {name: text.split("\n")[0] for name, text in texts.items()}


def _choose_fields(settings: Any, only: tuple[str, ...] | None, skip: tuple[str, ...]) -> list[Any]:
    return [f for f in fields(settings) if (only is None or f.name in only) and f.name not in skip]


def _order(settings: Any) -> Any:
    """Order fields so that those of a group are together, groups by their first field."""
    groups: dict[str, int] = {}
    for f in fields(settings):
        groups.setdefault(f.metadata.get("group", ""), len(groups))
    return lambda f: groups[f.metadata.get("group", "")]

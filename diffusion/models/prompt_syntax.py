"""The syntax of prompts: weights, BREAK and LoRA tags as in AUTOMATIC1111's web UI. Works on text, not on tokens.

| syntax | meaning |
|---|---|
| (ivy), ((ivy)) | 1.1 and 1.1² times as strong |
| [moss] | 1.1 times weaker |
| (brick:1.3) | 1.3 times as strong |
| BREAK | what follows is encoded separately |
| <lora:name:0.8> | a LoRA file and its weight; never read as words |
| <style:picture.png:0.8> | a style picture and its weight; never read as words |
| first || second | what each of SDXL's two text encoders reads; others read both, with a comma |
| \\( \\) \\[ \\] | the bracket itself |

An unclosed bracket extends to the end. A closing bracket without an opening one is an ordinary character, and so is an opening
bracket nested more than MOST_NESTED deep.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from base.step_schedule import Scheduled, StepSchedule, parse_scheduled
from scenes.style_tags import NUMBER, STYLE_TAG, split_tag

APART = "||"
STEP = 1.1  # factor of one bracket
STRONGEST = 10.0  # weights are limited to ± this; beyond it every encoder gives noise

MOST_NESTED = 100  # nested brackets; 25 already make a weight STRONGEST

_TOKEN = re.compile(
    rf"""\\(?P<escaped>[()\[\]])
    | <lora:\s*+(?P<lora>[^<>:]++)(?::\s*+(?P<strength>{NUMBER})\s*+)?+>
    | (?P<tag>{STYLE_TAG.pattern})
    | :\s*+(?P<weight>{NUMBER})\s*+\)
    | (?P<bracket>[()\[\]])
    | (?P<break>\bBREAK\b)
    | (?P<text>[^\\()\[\]:<B]+|.)""",
    re.VERBOSE | re.DOTALL,
)
_NOT_A_TAG = re.compile(rf"<lora:(?!\s*+[^<>:]++(?::\s*+{NUMBER}\s*+)?+>)[^<>]*+>?+", re.IGNORECASE)
_NOT_A_WEIGHT = re.compile(r":\s*+([+-]?(?:nan|inf(?:inity)?|\d++,\d++))\s*+(?:\)|$)", re.IGNORECASE)
_WEIGHTED = re.compile(rf"(.*):\s*+({NUMBER})\s*+", re.DOTALL)
_POINT = rf"{NUMBER}\s*+:\s*+{NUMBER}\s*+"
_SCHEDULED = re.compile(rf"(.*?):\s*+({_POINT}(?:,\s*+{_POINT})++(?:stepped\s*+)?+)", re.DOTALL)


@dataclass(frozen=True)
class Span:
    """Text of one weight."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True)
class Prompt:
    """chunks: the parts between BREAKs, at least one, each a tuple of spans; loras, styles: (name, weight) of each tag, in order."""

    chunks: tuple[tuple[Span, ...], ...]
    loras: tuple[tuple[str, float], ...] = ()
    styles: tuple[tuple[str, float], ...] = ()


@lru_cache(256)
def parse_prompt(text: str) -> Prompt:
    """The spans, chunks and LoRA tags of any text. Text without brackets, BREAK and tags is one span, unchanged."""
    chunks: list[list[tuple[str, float]]] = [[]]
    loras: list[tuple[str, float]] = []
    styles: list[tuple[str, float]] = []
    opened: list[tuple[str, int, int]] = []  # (bracket, chunk, number of its pieces) where each open bracket began

    def multiply(start: tuple[str, int, int], factor: float) -> None:
        _, first, pieces = start
        for place in range(first, len(chunks)):
            from_piece = pieces if place == first else 0
            changed = ((words, _limit(weight * factor)) for words, weight in chunks[place][from_piece:])
            chunks[place][from_piece:] = list(changed)

    for found in _TOKEN.finditer(text):
        kind, value = found.lastgroup, found.group()
        if kind in ("lora", "strength"):
            loras.append((found["lora"].rstrip(), _limit(float(found["strength"] or 1.0))))
        elif kind == "tag":
            picture, amount = split_tag(found["style"])
            styles.append((picture, _limit(float(amount or 1.0))))
        elif kind == "break":
            chunks.append([])
        elif value in ("(", "[") and len(opened) < MOST_NESTED:
            opened.append((value, len(chunks) - 1, len(chunks[-1])))
        elif kind == "weight" and any(bracket == "(" for bracket, *_ in opened):
            multiply(_last(opened, "("), _limit(float(found["weight"])))
        elif value == ")" and any(bracket == "(" for bracket, *_ in opened):
            multiply(_last(opened, "("), STEP)
        elif value == "]" and any(bracket == "[" for bracket, *_ in opened):
            multiply(_last(opened, "["), 1 / STEP)
        else:
            chunks[-1].append((found["escaped"] or value, 1.0))
    for start in opened:
        multiply(start, STEP if start[0] == "(" else 1 / STEP)
    return Prompt(tuple(_merge(chunk) for chunk in chunks), tuple(loras), tuple(styles))


def split_encoders(text: str) -> tuple[str, str]:
    """The texts of the first and second text encoder: the parts around the first APART, or the whole text twice."""
    first, apart, second = text.partition(APART)
    return (first.strip(), second.strip()) if apart else (text, text)


def join_encoders(text: str) -> str:
    """The text for a model with one text encoder: both parts, with a comma between them."""
    first, apart, second = text.partition(APART)
    return ", ".join(part for part in (first.strip(), second.strip()) if part) if apart else text


def misspelt_syntax(text: str) -> tuple[str, ...]:
    """A sentence for each part of a prompt that looks like a LoRA tag or a weight but isn't one, and is read as words."""
    tags = (f"{found.group()} is no LoRA tag like <lora:name:0.8>" for found in _NOT_A_TAG.finditer(text))
    weights = (f"{found[1]} is no weight like 1.3" for found in _NOT_A_WEIGHT.finditer(text))
    points = split_schedule(text)[1].strip()
    schedules = [] if not points or _read_schedule(points) else [f"{points} is no schedule like 0:1, 1:0.2"]
    return tuple(f"{what}; it is read as words of the prompt." for what in (*tags, *weights, *schedules))


def parse_weighted(text: str) -> tuple[str, Scheduled]:
    """(prompt, weight) of "PROMPT:WEIGHT", where the weight may be a schedule of at least two points, as in "moss:0:1, 1:0.2".

    The weight is 1 if no number follows the last colon. Weights are limited to ± STRONGEST.
    """
    prompt, points = split_schedule(text)
    if points and (schedule := _read_schedule(points)):
        limited = tuple((place, _limit(weight)) for place, weight in schedule.points)
        return prompt, StepSchedule(limited, schedule.stepped)
    found = _WEIGHTED.fullmatch(text)
    return (found[1], _limit(float(found[2]))) if found else (text, 1.0)


def split_schedule(text: str) -> tuple[str, str]:
    """(prompt, points) of "PROMPT:POINTS", where the points, at least two, look like a schedule; (text, "") without such."""
    found = _SCHEDULED.fullmatch(text)
    return (found[1], found[2]) if found else (text, "")


def _read_schedule(points: str) -> StepSchedule | None:
    """The schedule, or None if the points aren't one."""
    try:
        schedule = parse_scheduled(points)
    except ValueError:
        return None
    return schedule if isinstance(schedule, StepSchedule) else None


def _last(opened: list[tuple[str, int, int]], bracket: str) -> tuple[str, int, int]:
    """Remove and return the innermost open bracket of this kind."""
    return opened.pop(max(i for i, (kind, *_) in enumerate(opened) if kind == bracket))


def _merge(pieces: list[tuple[str, float]]) -> tuple[Span, ...]:
    """Merge adjacent spans of equal weight."""
    spans: list[Span] = []
    for text, weight in pieces:
        if spans and spans[-1].weight == weight:
            spans[-1] = Span(spans[-1].text + text, weight)
        else:
            spans.append(Span(text, weight))
    return tuple(spans)


def _limit(weight: float) -> float:
    return math.copysign(min(abs(weight), STRONGEST), weight)

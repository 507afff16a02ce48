"""What is given beside a model, as the command line writes it: LoRAs `FILE:WEIGHT` and ControlNets `KIND=FILE:WEIGHT`."""

from __future__ import annotations

from dataclasses import dataclass

from base.files import expand_user
from base.reading import is_file, is_folder
from base.settings import names_in

KINDS = "diffusion.models.control_hints:HINTS"  # what ControlNets see


@dataclass(frozen=True)
class ModelAddition:
    """file: of a LoRA or ControlNet, as the user wrote it; kind: what a ControlNet sees, "" if its file's name implies it."""

    file: str
    weight: float = 1.0
    kind: str = ""

    @property
    def text(self) -> str:
        """As the command line takes it."""
        kind = f"{self.kind}=" if self.kind else ""
        weight = f":{self.weight:g}" if self.weight != 1 else ""
        return f"{kind}{self.file}{weight}"


def parse_addition(text: str) -> ModelAddition:
    """The inverse of `ModelAddition.text`; what is neither a known kind nor a number is part of the file's name."""
    head, equals, rest = text.partition("=")
    kind, name = (head, rest) if equals and head in names_in(KINDS) else ("", text)
    file, colon, number = name.rpartition(":")
    if not colon or is_file(expand_user(name)) or is_folder(expand_user(name)):
        return ModelAddition(name, 1.0, kind)
    try:
        return ModelAddition(file, float(number), kind)
    except ValueError:
        return ModelAddition(name, 1.0, kind)

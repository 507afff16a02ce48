"""A model that is being loaded in place of the present one, as data; and which settings follow it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from app.loop.messages import ModelInfo, ModelOrder
from app.model_additions import parse_addition
from app.session import ModelChoice
from diffusion.settings import DreamSettings


@dataclass(frozen=True)
class ModelLoad:
    """order: what the worker was asked for; choice: what the user chose; part, share: how far it is, as in `ModelProgress`;
    cancelling: whether the user cancelled it; model: what is loaded, until its turn comes; saving: the paint is being saved first."""

    order: ModelOrder
    choice: ModelChoice
    part: str = ""
    share: float = 0.0
    cancelling: bool = False
    model: ModelInfo | None = None
    saving: bool = False

    @property
    def name(self) -> str:
        ref = self.choice.ref or "the embedded model"
        return Path(ref).name if Path(ref).is_absolute() else ref

    @property
    def beside(self) -> bool:
        return self.order.beside

    @property
    def words(self) -> str:
        """The status text."""
        if self.saving:
            return "saving the paint of the previous model"
        if self.cancelling:
            return "cancelling after this part"
        return f"loading {self.name}" + (f": {self.part}" if self.part else "")


def label_of(name: str) -> str:
    """Return a short name for a path; a hub id stays as it is."""
    path = Path(name)
    if not path.is_absolute():
        return name
    return path.stem if path.suffix == ".safetensors" else path.name


def short_name(choice: ModelChoice) -> str:
    """What tells a model from others where two are compared: its name, and what is given beside it."""
    name = Path(label_of(choice.ref or "embedded")).name
    beside = choice.ip_adapter, choice.options.vae
    given = [*(parse_addition(text).file for text in (*choice.lora, *choice.control)), *beside]
    return " + ".join([name, *(Path(file).stem for file in given if file)])


def keeps_paint(before: ModelInfo | None, after: ModelInfo) -> bool:
    """Whether paint of one model can go on with the other: its latents are of the same autoencoder."""
    return before is None or (before.space, before.channels) == (after.space, after.channels)


def usual_settings(model: ModelInfo | None) -> dict[str, Any]:
    """The dream settings that a model begins with, by name."""
    usual = {f.name: getattr(DreamSettings(), f.name) for f in fields(DreamSettings)}
    if model is None:
        return usual
    return usual | dict(model.defaults) | ({"steps": model.few_steps} if model.few_steps else {})


def follow_model(dream: DreamSettings, before: ModelInfo | None, after: ModelInfo) -> DreamSettings:
    """Adapt settings to another model: those at the previous model's defaults change to the new one's; others stay."""
    old, new = usual_settings(before), usual_settings(after)
    return replace(dream, **{name: new[name] for name in new if getattr(dream, name) == old[name]})

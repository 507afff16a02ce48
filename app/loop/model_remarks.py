"""Check a session's settings against its model: LoRAs named in prompts, and a sentence for each setting without effect."""

from __future__ import annotations

from typing import Any

from app.session import Session
from diffusion.settings import DreamSettings
from scenes.scene import Scene


def scene_loras(session: Session, scene: Scene) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(LoRAs to load, those included that the scene's prompts name; sentences about those that have no effect). Raises InputError."""
    from diffusion.loaders.prompt_loras import resolve_loras, style_remarks

    loras, remarks = resolve_loras(session.model.lora, (*scene.prompts, *session.dream.further))
    return loras, (*remarks, *style_remarks(scene.prompts, session.model.ip_adapter is not None))


def model_remarks(session: Session, scene: Scene, model: Any, previews: bool) -> list[str]:
    """Return a sentence for each setting and prompt word that the loaded model ignores or reads differently.

    previews: whether this command shows any.
    """
    from diffusion.denoisers.inert import Situation, inert_remarks
    from diffusion.loaders.options import option_remarks

    controls, adapter = bool(model.controls), model.style is not None
    situation = Situation(model.few_steps, anagrams=False, controls=controls, adapter=adapter)
    idle = [
        f"{flag} has no effect: {model.id} takes no {what}."
        for flag, given, what in (
            ("--control", session.model.control and not controls, "ControlNet"),
            ("--ip-adapter", session.model.ip_adapter and not adapter, "IP-Adapter"),
        )
        if given
    ]
    found = [f"{reading}." for reading in model.text.readings(scene.prompts)]
    found += model.text.unread_syntax(scene.prompts)
    found += option_remarks(session.model.options, model, previews)
    return [*idle, *found, *inert_remarks(session.dream, DreamSettings(**model.defaults), situation)]

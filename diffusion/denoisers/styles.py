"""The style picture of each prompt of a dream (IP-Adapter)."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from diffusion.denoisers.context_filters import contexts_of
from diffusion.models.model import Model
from diffusion.models.prompt_syntax import parse_prompt
from diffusion.models.style import join_style
from diffusion.settings import DreamSettings
from scenes.style_tags import STYLE_TAG


def add_style_tags(texts: Mapping[str, str], everywhere: str) -> dict[str, str]:
    """Guidance branch → prompt, each with one style tag. everywhere: the picture for prompts without a tag, "" for none.

    The positive prompt's tag counts. The other branches get the unconditional picture at its weight, as in diffusers' pipelines,
    so that guidance leads towards the picture. A branch with its own tag keeps it.
    """
    styles = parse_prompt(texts["positive"]).styles or (((everywhere, 1.0),) if everywhere else ())
    if not styles:
        return dict(texts)
    picture, weight = styles[0]
    tags = {name: f"<style:{picture if name == 'positive' else ''}:{weight:g}>" for name in texts}
    return {name: text if parse_prompt(text).styles else text + tags[name] for name, text in texts.items()}


def contexts_with_styles(
    model: Model, prompts: list[str], settings: DreamSettings, place: float = 0.0
) -> dict[str, Tensor]:
    """Prompt → its context (`contexts_of`), with the rows of its style if the model has an IP-Adapter."""
    adapter = model.style
    if adapter is None:
        return contexts_of(model, prompts, settings, place)
    bare = {
        prompt: STYLE_TAG.sub("", prompt) for prompt in prompts
    }  # so that a lone tag means the unconditional prompt
    contexts = contexts_of(model, list(dict.fromkeys(bare.values())), settings, place)
    styled = {}
    for prompt in prompts:
        context = contexts[bare[prompt]]
        picture, weight = (parse_prompt(prompt).styles or (("", 0.0),))[0]
        styled[prompt] = join_style(context, adapter.rows(picture, weight, context), model.text.pooled)
    return styled

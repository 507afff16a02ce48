"""No setting is silent: each changes the dream, or is declared to have no effect in that combination."""

from __future__ import annotations

import typing
from dataclasses import fields, replace

import numpy as np
import pytest

from base.step_schedule import Scheduled, StepSchedule
from diffusion.denoisers.guidance import GUIDANCE
from diffusion.denoisers.inert import Situation, find_inert, inert_remarks
from diffusion.denoisers.region_batching import EXECUTIONS
from diffusion.dream import dream
from diffusion.settings import DreamSettings, GuidanceSettings

BASE = DreamSettings(steps=5, scale=3.0, guidance_start=0.0)
# Another value of every setting but two: a canvas brings its own noise, which the seed has made, and `batch` changes rounding.
OTHER = {
    "sampler": "heun", "spacing": "karras", "spacing_power": 2.0, "timestep_max": 0.8, "timestep_min": 0.2, "steps": 4,
    "start_at": 2, "end_at": 3,
    "few_step": False, "noise": "brownian", "eta": 0.7, "embedding_rank": 2, "embedding_drop": 0.5, "embedding_turn": 0.5,
    "guidance": "tnr_one", "scale": 6.0, "further": ("ccc:2",), "cfgpp_lambda": 0.2, "guidance_start": 0.5,
    "guidance_end": 0.5, "cfg_rescale": 0.7, "norm_rescale": 0.7, "naive_rescale": 0.7, "threshold_scale": 1.0,
    "threshold_percentile": 0.6, "step_noise": "true", "residual_delta": 0.3, "execution": "batched",
    "softness": 2.0, "bootstrap": 0.6, "window": 32, "window_overlap": 0.0, "memory": "latents", "change_form": "threshold",
    "refine": 0.3, "match": 0.4, "strength": 0.5, "capture": 2, "mix": 0.7, "mix_form": "cosine", "mix_alpha": 1.0,
    "mix_blend": "slerp", "mix_start": 0.3, "mix_stop": 0.6, "mix_clamp": 0.3, "mix_min": 0.3, "mix_max": 0.5,
    "mix_noise": "fresh",
    "mix_perlin": 0.6, "mix_perlin_mode": "matched_noise", "mix_perlin_scale": 2.0,
    "rewind_min": 0.4, "rewind_max": 0.3, "dilate": 2, "anagram_image": 0.5,
    "control_strength": 0.4, "control_start": 0.5, "control_end": 0.5, "style_picture": "moss.png",
    "style_strength": 0.4,
    "correct_clamp": 0.6, "correct_centre": 0.6, "correct_maximise": 0.6, "correct_until": 0.9,
}  # fmt: skip
GUIDING = tuple(f.name for f in fields(GuidanceSettings))
MIXING = tuple(name for name in OTHER if name.startswith(("mix", "rewind")))
# What is chosen first, so that settings that depend on it have something to change.
CHOSEN: list[tuple[dict[str, object], tuple[str, ...]]] = [
    *(({"guidance": name}, GUIDING) for name in GUIDANCE),
    ({"sampler": "ddim", "eta": 0.4}, ("eta", "noise")),
    ({"sampler": "ddim"}, ("eta", "noise")),
    ({"sampler": "euler_ancestral"}, ("eta", "noise")),
    ({"spacing": "linspace_power"}, ("spacing_power",)),
    ({"embedding_rank": 2}, ("embedding_drop",)),
    ({"threshold_scale": 1.0}, ("threshold_percentile",)),
    ({"window": 32}, ("window_overlap",)),
    ({"mix": 0.7}, MIXING),
    ({"refine": 0.0}, MIXING),
    ({"mix": 0.7, "mix_perlin": 0.5}, ("mix_perlin_scale", "mix_perlin_mode")),
    ({"mix": 0.7, "mix_perlin": 0.5, "mix_perlin_mode": "latents"}, ("mix_perlin_scale", "mix_perlin_mode")),
    ({"rewind_min": 0.3}, ("rewind_max",)),
    ({"correct_clamp": 0.6}, ("correct_until",)),
]


HINTS = typing.get_type_hints(DreamSettings)
SCHEDULED = tuple(name for name in OTHER if HINTS[name] == Scheduled)
NEEDS = {
    "eta": {"sampler": "ddim"},
    "embedding_drop": {"embedding_rank": 2},
    "cfgpp_lambda": {"guidance": "cfg++"},
    "residual_delta": {"guidance": "self_negative"},
    "threshold_percentile": {"threshold_scale": 1.0},
}
LAID_OUT = {
    "spacing_power", "timestep_max", "timestep_min", "guidance_start", "guidance_end", "control_start", "control_end",
    "bootstrap", "window_overlap", "match", "strength", "mix_start", "mix_stop", "mix_clamp", "mix_perlin_scale", "rewind_min",
    "rewind_max", "anagram_image", "correct_until",
}  # fmt: skip
"""Numbers that say where in the run something happens, or what belongs to all of it: they don't change over the steps."""


def painted(canvas_of, model, prompts: int, guide: bool):
    """A canvas with or without coarse paint, some of which is kept in part."""
    if not guide:
        return canvas_of(model, (8, 8), prompts)
    random = np.random.default_rng(5)
    change = np.ones((8, 8), np.float32)
    change[:, :2], change[:, 2:3] = 0.0, 0.5
    colours = random.integers(0, 256, (64, 64, 4), dtype=np.uint8)
    colours[..., 3] = 255
    colours[:, 48:, 3] = 0
    known = np.zeros((8, 8), bool)
    known[:, :6] = True
    return canvas_of(
        model,
        (8, 8),
        prompts,
        change=change,
        latents=random.standard_normal((model.channels, 8, 8), dtype=np.float32),
        colours=colours,
        known_mask=known,
        upscale_ratio=np.where(known & (change == 1), 2, 1).astype(np.float32),
    )


class Judge:
    """Whether settings dream differently on one canvas; each dream is dreamed once."""

    def __init__(self, model, canvas, situation: Situation) -> None:
        self.model, self.canvas, self.situation, self._known = model, canvas, situation, {}

    def result(self, settings: DreamSettings) -> bytes:
        if settings not in self._known:
            dreamed = dream(self.model, self.canvas, settings)
            self._known[settings] = dreamed.latents.tobytes() + dreamed.image.tobytes()
        return self._known[settings]

    def silent(self, base: DreamSettings, names: tuple[str, ...]) -> list[str]:
        """What is wrong: settings that change nothing without saying so, or that say so and do."""
        wrong = []
        for name in names:
            if getattr(base, name) == OTHER[name]:
                continue
            other = replace(base, **{name: OTHER[name]})
            declared = all(name in find_inert(settings, self.situation) for settings in (base, other))
            if (self.result(base) == self.result(other)) != declared:
                wrong.append(f"{name} {'changes' if declared else 'changes nothing'}")
        return wrong


def test_every_setting_is_walked() -> None:
    assert set(OTHER) == {f.name for f in fields(DreamSettings)} - {"seed", "batch"}


@pytest.mark.parametrize(
    ("name", "execution", "guide"),
    [
        *(("sd", execution, False) for execution in EXECUTIONS),
        ("sd", "attention", True),
        *(("surface", execution, execution == "batched") for execution in EXECUTIONS),
    ],
)
def test_settings_change_the_dream_or_say_why_not(name, execution, guide, request, canvas_of) -> None:
    model = request.getfixturevalue(name)
    judge = Judge(model, painted(canvas_of, model, 2, guide), Situation(guide=guide, anagrams=False))
    names = tuple(n for n in OTHER if n != "execution")
    assert judge.silent(replace(BASE, execution=execution), names) == []


def test_numbers_that_act_in_each_step_may_change_over_the_steps() -> None:
    assert {name for name, kind in HINTS.items() if kind is float} == LAID_OUT


@pytest.mark.parametrize("name", [name for name in SCHEDULED if not name.startswith(("control", "style"))])
def test_a_schedule_takes_its_numbers_in_turn(name, sd, canvas_of) -> None:
    """One number at all places is that number, bit for bit; another one later changes the dream, but not its first step."""
    base = replace(BASE, **NEEDS.get(name, {"mix": 0.7} if name.startswith("mix_") else {}))
    canvas, first, last = painted(canvas_of, sd, 2, True), OTHER[name], getattr(BASE, name)

    def run(value) -> tuple[bytes, bytes]:
        seen = []
        dreamed = dream(sd, canvas, replace(base, **{name: value}), on_step=seen.append)
        return dreamed.latents.tobytes(), seen[0].denoised.numpy().tobytes()

    number, same = run(first), run(StepSchedule(((0.0, first), (1.0, first))))
    changed = run(StepSchedule(((0.0, first), (0.2, first), (0.3, last))))
    assert number == same and changed[1] == number[1] and changed[0] != number[0]


def test_a_few_step_network_says_what_it_ignores(sd, canvas_of) -> None:
    model = replace(sd, few_step_unet=sd.unet, few_steps=5)
    judge = Judge(model, painted(canvas_of, model, 2, False), Situation(few_steps=5, guide=False, anagrams=False))
    names = tuple(n for n in OTHER if n not in ("few_step", "execution"))
    assert judge.silent(replace(BASE, sampler="ddim", guidance="none"), names) == []


def test_one_prompt_leaves_nothing_to_share(sd, canvas_of) -> None:
    judge = Judge(sd, painted(canvas_of, sd, 1, False), Situation(guide=False, regions=False, anagrams=False))
    for execution in EXECUTIONS:
        assert judge.silent(replace(BASE, execution=execution), ("softness", "bootstrap")) == []


@pytest.mark.parametrize(("chosen", "names"), CHOSEN, ids=lambda value: ",".join(map(str, value)))
def test_what_depends_on_a_choice(chosen, names, sd, canvas_of) -> None:
    judge = Judge(sd, painted(canvas_of, sd, 2, True), Situation(anagrams=False))
    assert judge.silent(replace(BASE, **chosen), names) == []


def test_a_remark_names_the_flag_and_the_reason() -> None:
    chosen = replace(DreamSettings(), eta=0.5, match=0.2)
    assert inert_remarks(chosen, DreamSettings()) == ["--eta has no effect: only the ddim sampler uses it."]
    (first, second) = inert_remarks(chosen, DreamSettings(), Situation(guide=False))
    assert first.startswith("--eta") or second.startswith("--eta")
    assert any(line.startswith("--match-colours has no effect: nothing is painted") for line in (first, second))
    assert inert_remarks(DreamSettings(), DreamSettings(), negative="rust") == []


def test_what_a_few_step_network_makes_useless_is_remarked() -> None:
    few, usual = Situation(few_steps=4), DreamSettings(steps=4)
    chosen = replace(usual, scale=3.0, sampler="heun", further=("moss",), softness=2.0)
    lines = inert_remarks(chosen, usual, few, negative="rust")
    assert [line.split(" has")[0] for line in lines] == ["The negative prompt", "--sampler", "--scale", "--further"]
    assert inert_remarks(replace(chosen, steps=5), usual, few, negative="rust") == []
    assert inert_remarks(replace(usual, sampler="ddim", guidance="none"), usual, few) == []
    (line,) = inert_remarks(replace(usual, guidance="none"), usual, negative="rust")
    assert "negative prompt" in line


def test_spans_that_are_empty_are_remarked() -> None:
    usual, empty = DreamSettings(), Situation(controls=True)
    chosen = replace(usual, guidance_start=0.9, guidance_end=0.9, scale=3.0, control_start=0.5, control_end=0.2)
    remarks = inert_remarks(replace(chosen, rewind_min=0.5, rewind_max=0.4), usual, empty)
    assert "--scale has no effect: guidance does not start before its end." in remarks
    assert "--guidance-start is 0.9 and --guidance-end is 0.9: there is no guidance." in remarks
    assert "--control-start is 0.5 and --control-end is 0.2: no ControlNet acts." in remarks
    assert "--rewind-min is 0.5 and --rewind-max is 0.4: there is no further pass." in remarks
    assert not any(" is 0." in line for line in inert_remarks(replace(chosen, guidance="none"), usual, Situation()))
    assert inert_remarks(replace(usual, rewind_min=0.5, rewind_max=0.5), usual, empty) == []

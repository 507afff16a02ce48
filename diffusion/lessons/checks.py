"""The checks of the stations' questions: each measures a dream and says which choice is right there, with the figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from diffusion.introspection.emergence import settling_step
from diffusion.lessons.trace import Answer, Trace

Check = Callable[[Trace], Answer]
NOTHING = Answer(None, "This dream has too few steps to tell.")
NOTICEABLE, CLEAR = 0.1, 0.5  # cosines: from here on noise and picture are a little alike, and clearly
LOUD = 1.5  # times as much attention as the average word: more than the others
LOST = 0.5  # a band of which less is left is lost


def noise(trace: Trace) -> Answer:
    """Is the noise already like the picture? Choices: not at all, a little, clearly."""
    if trace.start is None or trace.end is None:
        return NOTHING
    a, b = (plane.astype(np.float64).ravel() for plane in (trace.start, trace.end))
    cosine = float(a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-12))
    choice = int(cosine > NOTICEABLE) + int(cosine > CLEAR)
    return Answer(
        choice, f"The cosine between the noise and the finished latents is {cosine:.2f} (0: unrelated, 1: equal)."
    )


def sculpting(trace: Trace) -> Answer:
    """At which step does the prediction change most? Choices: the second, one in the middle, the last third."""
    change = np.array(trace.change[1:])
    if len(change) < 2:
        return NOTHING
    place = int(change.argmax()) + 1
    share = change.max() / max(float(change.sum()), 1e-12)
    choice = 0 if place == 1 else 1 if place < 2 * len(change) / 3 else 2
    return Answer(
        choice, f"Step {place + 1} of {len(change) + 1}: {share:.0%} of all changes of the prediction happen there."
    )


def digging(trace: Trace) -> Answer:
    """Which settles first? Choices: large shapes, details, both at once."""
    if not trace.emergence:
        return NOTHING
    whole = trace.emergence[0]
    coarse, fine = settling_step(whole.coarse) + 1, settling_step(whole.fine) + 1
    choice = 0 if coarse < fine else 1 if fine < coarse else 2
    text = f"Large shapes are settled from step {coarse} on, details from step {fine} on."
    for one in trace.concepts[:1]:
        place = one.named_from
        text += (
            f" To a classifier of materials, “{one.prompt}” looks like {one.names[0]} from step {place + 1} on, with a confidence "
            f"of {one.confidence[place, 0]:.2f} there and {one.confidence[-1, 0]:.2f} in the end."
        )
    return Answer(choice, text)


def orchestra(trace: Trace) -> Answer:
    """Which level takes most of the time? Choices: the finest, one between, the coarsest."""
    if trace.probe is None:
        return NOTHING
    seconds: dict[int, float] = {}
    for block in trace.probe.blocks:
        seconds[block.level] = seconds.get(block.level, 0.0) + block.seconds
    longest = max(seconds, key=lambda level: seconds[level])
    whole = max(sum(seconds.values()), 1e-12)
    parts = ", ".join(f"level {level + 1} {seconds[level] / whole:.0%}" for level in sorted(seconds))
    choice = 0 if longest == 0 else 2 if longest == max(seconds) else 1
    return Answer(choice, f"Shares of one call's time, from the finest level to the coarsest: {parts}.")


def one_step(trace: Trace) -> Answer:
    """How much noise does the first step remove? Choices: less than half its share, about its share, at least twice."""
    if len(trace.sigmas) < 2:
        return NOTHING
    shares = np.append(trace.noise_shares, 0.0)
    first, even = shares[0] - shares[1], shares[0] / (len(shares) - 1)
    choice = 0 if first < even / 2 else 2 if first >= 2 * even else 1
    return Answer(
        choice, f"It goes from {shares[0]:.1%} noise to {shares[1]:.1%}; equal steps would remove {even:.1%} each."
    )


def guidance(trace: Trace) -> Answer:
    """When does the prompt pull most? Choices: early, in the middle, late."""
    pull = np.array(trace.guidance)
    if not np.isfinite(pull).any() or len(pull) < 3:
        return Answer(None, "This dream ran without guidance: with a scale of 1 there is only one prediction.")
    place, last = int(np.nanargmax(pull)), float(pull[np.isfinite(pull)][-1])
    choice = min(2, 3 * place // len(pull))
    text = f"Step {place + 1} of {len(pull)}: the two predictions differ by {pull[place]:.2f}, in the last step by {last:.2f}."
    return Answer(choice, text)


def attention(trace: Trace) -> Answer:
    """Do the words get equal attention? Choices: about equal, one gets more, one gets more than all others together."""
    prompt = trace.probe.prompts[0] if trace.probe is not None and trace.probe.prompts else None
    if prompt is None or len(prompt.words) < 3:
        return Answer(None, "This needs a prompt of at least two words and a network that attends to it.")
    weights = prompt.weights[:-1]
    loudest, mean = int(weights.argmax()), float(weights.mean())
    choice = 2 if weights[loudest] > weights.sum() / 2 else 1 if weights[loudest] > LOUD * mean else 0
    listed = ", ".join(f"“{word}” {weight:.0%}" for word, weight in zip(prompt.words, weights, strict=False))
    return Answer(choice, f"{listed}; the rest goes to the sentence as a whole and to its ends.")


def skips(trace: Trace) -> Answer:
    """What is lost without skip connections? Choices: large shapes, details, both, nothing."""
    return _measure_loss(trace, "skips", "Without skip connections")


def levels(trace: Trace) -> Answer:
    """What is lost when the finest level works alone? Choices as of `skips`."""
    return _measure_loss(trace, "below", "With the finest level alone")


def memory(trace: Trace) -> Answer:
    """How much of the finished paint changes between two visits? Choices: nothing, a little, most."""
    if trace.changed is None or not trace.finished:
        return Answer(None, "Nothing in this view was finished yet. Let it be painted, and choose the station again.")
    share = trace.changed / trace.finished
    choice = 0 if not trace.changed else 1 if share < 0.5 else 2
    return Answer(choice, f"{trace.changed} of {trace.finished} finished texels have changed.")


def _measure_loss(trace: Trace, part: str, what: str) -> Answer:
    cut = next((one for one in trace.ablation if one.part == part), None)
    if cut is None:
        return NOTHING
    coarse, fine = cut.coarse < LOST, cut.fine < LOST
    choice = 2 if coarse and fine else 0 if coarse else 1 if fine else 3
    text = f"{what}, {cut.coarse:.0%} of the large shapes and {cut.fine:.0%} of the details of step {trace.step + 1} are left."
    return Answer(choice, text)


CHECKS: Mapping[str, Check] = {
    check.__name__: check
    for check in (noise, sculpting, digging, orchestra, one_step, guidance, attention, skips, levels, memory)
}
"""By the names of the stations."""

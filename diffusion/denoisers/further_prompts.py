"""Further prompts, each with a weight: their difference from the negative prompt is added to the prompt's prediction.

Composable diffusion (arXiv 2206.01714, eq. 11): D_neg + scale·sum w_i·(D_i - D_neg), where the prompt itself has the weight 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor

from diffusion.denoisers.guidance_context import ALONE, Branches

BranchesAt = Callable[[Tensor, float, tuple[str, ...]], Branches]


def branch_names(count: int) -> tuple[str, ...]:
    """The guidance branches of `count` further prompts."""
    return tuple(f"further {number}" for number in range(count))


def with_further_prompts(branches_at: BranchesAt, weights: Sequence[float], base: str) -> BranchesAt:
    """`branches_at` whose "positive" is D + sum w_i·(D_i - D_base), so that every guidance rule follows all prompts.

    base: the branch that is subtracted. The result also has the branches of the further prompts, and the prediction of the prompt
    alone as ALONE. Without weights this returns `branches_at` itself.
    """
    if not weights:
        return branches_at
    further = branch_names(len(weights))

    def answer(x: Tensor, sigma: float, names: tuple[str, ...]) -> Branches:
        found = dict(branches_at(x, sigma, tuple(dict.fromkeys((*names, base, *further)))))
        found[ALONE] = found["positive"]
        for name, weight in zip(further, weights, strict=True):
            found["positive"] = found["positive"] + weight * (found[name] - found[base])
        return {name: branch for name, branch in found.items() if name in names or name != base}

    return answer

"""Measure whether solver, guidance, scale and negative prompt change pictures as they should."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from diffusion.training.data.materials import MATERIALS
from diffusion.training.evaluation.classifier import NAMES
from diffusion.training.evaluation.samples import SOLID, plain_asked
from diffusion.training.evaluation.subject import Subject

WEAK, STRONG = 1.5, 5.0  # guidance scales
FEW, MANY = 4, 24  # steps
SOLVERS = ("euler", "dpmpp_2m")


def _measure_difference(a: Tensor, b: Tensor) -> Tensor:
    """Return the mean difference of each pair of pictures, 0..255 [N]."""
    return (a.float() - b.float()).abs().mean((1, 2, 3))


def _share(right: Tensor) -> float:
    return float(right.float().mean())


def obedience(subject: Subject, count: int) -> dict[str, float]:
    """Measure in which share of views each setting has its intended effect, with the same noise throughout.

    scale: a larger scale leads farther from the unprompted picture; guidance: so does guidance, compared with none
    negative: a negative prompt lowers the judge's score for the material that it names; solver: two solvers agree better in many
    steps than in few
    """
    views = plain_asked(max(2, count // 20))
    without = subject.paint([replace(v, prompts=("",)) for v in views], 5, guidance="none")
    plain = subject.paint(views, 5, guidance="none")
    weak, strong = (subject.paint(views, 5, guidance="cfg", scale=scale) for scale in (WEAK, STRONG))
    rng = np.random.default_rng(71)
    others = torch.from_numpy(rng.choice(SOLID, len(views)))
    refusing = [replace(v, negative=MATERIALS[NAMES[int(m)]].nouns[0]) for v, m in zip(views, others, strict=True)]
    refused = subject.paint(refusing, 5, guidance="cfg", scale=STRONG)
    before, after = (subject.judge(x)[0].gather(1, others[:, None])[:, 0] for x in (strong, refused))
    solved = {(s, n): subject.paint(views, 5, sampler=s, steps=n) for s in SOLVERS for n in (FEW, MANY)}
    few, many = (_measure_difference(solved[SOLVERS[0], n], solved[SOLVERS[1], n]) for n in (FEW, MANY))
    return {
        "scale": _share(_measure_difference(strong, without) > _measure_difference(weak, without)),
        "guidance": _share(_measure_difference(strong, without) > _measure_difference(plain, without)),
        "negative": _share(after < before),
        "solver": _share(few > many),
    }

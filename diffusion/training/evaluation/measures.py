"""The table of measures. Each is a function (subject, count) → figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from diffusion.models.surface_view import decoder_hint
from diffusion.training.evaluation.agreement import agreement_of_views
from diffusion.training.evaluation.classifier import JudgedPictures, measure_accuracy
from diffusion.training.evaluation.joints import joints
from diffusion.training.evaluation.obedience import obedience
from diffusion.training.evaluation.samples import (
    TRUTH,
    draw_views,
    plain_asked,
    plain_samples,
    plain_truth,
    three_walls,
)
from diffusion.training.evaluation.structure import edge_contrast
from diffusion.training.evaluation.subject import Subject
from diffusion.training.metrics import frechet, psnr, sharpness_ratio


def trained_words(subject: Subject, count: int) -> dict[str, float]:
    """Measure how often the judge recognises the prompted material and light."""
    return measure_accuracy(subject.judge, plain_samples(subject, count))


def held_out_words(subject: Subject, count: int) -> dict[str, float]:
    """As `trained_words`, with nouns that no training caption has."""
    return measure_accuracy(subject.judge, plain_samples(subject, count, True))


def regions(subject: Subject, count: int) -> dict[str, float]:
    """As `trained_words`, for views of three walls side by side, each with its own prompt."""
    rng = np.random.default_rng(21)
    asked = [three_walls(rng) for _ in range(max(1, count // 3))]
    images = [part for shown in subject.paint([view for view, *_ in asked], seed=22) for part in shown.chunk(3, 2)]
    material = torch.tensor([m for _, chosen, _ in asked for m in chosen])
    light = torch.tensor([light for *_, light in asked for _ in range(3)])
    return measure_accuracy(subject.judge, JudgedPictures(torch.stack(images), material, light))


def judged_reconstruction(subject: Subject, count: int) -> dict[str, float]:
    """Measure how often the judge recognises materials in drawn pictures and in their reconstructions with known surfaces."""
    truth = plain_truth(count)[0]
    shown = replace(truth, images=subject.reconstruct(plain_asked(count), with_surfaces=True))
    return {
        "truth": measure_accuracy(subject.judge, truth)["material"],
        "reconstructed": measure_accuracy(subject.judge, shown)["material"],
    }


def reconstruction(subject: Subject, count: int) -> dict[str, float]:
    """Measure PSNR and sharpness after encoding and decoding pictures of held-out worlds, with and without known surfaces."""
    views = list(draw_views(subject.unseen, max(1, count // 8)))
    truth, found = torch.stack([v.truth for v in views]).float() / 255, {}
    for told, suffix in ((True, ""), (False, "_untold")):
        shown = subject.reconstruct(views, told).float() / 255
        found[f"psnr{suffix}"] = float(psnr(shown, truth).mean())
        found[f"sharpness{suffix}"] = float(sharpness_ratio(shown, truth))
    return found


def edges(subject: Subject, count: int) -> dict[str, float]:
    """Measure how much stronger edges are where surfaces meet than elsewhere, in painted pictures and in the truth (medians)."""
    views = list(draw_views(subject.unseen, max(1, count // 8)))
    hints = [decoder_hint(view.surface) for view in views]
    borders = [hint[0, -2:] > 0 for hint in hints if hint is not None]
    painted = subject.paint(views, seed=33)
    return {
        name: float(np.median([edge_contrast(p, b) for p, b in zip(pictures, borders, strict=True)]))
        for name, pictures in (("painted", painted), ("truth", [v.truth for v in views]))
    }


def distance(subject: Subject, count: int) -> dict[str, float]:
    """Measure Fréchet distances to drawn pictures in the judge's features: of painted pictures, and of other drawn pictures."""

    def features(pictures: torch.Tensor) -> torch.Tensor:
        return torch.cat([subject.judge.features(part) for part in pictures.split(64)])

    truth = features(plain_truth(count)[0].images)
    other = features(plain_truth(count, TRUTH + 1)[0].images)
    painted = features(plain_samples(subject, count).images)
    return {"painted": frechet(painted, truth), "truth": frechet(other, truth)}


MEASURES: dict[str, Callable[[Subject, int], dict[str, float]]] = {
    "joints": joints,
    "trained_words": trained_words,
    "held_out_words": held_out_words,
    "regions": regions,
    "judged_reconstruction": judged_reconstruction,
    "reconstruction": reconstruction,
    "edges": edges,
    "agreement": agreement_of_views,
    "distance": distance,
    "obedience": obedience,
}

"""Visual anagrams (arXiv 2311.17919): one picture that is another under a turn, a flip or a permutation.

Every view predicts the turned canvas for its own prompt; the predictions are turned back and averaged. The views are orthogonal, so turned
noise is noise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from diffusion.sampling.denoiser import Denoise, Prediction, predict
from diffusion.sampling.schedules import Timeline

Turn = Callable[[Tensor], Tensor]
GRID = 4  # the patch view cuts a canvas into GRID × GRID


@dataclass(frozen=True)
class View:
    """An orthogonal map of pictures [...,h,w] and its inverse. square: it needs h = w."""

    apply: Turn
    invert: Turn
    square: bool = False


def _permuted(image: Tensor, order: Tensor) -> Tensor:
    lead, (height, width) = image.shape[:-2], image.shape[-2:]
    tall, wide = height // GRID, width // GRID
    patches = image.reshape(*lead, GRID, tall, GRID, wide).movedim(-2, -3).reshape(*lead, GRID * GRID, tall, wide)
    patches = patches[..., order.to(image.device), :, :].reshape(*lead, GRID, GRID, tall, wide)
    return patches.movedim(-3, -2).reshape(*lead, height, width)


_ORDER = torch.randperm(GRID * GRID, generator=torch.Generator().manual_seed(4))


def _quarters(k: int) -> View:
    return View(lambda t: torch.rot90(t, k, (-2, -1)), lambda t: torch.rot90(t, -k, (-2, -1)), square=k != 2)


VIEWS: dict[str, View] = {
    "identity": View(lambda t: t, lambda t: t),
    "rotate_180": _quarters(2),
    "rotate_90": _quarters(1),
    "rotate_270": _quarters(3),
    "flip_horizontal": View(lambda t: t.flip(-1), lambda t: t.flip(-1)),
    "flip_vertical": View(lambda t: t.flip(-2), lambda t: t.flip(-2)),
    "patches": View(lambda t: _permuted(t, _ORDER), lambda t: _permuted(t, _ORDER.argsort())),
}


def view_problem(view: str, height: int, width: int) -> str:
    """Why a view can't be used for a canvas of [h,w] latent pixels; "" when it can."""
    if VIEWS[view].square and height != width:
        return f"{view} needs a square canvas"
    if view == "patches" and (height % GRID or width % GRID):
        return f"patches needs sides that are multiples of {GRID} latent pixels"
    return ""


def with_anagrams(
    plain: Denoise,
    others: Sequence[tuple[View, Denoise]],
    timeline: Timeline,
    image_share: float,
    encode: Turn,
    decode: Turn,
) -> Denoise:
    """The mean of all views' predictions. plain: the denoiser of the unturned canvas; others: each view with the denoiser of its
    turned canvas (guidance and regions inside).

    In the last `image_share` of the run the *picture* is turned, not the latents, which encode an orientation: D is decoded, turned,
    encoded, and given the turned noise, (x - D)/sigma; the answer comes back the same way. encode, decode: [B,3,8h,8w] ↔ [B,C,h,w].
    """

    def denoise(x: Tensor, sigma: float) -> Prediction:
        first = predict(plain, x, sigma)
        in_picture = timeline.progress(sigma) >= 1 - image_share
        answers = [first]
        for view, other in others:
            if in_picture:
                noise = (x - first.denoised) / sigma
                turned = encode(view.apply(decode(first.denoised))) + sigma * view.apply(noise)
                answer = encode(view.invert(decode(predict(other, turned, sigma).denoised)))
                answers.append(Prediction(answer, answer))
            else:
                answer = predict(other, view.apply(x), sigma)
                answers.append(Prediction(view.invert(answer.denoised), view.invert(answer.anchor)))
        denoised = _mean([a.denoised for a in answers])
        if all(a.anchor is a.denoised for a in answers):
            return Prediction(denoised, denoised)
        return Prediction(denoised, _mean([a.anchor for a in answers]))

    return denoise


def _mean(pictures: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(pictures)).mean(0)

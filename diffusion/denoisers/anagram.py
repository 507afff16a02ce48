"""Visual anagrams (arXiv 2311.17919): a picture that shows something else when it is rotated, flipped or permuted.

Each view transforms the canvas and predicts it for its own prompt; the predictions are transformed back and averaged. The views are
orthogonal maps, so transformed noise has the same distribution.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from diffusion.sampling.denoiser import Denoise, Prediction, predict
from diffusion.sampling.schedules import Timeline

Turn = Callable[[Tensor], Tensor]
GRID = 4  # the patch view cuts a canvas into GRID × GRID


@dataclass(frozen=True)
class View:
    """An orthogonal map of pictures [...,h,w] and its inverse. square: whether it needs h = w."""

    apply: Turn
    invert: Turn
    square: bool = False


def _permute_patches(image: Tensor, order: Tensor) -> Tensor:
    lead, (height, width) = image.shape[:-2], image.shape[-2:]
    tall, wide = height // GRID, width // GRID
    patches = image.reshape(*lead, GRID, tall, GRID, wide).movedim(-2, -3).reshape(*lead, GRID * GRID, tall, wide)
    patches = patches[..., order.to(image.device), :, :].reshape(*lead, GRID, GRID, tall, wide)
    return patches.movedim(-3, -2).reshape(*lead, height, width)


_ORDER = torch.randperm(GRID * GRID, generator=torch.Generator().manual_seed(4))


def _quarter_turns(k: int) -> View:
    return View(lambda t: torch.rot90(t, k, (-2, -1)), lambda t: torch.rot90(t, -k, (-2, -1)), square=k != 2)


VIEWS: dict[str, View] = {
    "identity": View(lambda t: t, lambda t: t),
    "rotate_180": _quarter_turns(2),
    "rotate_90": _quarter_turns(1),
    "rotate_270": _quarter_turns(3),
    "flip_horizontal": View(lambda t: t.flip(-1), lambda t: t.flip(-1)),
    "flip_vertical": View(lambda t: t.flip(-2), lambda t: t.flip(-2)),
    "patches": View(lambda t: _permute_patches(t, _ORDER), lambda t: _permute_patches(t, _ORDER.argsort())),
}


def view_problem(view: str, height: int, width: int) -> str:
    """The reason why a view can't be used on a canvas of [h,w] latent pixels; "" if it can."""
    if VIEWS[view].square and height != width:
        return f"{view} needs a square canvas"
    if view == "patches" and (height % GRID or width % GRID):
        return f"patches needs sides that are multiples of {GRID} latent pixels"
    return ""


def turn_picture(picture: np.ndarray, view: str) -> np.ndarray:
    """A picture [H,W,C] as its second prompt is seen."""
    turned = VIEWS[view].apply(torch.from_numpy(np.ascontiguousarray(picture)).movedim(-1, 0))
    return np.ascontiguousarray(turned.movedim(0, -1).numpy())


def with_anagrams(
    plain: Denoise,
    others: Sequence[tuple[View, Denoise]],
    timeline: Timeline,
    image_share: float,
    encode: Turn,
    decode: Turn,
) -> Denoise:
    """A denoiser that returns the mean of all views' predictions.

    plain: the denoiser of the canvas as it is; others: each view with the denoiser of its transformed canvas (including guidance
    and regions); encode, decode: [B,3,8h,8w] ↔ [B,C,h,w].

    Latents depend on orientation. So in the last `image_share` of the run the decoded *picture* is transformed: D is decoded,
    transformed and encoded, the transformed noise (x - D)/sigma is added, and the prediction is mapped back the same way.
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

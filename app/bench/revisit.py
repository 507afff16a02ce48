"""Paint views of the tour and revisit them: the second visit must need no model calls and find the same latents."""

from __future__ import annotations

import numpy as np

from app.bench.bench import Bench, Figures
from app.loop.paint_now import paint_view

SIZE = (16, 9)


def measure(bench: Bench) -> Figures:
    """Model calls of both rounds, and the share of painted texels whose latents are bit-identical after the second."""
    views = bench.cameras(bench.times(2, 4))
    with bench.headless() as headless:
        painter = headless.painter
        for camera in views:
            paint_view(painter, camera, SIZE)
        left, calls = [painter.requests.gather(camera, SIZE) for camera in views], painter.client.calls
        for camera in views:
            paint_view(painter, camera, SIZE)
        back = [painter.requests.gather(camera, SIZE) for camera in views]
    painted = np.concatenate([(gathered.steps > 0).ravel() for gathered in left])
    same = np.concatenate([(a.latents == b.latents).all(axis=0).ravel() for a, b in zip(left, back, strict=True)])
    return {
        "views": len(views),
        "first_round_calls": calls,
        "second_round_calls": painter.client.calls - calls,
        "painted_texels": int(painted.sum()),
        "identical_share": round(float(same[painted].mean()), 6),
    }

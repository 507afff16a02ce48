"""Coming back: a view is painted, others are, then the first is seen again. It must cost nothing and be the same."""

from __future__ import annotations

import numpy as np

from app.bench.bench import Bench, Figures

SIZE = (16, 9)


def measure(bench: Bench) -> Figures:
    """Model calls of the return, and the share of the finished texels whose latents are bit for bit as they were left."""
    from engine import policy

    first, *others = bench.cameras(bench.times(2, 4))
    with bench.studio() as studio:
        painter = studio.painter
        painter.settle(first, SIZE)
        left = painter.look(first, SIZE)
        for camera in others:
            painter.settle(camera, SIZE)
        calls = painter.calls
        painter.settle(first, SIZE)
        back = painter.look(first, SIZE)
    kept = policy.finished(left, studio.session.dream.steps)
    same = (left.latents == back.latents).all(axis=0) & (left.steps == back.steps)
    return {
        "first_visit_calls": calls,
        "return_calls": painter.calls - calls,
        "finished_texels": int(kept.sum()),
        "identical_share": round(float(same[kept].mean()) if kept.any() else 0.0, 6),
        "largest_difference": float(np.abs(left.latents - back.latents)[:, kept].max(initial=0.0)),
    }

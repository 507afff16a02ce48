"""Seconds that a dream of an unpainted view spends on the U-Net, the VAE, the text encoder and the rest, on all cores."""

from __future__ import annotations

import numpy as np

from app.bench.bench import Bench, Figures
from app.loop.answers import dream_of
from app.loop.view_canvas import canvas_from

SIZE = (16, 9)


def measure(bench: Bench) -> Figures:
    """Medians over several views of the tour; "else" is the rest of the total."""
    rows, regions = [], []
    with bench.headless() as headless:
        for camera in bench.cameras(bench.times(2, 5)):
            gathered = headless.painter.requests.gather(camera, SIZE)
            canvas = canvas_from(gathered, headless.scene, headless.session.dream.steps)
            regions.append(len(canvas.regions))
            dreamed = dream_of(headless.model, canvas, headless.session.dream)
            parts = dreamed.seconds
            rest = parts["total"] - parts["unet"] - parts["vae"] - parts["text"]
            rows.append(
                [parts["total"], parts["unet"], parts["vae"], parts["text"], rest, rest / parts["total"], dreamed.calls]
            )
    total, unet, vae, text, rest, share, calls = np.median(rows[1:] or rows, axis=0)  # the first also warms up
    return {
        "size": f"{gathered.size[0]}x{gathered.size[1]}",
        "steps": headless.session.dream.steps,
        "regions": float(np.median(regions)),
        "model_calls": float(calls),
        "total_s": round(total, 3),
        "unet_s": round(unet, 3),
        "vae_s": round(vae, 3),
        "text_s": round(text, 3),
        "else_s": round(rest, 3),
        "else_share": round(share, 3),
    }

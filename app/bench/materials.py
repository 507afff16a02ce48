"""Time and memory of a dream with 1, 4, 8 and 16 visible materials, for each region execution."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from app.bench.bench import Bench, Figures
from app.loop.answers import dream_of
from app.loop.heap import trim_heap
from base.grid import CELL
from diffusion.canvas import Canvas, Region
from diffusion.denoisers.masks import bounding_box
from diffusion.denoisers.region_batching import EXECUTIONS
from diffusion.sampling.noise import start_noise
from scenes.load import BUILTIN, load_scene

COUNTS: tuple[int, ...] = (1, 4, 8, 16)
_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def measure(bench: Bench) -> Figures:
    """For each execution and count: seconds, the ratio to one material, and peak MiB above the start (None: unknown).
    For "cropped" also the total area of the boxes of its model calls, in canvases.

    The seconds are the minimum of a few rounds through all counts. On a CPU they are processor time, which other programs don't
    affect.
    """
    model, figures = bench.model, {}
    settings = replace(bench.session.dream, steps=1 if bench.flags.quick else min(4, bench.session.dream.steps))
    side = model.native // CELL
    clock = time.process_time if model.device.type == "cpu" else time.perf_counter
    for execution in EXECUTIONS:
        chosen = replace(settings, execution=execution)
        counts = COUNTS[:2] if bench.flags.quick else COUNTS
        canvases = {count: patchwork(count, side, model.channels, settings.seed) for count in counts}
        peaks: dict[int, Peak] = {}
        seconds = dict.fromkeys(counts, math.inf)
        for count, canvas in canvases.items():
            dream_of(model, canvas, chosen)  # warms up and caches the prompts
            with peak_memory(str(model.device)) as peaks[count]:
                dream_of(model, canvas, chosen)
        for _ in range(bench.times(1, 5)):
            for count, canvas in canvases.items():
                began = clock()
                dream_of(model, canvas, chosen)
                seconds[count] = min(seconds[count], clock() - began)
        for count, canvas in canvases.items():
            figures |= {
                f"{execution}_{count}_s": round(seconds[count], 3),
                f"{execution}_{count}_ratio": round(seconds[count] / seconds[1], 3),
                f"{execution}_{count}_mib": peaks[count].mebibytes,
            }
            if execution == "cropped":
                figures[f"cropped_{count}_share"] = round(share_of_boxes(canvas, model.multiple // CELL), 3)
    return figures | {"size": f"{model.native}x{model.native}", "steps": settings.steps}


def prompts(count: int) -> list[str]:
    """Different prompts of the built-in scenes' materials."""
    found = dict.fromkeys(s.prompt(i)[0] for s in map(load_scene, BUILTIN) for i in range(len(s.materials)))
    return list(found)[:count]


def patchwork(count: int, side: int, channels: int, seed: int) -> Canvas:
    """A square canvas of `count` materials in a checkered patchwork; count: a power of two, side: latent pixels."""
    columns = 2 ** math.ceil(math.log2(count) / 2)
    rows = count // columns
    y, x = np.mgrid[:side, :side]
    patch = (y * rows // side) * columns + x * columns // side
    regions = tuple(Region(prompt, (patch == k).astype(np.float32)) for k, prompt in enumerate(prompts(count)))
    return Canvas(regions, start_noise(channels, side, side, seed), np.ones((side, side), np.float32))


def share_of_boxes(canvas: Canvas, multiple: int) -> float:
    """Total area, in canvases, of the boxes around the regions with the margin that `cropped` gives them."""
    boxes = [bounding_box(torch.from_numpy(region.mask), multiple, margin=multiple) for region in canvas.regions]
    return sum(box.height * box.width for box in boxes) / canvas.regions[0].mask.size


@dataclass
class Peak:
    mebibytes: float | None = None


@contextmanager
def peak_memory(device: str) -> Iterator[Peak]:
    """Measure the peak memory inside the block, above that at its start. The result is set at the end; None if unknown."""
    peak = Peak()
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        yield peak
        peak.mebibytes = round((torch.cuda.max_memory_allocated() - before) / 2**20, 1)
        return
    try:
        trim_heap()  # otherwise memory that the allocator kept from earlier dreams would be reused and not counted
        _RESET.write_text("5")  # Linux: reset the high-water mark
        before = _kibibytes("VmRSS")
    except OSError:
        yield peak
        return
    yield peak
    peak.mebibytes = round(max(_kibibytes("VmHWM") - before, 0) / 1024, 1)


def _kibibytes(name: str) -> int:
    return next(int(line.split()[1]) for line in _STATUS.read_text().splitlines() if line.startswith(name + ":"))

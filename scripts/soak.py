"""Run a random user in the window, compare the figures with their aims, and write docs/soak.json.

make soak            # ten minutes, on a machine that does nothing else

Without a display it starts Xvfb (`xvfb-run`). The exit code is 1 if an aim is missed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from base.files import atomic_write

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "docs" / "soak.json"
AIMS: dict[str, float] = {  # figure → its maximum
    "exceptions": 0,
    "gl_errors": 0,
    "rest_grown_mb": 50,  # growth that no scene, world, undo step or timeline explains
    "wall_p99_to_median": 2.5,
}


def main(words: list[str]) -> int:
    """words: further flags of `rayverie bench soak`."""
    load = os.getloadavg()[0]
    with TemporaryDirectory(prefix="rayverie-soak-") as folder:
        measured = Path(folder) / "soak.json"
        command = [sys.executable, "-m", "app", "bench", "soak", "--out", str(measured), *words]
        if not os.environ.get("DISPLAY") and shutil.which("xvfb-run"):
            command = ["xvfb-run", "-a", "-s", "-screen 0 1280x800x24", *command]
        if code := subprocess.run(command, cwd=ROOT).returncode:
            return code
        found = json.loads(measured.read_text(encoding="utf-8"))
    figures = found["measurements"]["soak"]
    result = {"commit": commit(), "load_before": load, "missed": missed(figures), **found}
    with atomic_write(RESULT) as temporary:
        temporary.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    for name, most in AIMS.items():
        print(f"{'MISSED' if name in result['missed'] else 'held  '} {name}: {figures.get(name)} (at most {most:g})")
    print(f"{RESULT.relative_to(ROOT)} is written, for commit {result['commit']}.")
    return 1 if result["missed"] else 0


def missed(figures: dict[str, Any]) -> list[str]:
    """The aims that were missed. A missing figure misses its aim."""
    return [name for name, most in AIMS.items() if not figures.get(name, most + 1) <= most]


def commit() -> str:
    """The commit that ran, with "-dirty" for uncommitted changes; "unknown" outside a repository."""
    described = subprocess.run(
        ["git", "describe", "--always", "--abbrev=12", "--dirty", "--exclude", "*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return described.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The hooks before a commit use the versions of constraints.txt, or they would disagree with `make lint`."""

from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
NOT_INSTALLED = {"pre-commit-hooks"}  # the hooks' own tool; `make lint` has no use for it


def pins(text: str) -> dict[str, str]:
    """Package → version of lines like `ruff==0.17.5`, extras left out."""
    pairs = (line.split("==") for line in text.split() if "==" in line)
    return {name.partition("[")[0]: version for name, version in pairs}


def test_hooks_use_the_pinned_versions() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook for repository in config["repos"] for hook in repository["hooks"]]
    used = pins(" ".join(pin for hook in hooks for pin in hook["additional_dependencies"]))
    known = pins((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    assert {"ruff", "pyright"} <= used.keys()
    assert {name: known.get(name) for name in used.keys() - NOT_INSTALLED} == {
        name: version for name, version in used.items() if name not in NOT_INSTALLED
    }

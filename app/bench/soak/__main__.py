"""The process that the soak runs in: `python -m app.bench.soak HOME SECONDS SESSION`."""

from __future__ import annotations

import sys
from pathlib import Path

from app.bench.soak import main

main(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3])

"""Record the lessons that come with the program: diffusion/lessons/presets.zip.

.venv/bin/python scripts/lesson_presets.py
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

from app.files.lessons import ARCHIVE
from diffusion.lessons.folder import encode_attention, names_of, write_lessons
from diffusion.lessons.player import PAGE
from diffusion.lessons.recording import record_lesson
from diffusion.loaders.loading import load_model
from diffusion.settings import DreamSettings
from diffusion.text2image.recipe import GenerateSettings

STEPS, SEED = 12, 1
PROMPTS = {"red brick wall": "wall", "pebbles": "floor", "blue sky with white clouds": "sky"}
WHEN = (2026, 1, 1, 0, 0, 0)  # time of all files, so that equal lessons give equal archives


def main() -> None:
    model = load_model(None)
    dream = replace(DreamSettings(), **{**model.defaults, "steps": STEPS, "seed": SEED})
    recordings = {
        name: record_lesson(model, GenerateSettings(prompt, surface=surface, dream=dream))
        for name, (prompt, surface) in zip(names_of(list(PROMPTS)), PROMPTS.items(), strict=True)
    }
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_lessons(model, recordings, folder, latents=False)
        attention = json.dumps(encode_attention(recordings), separators=(",", ":"))
        (folder / "attention.json").write_text(attention, encoding="utf-8")
        with zipfile.ZipFile(ARCHIVE, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                if path.name not in (*PAGE, "data.js"):
                    entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), WHEN)
                    archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    print(f"{ARCHIVE}: {ARCHIVE.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()

"""Write the model card, and ship a run: its model folder becomes the embedded model."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import torch

from base.errors import InputError
from base.files import atomic_write
from diffusion.loaders.embedded import EMBEDDED, OWN, SHIPPED
from diffusion.models.preview import solve_preview_map
from diffusion.training.config import StudentConfig, UnetConfig
from diffusion.training.data.latent_cache import load_vae
from diffusion.training.data.materials import MATERIALS
from diffusion.training.evaluation.classifier import plain_views
from diffusion.training.evaluation.figures import table
from diffusion.training.learners.noising import PREDICTIONS

LIMIT = 40 * 2**20  # bytes of the whole folder

TEXT = """\
---
library_name: diffusers
license: mit
tags: [text-to-image, depth-to-image, procedural]
---
# Rayverie's embedded model

A small latent diffusion model that paints materials ("mossy stone wall, sunset") onto surfaces whose depth it
is told. Made for walking through Rayverie's scenes on two CPU cores; it draws nothing else: no people,
animals, lettering or single objects.

| | |
|---|---|
| denoiser | UNet2DConditionModel {channels}, {unet:.1f} M parameters, {latents} + 1 (depth) channels in, {prediction} |
| autoencoder | AutoencoderTiny, f8, {latents} channels, {vae:.2f} M parameters, no normalisation layers{critic} |
| text | MiniLM (sentence-transformers/all-MiniLM-L6-v2, not in this folder): 24 vectors of 384, see `diffusion/models/minilm.py` |
| depth | `rayverie.json`: log of the distance as a 60° camera over 32 latent pixels sees it, 1 near to −1 in the sky, 0 unknown |
| data | {pictures:,} pictures of {materials} materials, drawn by `diffusion/training` from seed {seed}; nobody's photographs |
| training | {steps:,} steps of {batch} crops, mostly {crop}×{crop} latents, AdamW, EMA {ema} |
{few}
## Loading it without Rayverie

```python
from diffusers import DiffusionPipeline

parts = dict.fromkeys(("text_encoder", "tokenizer", "depth_estimator", "feature_extractor"))
pipeline = DiffusionPipeline.from_pretrained(folder, **parts)
```

Give it `prompt_embeds`, `negative_prompt_embeds` and `depth_map`.

## Measured

{measures}

Data, losses and the meaning of each number: `docs/training.md`. Known limits: regular structure (brick joints,
tiles, window bars) comes out as irregular patches; words far from its {materials} materials give the nearest material
or a mixture; patterns finer than the autoencoder's 8-pixel cell are replaced by likely ones.
"""

FEW = """\
| few steps | a student of the embedded model ({method} distillation): {few} steps with ddim or euler, trailing spacing, \
*no* guidance (scale 1), which is built in as {guidance:g} |
"""


def model_card(config: UnetConfig, folder: Path, found: dict[str, dict[str, float]]) -> str:
    """The card of a model folder; parameters are counted from the weights' own size."""
    notes = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    halves = {
        part: (folder / part / "diffusion_pytorch_model.safetensors").stat().st_size / 2e6 for part in ("unet", "vae")
    }
    known = Path(config.vae) / "vae.json"
    trained = json.loads(known.read_text(encoding="utf-8"))["config"] if known.is_file() else {}
    return TEXT.format(
        few=FEW.format(few=notes["few"], **notes["config"]) if "few" in notes else "",
        critic="; the decoder was trained on beside a critic" if trained.get("adversarial") else "",
        channels=tuple(config.channels),
        pictures=config.data.chunks * config.data.pictures,
        seed=config.data.seed,
        steps=notes["steps"],
        batch=config.batch,
        crop=config.crop,
        ema=config.ema_decay,
        latents=json.loads((folder / "unet" / "config.json").read_text(encoding="utf-8"))["out_channels"],
        prediction=PREDICTIONS[config.objective].replace("_", "-"),
        materials=len(MATERIALS),
        measures=table(found),
        **halves,
    )


def _evaluation(run: Path) -> dict[str, dict[str, float]]:
    path = run / "evaluation.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _read_facts(folder: Path) -> dict[str, object]:
    path = folder / OWN
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _write_facts(folder: Path, facts: dict[str, object]) -> None:
    with atomic_write(folder / OWN) as temporary:
        temporary.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


@torch.no_grad()
def linear_preview(folder: Path, count: int = 84, seed: int = 8000) -> list[list[float]]:
    """`diffusion.models.preview`'s map for a model folder, fitted to how its decoder shows the materials in all lights."""
    vae = load_vae(folder)
    latents, shown = [], []
    for part in plain_views(seed, count)[0].images.split(8):
        latents.append(vae.encode(part.float() / 127.5 - 1).latents)  # pyright: ignore[reportAttributeAccessIssue]
        shown.append(vae.decode(latents[-1]).sample)  # pyright: ignore[reportAttributeAccessIssue]
    return [[round(float(x), 4) for x in row] for row in solve_preview_map(torch.cat(latents), torch.cat(shown))]


def ship_student(config: StudentConfig, target: Path = SHIPPED["embedded-fast"], teacher: Path = EMBEDDED) -> Path:
    """Ship a student and register it as the few-step network of its teacher and of itself."""
    ship(config, target)
    for folder in (teacher, target):
        few = {"folder": Path(os.path.relpath(target, folder)).as_posix(), "steps": config.sample_steps}
        _write_facts(folder, _read_facts(folder) | {"few": few})
    return target


def ship(config: UnetConfig, target: Path = EMBEDDED) -> Path:
    """Copy `config.out/model` with its card to the embedded folder. Raises InputError if it is missing or too large."""
    source = Path(config.out) / "model"
    if not (source / "model_index.json").is_file():
        raise InputError(source, "", "holds no model yet; train first")
    size = sum(f.stat().st_size for f in source.rglob("*") if f.is_file())
    if size > LIMIT:
        raise InputError(source, "", f"has {size / 2**20:.0f} MiB; what ships has at most {LIMIT / 2**20:.0f}")
    found = _evaluation(Path(config.out))
    if isinstance(config, StudentConfig):  # a student is measured beside its teacher
        found = {
            k: v
            for k, v in _evaluation(Path(config.teacher).parent).items()
            if k in ("few_steps", "student", "student_regions")
        }
    known = {key: value for key, value in _read_facts(target).items() if key == "few"}
    shutil.copytree(source, target, dirs_exist_ok=True)  # keeps the prompt bank in the folder
    # the last student stays the few-step network until a newer one is shipped
    _write_facts(target, _read_facts(target) | known | {"preview": linear_preview(source)})
    with atomic_write(target / "README.md") as temporary:
        temporary.write_text(model_card(config, source, found), encoding="utf-8")
    return target

"""Find the folder or file of a model that a user names."""

from __future__ import annotations

from pathlib import Path

from base.errors import InputError
from base.files import expand_user
from base.reading import is_file, is_folder
from diffusion.loaders.checkpoints import Checkpoint
from diffusion.loaders.embedded import REMOVED, SHIPPED, Reference
from diffusion.loaders.hub_snapshot import find_snapshot
from diffusion.loaders.pipeline_folder import LAYOUT, PipelineFolder

PICKLES = (".ckpt", ".pt", ".pth", ".bin")


def open_checkpoint(ref: Reference, raw: bool = False) -> Checkpoint:
    """Open the model that `ref` names; see `diffusion.loaders.embedded.Reference`. Raises InputError if there is none.

    raw: whether to read the U-Net's weights that are not averaged
    """
    shipped = SHIPPED.get("embedded" if ref is None else str(ref))
    if shipped is not None:
        if not (shipped / "model_index.json").is_file():
            name = "the embedded model" if ref is None else ref
            raise InputError(name, "", "is not in this installation; give a pipeline folder with --model")
        return PipelineFolder(shipped, shipped.name if ref is None else str(ref), raw)
    path = expand_user(str(ref))
    if is_folder(path):
        return PipelineFolder(path, raw=raw)
    if is_file(path):
        if raw:
            raise InputError("--weights", "", f"is raw, and {path} is a file; a folder may hold both kinds of weights")
        return _open_file(path)
    if str(ref) in REMOVED:
        raise InputError(ref, "", REMOVED[str(ref)])
    snapshot = find_snapshot(str(ref))
    if snapshot is None:
        cached = "nor a model in the local hub cache; nothing is downloaded (see `rayverie models`)"
        raise InputError(ref, "", f"is neither a folder, nor a file, {cached}")
    return PipelineFolder(snapshot, str(ref), raw)


def _open_file(path: Path) -> Checkpoint:
    if path.suffix == ".safetensors":
        from diffusion.loaders.single_file import SingleFile  # imports diffusers

        return SingleFile(path)
    if path.suffix in PICKLES:
        raise InputError(path, "", "is a pickle, which can run any program when read; take the .safetensors file")
    raise InputError(path, "", f"is no .safetensors file; {LAYOUT}, or one .safetensors file with all of it")

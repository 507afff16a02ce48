"""Load diffusers' and transformers' networks from folders: without their output, completely, and in the requested number format."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from base.errors import InputError
from base.safetensors_header import read_header, refuse_integers, weights_of
from diffusion.loaders.checkpoints import describe_load_error, refuse_not_finite
from diffusion.loaders.options import RAW, is_raw


def load_pretrained(
    kind: Any, folder: Path, where: Path, part: str, dtype: torch.dtype, /, raw: bool = False, **given: Any
) -> Any:
    """A network with its weights, read from safetensors only; the fp16 variant if there is no other.

    kind: a class with diffusers' or transformers' `from_pretrained`; given: further arguments for it; raw: read the RAW variant
    where, part: for error messages. Raises InputError for weights that are damaged, missing, incomplete, not finite, or (of diffusers)
    that the configuration has no place for.
    """
    names = [name for name in weight_files(folder) if is_raw(name) == raw]
    if not names:
        what = (
            f"has no raw weights (*.{RAW}.safetensors); leave out --weights" if raw else "has no .safetensors weights"
        )
        raise InputError(where, part, what)
    variant = RAW if raw else None if any(".fp16" not in name for name in names) else "fp16"
    try:
        with quiet_libraries():
            network, found = kind.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                variant=variant,
                output_loading_info=True,
                **given,
            )
    except Exception as error:  # damaged weights can cause any exception
        raise InputError(where, part, describe_load_error(error)) from error
    if missing := sorted(found["missing_keys"]):
        raise InputError(where, f"{part}.{missing[0]}", "is missing; the weights don't belong to the configuration")
    extra = sorted(found.get("unexpected_keys", ()))
    if extra and _is_of_diffusers(network):
        problem = "is a tensor that the configuration has no place for; the weights don't belong to it"
        raise InputError(where, f"{part}.{extra[0]}", problem)
    refuse_not_finite(where, part, network)
    return torch.nn.Module.to(network, dtype)  # diffusers keeps float64; its own `to` would print


def weight_files(folder: Path) -> list[str]:
    """Names of a folder's weight files. Raises InputError for damaged headers and integer weights."""
    files = sorted(folder.glob("*.safetensors*"))
    for file in files:
        if file.suffix == ".safetensors":
            refuse_integers(file, weights_of(read_header(file)))
    return [file.name for file in files]


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Silence the libraries' output about a file, which the program reports in one sentence."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _is_of_diffusers(network: torch.nn.Module) -> bool:
    from diffusers import ModelMixin  # here, because the embedded model does without

    return isinstance(network, ModelMixin)

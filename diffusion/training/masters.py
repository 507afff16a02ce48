"""Master weights in float32 for a network that computes in a faster format: Muon for hidden convolutions, Adam for the rest, EMA."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from base.errors import InputError
from base.files import atomic_write
from diffusion.models.numbers import multiplies_bfloat16
from diffusion.training.config import RunConfig

NAME = "checkpoint.safetensors"
HIDDEN = 32
"""Convolutions with at least this many channels on both sides are hidden ones. Adam trains the first and the last layer."""


def working_dtype(numbers: str) -> torch.dtype:
    """Return the number format for computing. auto: bfloat16 on GPUs and on CPUs that support it, else float32."""
    if numbers == "auto":
        return torch.bfloat16 if torch.cuda.is_available() or multiplies_bfloat16() else torch.float32
    return {"bfloat16": torch.bfloat16, "float32": torch.float32}[numbers]


def recast(module: nn.Module, numbers: str, device: str | torch.device = "cpu") -> None:
    """Convert a module to compute in `numbers`, channels last."""
    # diffusers' own `to` warns of a list of float32 modules even where that is empty
    nn.Module.to(module, device, dtype=working_dtype(numbers), memory_format=torch.channels_last)  # type: ignore[call-overload]


def is_hidden(weight: Tensor) -> bool:
    """Whether Muon trains this weight."""
    return weight.ndim == 4 and min(weight.shape[:2]) >= HIDDEN


class Masters:
    """The master weights of `network`, which becomes the working copy.

    step: steps done; weights, averages: trained tensors by name, float32; still: all other tensors, including buffers.
    """

    def __init__(self, network: nn.Module, config: RunConfig) -> None:
        self.network, self.config, self.step = network, config, 0
        trained = {name: p for name, p in network.named_parameters() if p.requires_grad}
        self.weights = {name: p.detach().float().clone() for name, p in trained.items()}
        self.averages = {name: w.clone() for name, w in self.weights.items()}
        state = network.state_dict()
        self.still = {name: t.detach().clone() for name, t in state.items() if name not in trained}
        # Muon works on matrices: a convolution is one of [out, in·height·width]
        flat = {name: w.reshape(len(w), -1) if is_hidden(w) else w for name, w in self.weights.items()}
        muon, adam = ([n for n, w in self.weights.items() if is_hidden(w) is kind] for kind in (True, False))
        self.optimizers: dict[str, torch.optim.Optimizer] = {}
        if muon:
            self.optimizers["muon"] = torch.optim.Muon(
                [flat[n] for n in muon], weight_decay=config.weight_decay, adjust_lr_fn="match_rms_adamw"
            )
        if adam:
            self.optimizers["adam"] = torch.optim.Adam([flat[n] for n in adam], betas=config.betas)
        self._flat = flat
        self._working = trained
        recast(network, config.numbers, next(iter(self.weights.values())).device)
        # statistics of normalisation layers change in the forward pass; other buffers never change
        self._statistics = {
            f"{name}.{of}": buffer
            for name, module in network.named_modules()
            if isinstance(module, nn.BatchNorm2d)
            for of, buffer in module.named_buffers()
        }

    def collect(self, share: float = 1.0) -> None:
        """Add the working copy's gradients, times `share`, to those of the next update, in float32."""
        for name, parameter in self._working.items():
            flat = self._flat[name]
            given = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            grad = given.float().reshape(flat.shape) * share
            flat.grad = grad if flat.grad is None else flat.grad + grad
            parameter.grad = None

    def update(self, lr: float) -> float:
        """Take one step with the collected gradients. Returns their norm before clipping."""
        norm = torch.nn.utils.clip_grad_norm_(self._flat.values(), self.config.clip)
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = lr
            optimizer.step()
            optimizer.zero_grad()
        self.step += 1
        decay = min(self.config.ema_decay, (1 + self.step) / (10 + self.step))
        for name, buffer in self._statistics.items():
            self.still[name].copy_(buffer)
        torch._foreach_lerp_(list(self.averages.values()), list(self.weights.values()), 1 - decay)
        self.use_weights(self.weights)
        return float(norm)

    @torch.no_grad()
    def use_weights(self, weights: dict[str, Tensor]) -> None:
        """Copy weights into the working copy."""
        for name, parameter in self._working.items():
            parameter.copy_(weights[name])

    def exact(self, part: str) -> nn.Module:
        """Return a float32 copy of a part of the network ("" for all of it) with the averaged weights, for inference."""
        found = copy.deepcopy(self.network.get_submodule(part)).float()
        start = f"{part}." if part else ""
        found.load_state_dict(
            {n.removeprefix(start): t for n, t in (self.averages | self.still).items() if n.startswith(start)}
        )
        return found.eval().requires_grad_(False)

    def save(self, folder: Path) -> None:
        """Write a checkpoint. A kill at any moment leaves either the old file or the new one."""
        tensors = {f"weights.{n}": w for n, w in self.weights.items()}
        tensors |= {f"averages.{n}": w for n, w in self.averages.items()}
        tensors |= {f"still.{n}": t for n, t in self.still.items()}
        for kind, optimizer in self.optimizers.items():
            for index, state in optimizer.state_dict()["state"].items():
                tensors |= {f"{kind}.{index}.{key}": torch.as_tensor(value) for key, value in state.items()}
        with atomic_write(folder / NAME) as temporary:
            content = {n: t.contiguous() for n, t in tensors.items()}
            try:
                save_file(content, temporary, metadata={"state": json.dumps({"step": self.step})})
            except SafetensorError as error:  # safetensors raises it for a full disk, too
                raise OSError(str(error)) from error

    def load(self, folder: Path) -> bool:
        """Resume from the folder's checkpoint, if it has one. Raises InputError if it is broken or of another network."""
        path = folder / NAME
        try:
            if not path.exists():  # an unreadable one is an error: a new run must not replace it
                return False
            with safe_open(path, "pt") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                self.step = int(json.loads(file.metadata()["state"])["step"])
            for kind in ("weights", "averages", "still"):
                for name, weight in getattr(self, kind).items():
                    weight.copy_(tensors[f"{kind}.{name}"])
        except OSError as error:
            raise InputError(path, "", f"can't be read ({error.strerror or error})") from error
        except (KeyError, RuntimeError, ValueError, SafetensorError) as error:
            reason = str(error).splitlines()[0].rstrip(".:")
            problem = f"doesn't fit this network ({reason}); choose another `out` or the old configuration"
            raise InputError(path, "", problem) from error
        for kind, optimizer in self.optimizers.items():
            state: dict[int, dict[str, Tensor]] = {}
            for name, tensor in tensors.items():
                if name.startswith(f"{kind}."):
                    _, index, key = name.split(".", 2)
                    state.setdefault(int(index), {})[key] = tensor
            optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
        self.network.load_state_dict(self.weights | self.still)
        return True

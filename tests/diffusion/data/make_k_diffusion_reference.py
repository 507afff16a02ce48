"""Writes k_diffusion_reference.json: what k-diffusion's samplers answer for the closed-form denoiser of the tests.

    python make_k_diffusion_reference.py FOLDER     FOLDER holds an unpacked k-diffusion wheel (`pip download --no-deps k-diffusion`)

k-diffusion's own dependencies would bring another torch, so only its `sampling.py` is run, with the imports that these samplers
don't use replaced by empty modules. Not a test; run by hand when a sampler is added.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import types
from pathlib import Path

import torch

HERE = Path(__file__).parent


def load_sampling(folder: Path) -> types.ModuleType:
    for name in ("torchdiffeq", "torchsde"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["torchdiffeq"].odeint = None  # type: ignore[attr-defined]
    package = types.ModuleType("k_diffusion")
    package.utils = types.ModuleType("k_diffusion.utils")  # type: ignore[attr-defined]
    package.utils.append_dims = lambda x, n: x[(...,) + (None,) * (n - x.ndim)]  # type: ignore[attr-defined]
    sys.modules |= {"k_diffusion": package, "k_diffusion.utils": package.utils}
    spec = importlib.util.spec_from_file_location("k_diffusion.sampling", folder / "k_diffusion" / "sampling.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(folder: Path) -> None:
    spec = importlib.util.spec_from_file_location("conftest", HERE.parent / "conftest.py")
    tests = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tests)
    sampling = load_sampling(folder)
    version = next(folder.glob("k_diffusion-*.dist-info")).name.split("-")[1].removesuffix(".dist")
    x = tests.reference_start()

    def model(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        return tests.mixture_denoised(x, float(sigma[0]))

    def noise(sigma: torch.Tensor, sigma_next: torch.Tensor) -> torch.Tensor:
        return tests.reference_noise(float(sigma), float(sigma_next))

    schedules = {
        "karras": sampling.get_sigmas_karras(8, 0.03, 14.0),
        "exponential": sampling.get_sigmas_exponential(8, 0.03, 14.0),
    }
    calls = {
        "euler": lambda s: sampling.sample_euler(model, x, s, disable=True),
        "heun": lambda s: sampling.sample_heun(model, x, s, disable=True),
        "euler_ancestral": lambda s: sampling.sample_euler_ancestral(model, x, s, disable=True, noise_sampler=noise),
        "dpmpp_2m": lambda s: sampling.sample_dpmpp_2m(model, x, s, disable=True),
        "dpmpp_sde": lambda s: sampling.sample_dpmpp_sde(model, x, s, disable=True, noise_sampler=noise),
    }
    answer = {
        "made by": f"k-diffusion {version}, sampling.py alone; see make_k_diffusion_reference.py",
        "sigmas": {name: s.double().tolist() for name, s in schedules.items()},
        "samples": {
            f"{sampler} {name}": call(s.double()).flatten().tolist()
            for sampler, call in calls.items()
            for name, s in schedules.items()
        },
    }
    (HERE / "k_diffusion_reference.json").write_text(json.dumps(answer, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

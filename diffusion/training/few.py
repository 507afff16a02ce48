"""A few-step student: consistency distillation of the denoiser with its guidance (arXiv 2303.01469, 2310.04378)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

from diffusion.text import MiniLMEncoder
from diffusion.training.cache import Batch, cached, draw_batch, load_vae
from diffusion.training.checkpoint import State
from diffusion.training.config import FewConfig
from diffusion.training.contact_sheet import save_sheet
from diffusion.training.folder import begin_with, write_folder
from diffusion.training.loop import averaged, run
from diffusion.training.noising import STEPS, noised, parts_of, scheduler
from diffusion.training.sampling import sample_few
from diffusion.training.unet import PROMPTS, decode, new_unet, seeded, standard_depth
from scenes.errors import InputError

HUBER = 0.3  # where the loss turns from squared to linear, in latent deviations (pseudo-Huber, arXiv 2310.14189)


def consistency_loss(
    student: nn.Module,
    teacher: nn.Module,
    batch: Batch,
    unconditional: Tensor,
    abar: Tensor,
    config: FewConfig,
    generator: torch.Generator,
    device: torch.device,
) -> tuple[Tensor, dict[str, float]]:
    """The student's picture at the noisy end of an interval against its own picture at the other end, where one guided step of the
    teacher leads. The last interval ends without noise: there the picture is the teacher's."""
    count = len(batch.latents)
    place = torch.randint(config.intervals, (count,), generator=generator)
    t = ((place + 1) * STEPS) // config.intervals - 1
    before = ((place * STEPS) // config.intervals - 1).clamp_min(0)
    a = abar[t]
    a_before = torch.where(place == 0, torch.ones(()), abar[before])
    blind = torch.rand(count, generator=generator) < config.drop_depth
    depth = torch.where(blind.view(-1, 1, 1, 1), torch.zeros(()), batch.depth).to(device)
    x = noised(batch.latents, torch.randn(batch.latents.shape, generator=generator), a).to(device)
    context, a, a_before, t, before = (v.to(device) for v in (batch.context, a, a_before, t, before))

    def said(network: nn.Module, x: Tensor, t: Tensor, words: Tensor) -> Tensor:
        return network(torch.cat((x, depth), 1), t, words).sample.float()

    with torch.no_grad():
        blank = said(teacher, x, t, unconditional.to(device).expand_as(context))
        guided = blank + config.guidance * (said(teacher, x, t, context) - blank)
        picture, noise = parts_of(config.objective, guided, x, a)
        nearer = noised(picture, noise, a_before)
        wanted, _ = parts_of(config.objective, said(student, nearer, before, context), nearer, a_before)
    shown, _ = parts_of(config.objective, said(student, x, t, context), x, a)
    mask = batch.mask.to(device)
    distance = ((shown - wanted).square() + HUBER**2).sqrt() - HUBER
    error = (distance.mean(1, keepdim=True) * mask).sum((1, 2, 3)) / mask.sum((1, 2, 3)).clamp_min(1)
    return error.mean(), {"first": float(error.detach()[place.to(device) * 4 >= 3 * config.intervals].sum() / count)}


def train_few(config: FewConfig) -> Path:
    """Train (or go on training) the student; `out/model` is a complete pipeline folder, to be sampled with "lcm" and guidance 1."""
    torch.set_num_threads(config.threads) if config.threads else None
    teacher_folder = Path(config.teacher)
    if not (teacher_folder / "unet" / "config.json").is_file():
        raise InputError(teacher_folder, "", "holds no denoiser to learn from; train one first")
    teacher = UNet2DConditionModel.from_pretrained(teacher_folder / "unet", torch_dtype=torch.float32)
    teacher.eval().requires_grad_(False)
    data = cached(config, config.data)
    vae, text = load_vae(Path(config.vae)), MiniLMEncoder()
    unconditional = text.encode([""])[0]
    steps = scheduler(config.schedule, config.objective, config.zero_snr)
    abar = steps.alphas_cumprod.clone()
    student = new_unet(config, data.latents.shape[1])
    begin_with(student, config.start or config.teacher, "unet")
    context, depth = text.encode(list(PROMPTS)), standard_depth(len(PROMPTS), 32)

    def loss_of(wrapped: nn.Module, step: int, device: torch.device) -> tuple[Tensor, dict[str, float]]:
        rng = np.random.default_rng([config.seed, step])
        wide = rng.random() < config.wide
        side, count = (config.crop_wide, max(1, config.batch // 4)) if wide else (config.crop, config.batch)
        batch, generator = draw_batch(data, count, side, config.focus, rng), seeded(config.seed, step)
        return consistency_loss(wrapped, teacher, batch, unconditional, abar, config, generator, device)

    def on_sample(state: State, step: int) -> dict[str, float]:
        with averaged(state):
            latents = sample_few(student, steps, context, depth, steps=config.sample_steps, seed=0)
        shown = decode(vae, latents)
        save_sheet(Path(config.out) / "samples" / f"{step:07d}.png", list(shown), list(PROMPTS), 8, 192)
        return {"contrast": float(latents.std())}

    def on_save(state: State) -> None:
        with averaged(state):
            notes = {"steps": state.step, "few": config.sample_steps, "config": asdict(config)}
            write_folder(Path(config.out) / "model", student, vae, steps, notes)

    teacher.to("cuda" if torch.cuda.is_available() else "cpu")
    run(config, student, loss_of, on_sample=on_sample, on_save=on_save)
    return Path(config.out)

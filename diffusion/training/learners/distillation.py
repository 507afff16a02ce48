"""Distil the denoiser together with its guidance into a few-step student, by one of two methods.

"progressive" (arXiv 2202.00512, 2210.03142): one step of the student replaces several steps of the teacher; sampled with ddim.
"consistency" (arXiv 2303.01469, 2310.04378): the student predicts the same picture at both ends of an interval; sampled with lcm.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

from base.errors import InputError
from diffusion.models.attention import RegionalProcessor
from diffusion.models.minilm import MiniLMEncoder
from diffusion.training.checkpoint import State
from diffusion.training.config import StudentConfig
from diffusion.training.contact_sheet import save_sheet
from diffusion.training.data.latent_cache import Batch, cached, draw_batch, load_vae
from diffusion.training.data.region_crops import RegionCrops, draw_region_crops, reword_captions
from diffusion.training.folder import load_start_weights, write_folder
from diffusion.training.learners.material_segmenter import load_segmenter, obedience_loss
from diffusion.training.learners.noising import STEPS, make_scheduler, noised, split_prediction
from diffusion.training.learners.sampling import sample, sample_consistency
from diffusion.training.learners.unet import PROMPTS, decode, new_unet, seeded, standard_depth
from diffusion.training.loop import averaged, run

HUBER = 0.3  # where the loss turns from squared to linear, in latent deviations (pseudo-Huber, arXiv 2310.14189)
PRECISIONS = {"no": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


def solve_landing(x: Tensor, a: Tensor, end: Tensor, a_end: Tensor) -> Tensor:
    """The x0 with which one DDIM step leads from x, with cumulative signal a [B], to `end`, with a_end."""
    share = ((1 - a_end) / (1 - a)).sqrt().view(-1, 1, 1, 1)
    return (end - share * x) / (a_end.view(-1, 1, 1, 1).sqrt() - share * a.view(-1, 1, 1, 1).sqrt())


def distillation_loss(
    student: nn.Module,
    teacher: UNet2DConditionModel,
    batch: Batch,
    unconditional: Tensor,
    abar: Tensor,
    config: StudentConfig,
    generator: torch.Generator,
    device: torch.device,
    region_crops: RegionCrops | None = None,
    words: Tensor | None = None,
) -> tuple[Tensor, dict[str, float]]:
    """Compare the student's x0 at the noisy end of an interval with the result of the guided teacher's steps through it.

    region_crops: the batch with a caption for each surface, or None. The student gets them in one call by regional attention, the
    teacher in separate calls, so one call of the student learns what takes the teacher one for every surface.
    words: the captions [R,T,D] as the student gets them, if they differ from the teacher's.
    """
    count = len(batch.latents)
    region_crops = None if region_crops is None else region_crops.to(device)
    words = None if words is None else words.to(device)
    heard = (
        None
        if region_crops is None
        else region_crops.attention_kwargs(len(teacher.config["block_out_channels"]), words)
    )
    place = torch.randint(config.intervals, (count,), generator=generator)
    parts = torch.arange(config.substeps + 1) / config.substeps
    ends = (((place + 1).view(-1, 1) - parts) * STEPS / config.intervals).round().long() - 1  # -1: no noise at all
    signal = torch.where(ends < 0, torch.ones(()), abar[ends.clamp_min(0)]).to(device)
    times = ends.clamp_min(0).to(device)
    blind = torch.rand(count, generator=generator) < config.drop_depth
    depth = torch.where(blind.view(-1, 1, 1, 1), torch.zeros(()), batch.depth).to(device)
    noise = torch.randn(batch.latents.shape, generator=generator)
    x = noised(batch.latents.to(device), noise.to(device), signal[:, 0])
    context = batch.context.to(device)
    # a run goes through the last interval first
    rows = (1 - (place + 1) / config.intervals >= config.guidance_start).nonzero().view(-1).to(device)
    blank = unconditional.to(device).expand_as(context)[rows]

    def picture(x: Tensor, t: Tensor, a: Tensor) -> Tensor:
        said = student(torch.cat((x, depth), 1), t, context, cross_attention_kwargs=heard).sample.float()
        return split_prediction(config.objective, said, x, a)[0]

    def taught(x: Tensor, t: Tensor) -> Tensor:
        def said(given: Tensor, t: Tensor, words: Tensor) -> Tensor:
            return teacher(given.to(teacher.dtype), t, words.to(teacher.dtype)).sample.float()

        given = torch.cat((x, depth), 1)
        if region_crops is not None:
            told = region_crops.compose(said(given[region_crops.owners], t[region_crops.owners], region_crops.contexts))
        else:
            told = said(given, t, context)
        if len(rows):
            plain = said(given[rows], t[rows], blank)
            told[rows] = plain + config.guidance * (told[rows] - plain)
        return told

    with torch.no_grad():
        end = x
        for step in range(config.substeps):
            t, a = times[:, step], signal[:, step]
            end = noised(*split_prediction(config.objective, taught(end, t), end, a), signal[:, step + 1])
        if config.method == "consistency":
            wanted = picture(end, times[:, -1], signal[:, -1])
        else:
            wanted = solve_landing(x, signal[:, 0], end, signal[:, -1])
    shown = picture(x, times[:, 0], signal[:, 0])
    mask = batch.mask.to(device)
    distance = ((shown - wanted).square() + HUBER**2).sqrt() - HUBER
    error = (distance.mean(1, keepdim=True) * mask).sum((1, 2, 3)) / mask.sum((1, 2, 3)).clamp_min(1)
    # scaled like an error of v: with little noise, errors of x0 are small
    return (error / (1 - signal[:, 0]).clamp_min(0.1)).mean(), {"error": float(error.detach().mean())}


def train_student(config: StudentConfig) -> Path:
    """Train the student, or resume; `out/model` is a complete pipeline folder, to be sampled without guidance."""
    if config.threads:
        torch.set_num_threads(config.threads)
    teacher_folder = Path(config.teacher)
    if not (teacher_folder / "unet" / "config.json").is_file():
        raise InputError(teacher_folder, "", "holds no denoiser to learn from; train one first")
    teacher = UNet2DConditionModel.from_pretrained(teacher_folder / "unet", torch_dtype=torch.float32)
    teacher.eval().requires_grad_(False)
    data = cached(config, config.data)
    vae, text = load_vae(Path(config.vae)), MiniLMEncoder()
    unconditional = text.encode([""])[0]
    steps = make_scheduler(config.schedule, config.objective, config.zero_snr)
    abar = steps.alphas_cumprod.clone()
    student = new_unet(config, data.latents.shape[1])
    load_start_weights(student, config.start or config.teacher, "unet")
    student.set_attn_processor(RegionalProcessor())
    segmenter = load_segmenter(Path(config.reader)) if config.obedience else None
    context, depth = text.encode(list(PROMPTS)), standard_depth(len(PROMPTS), 32)

    def loss_of(wrapped: nn.Module, step: int, device: torch.device) -> tuple[Tensor, dict[str, float]]:
        rng = np.random.default_rng([config.seed, step])
        wide = rng.random() < config.wide
        side, count = (config.crop_wide, max(1, config.batch // 4)) if wide else (config.crop, config.batch)
        generator, region_crops = seeded(config.seed, step), None
        if config.parted > 0 and rng.random() < config.parted:
            region_crops = draw_region_crops(data, count, side, rng)
        batch = region_crops.batch if region_crops else draw_batch(data, count, side, config.focus, rng)
        words = reword_captions(region_crops, text, config.reword, rng) if region_crops else None
        given = (batch, unconditional, abar, config, generator, device, region_crops, words)
        loss, figures = distillation_loss(wrapped, teacher, *given)
        if segmenter is None:
            return loss, figures
        asked = draw_region_crops(data, count, side, rng)
        asked_words = reword_captions(asked, text, config.reword, rng)
        told = (segmenter, asked, asked_words, abar, config, generator, device)
        obedience, figures["obeyed"] = obedience_loss(wrapped, *told)
        return loss + config.obedience * obedience, {**figures, "obedience": float(obedience.detach())}

    def on_sample(state: State, step: int) -> dict[str, float]:
        with averaged(state):
            how = {"steps": config.sample_steps, "seed": 0}
            if config.method == "consistency":
                latents = sample_consistency(student, steps, context, depth, **how)
            else:
                latents = sample(student, steps, context, unconditional, depth, guidance=1.0, **how)
        shown = decode(vae, latents)
        save_sheet(Path(config.out) / "samples" / f"{step:07d}.png", list(shown), list(PROMPTS), 8, 192)
        return {"contrast": float(latents.std())}

    def on_save(state: State) -> None:
        with averaged(state):
            notes = {"steps": state.step, "few": config.sample_steps, "config": asdict(config)}
            write_folder(Path(config.out) / "model", student, vae, steps, notes)

    place, kind = "cuda" if torch.cuda.is_available() else "cpu", PRECISIONS[config.teacher_precision]
    # channels-last memory saves a quarter of the time on a CPU, for either network
    teacher.to(place, kind, memory_format=torch.channels_last)  # pyright: ignore[reportArgumentType, reportCallIssue]
    if segmenter is not None:
        segmenter.to(place)
    student.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    run(config, student, loss_of, on_sample=on_sample, on_save=on_save)
    return Path(config.out)

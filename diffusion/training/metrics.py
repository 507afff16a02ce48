"""Measures of pictures [B,3,H,W] in 0..1 (PSNR, SSIM, sharpness) and of sets of features (Fréchet distance)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each pair, dB [B]."""
    return -10 * torch.log10((a - b).square().mean((1, 2, 3)).clamp_min(1e-10))


def ssim(a: Tensor, b: Tensor, window: int = 7) -> Tensor:
    """Structural similarity of each pair on grey pictures, uniform window [B] (Wang et al. 2004)."""
    a, b = a.mean(1, keepdim=True), b.mean(1, keepdim=True)

    def mean(x: Tensor) -> Tensor:
        return F.avg_pool2d(x, window, 1)

    ma, mb = mean(a), mean(b)
    va, vb = mean(a * a) - ma * ma, mean(b * b) - mb * mb
    cov = mean(a * b) - ma * mb
    c1, c2 = 0.01**2, 0.03**2
    index = (2 * ma * mb + c1) * (2 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2))
    return index.mean((1, 2, 3))


def detail(picture: Tensor) -> Tensor:
    """High-frequency energy of each picture [B]: mean absolute Laplacian of luminance."""
    kernel = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]], device=picture.device).view(1, 1, 3, 3)
    return F.conv2d(picture.mean(1, keepdim=True), kernel).abs().mean((1, 2, 3))


def sharpness_ratio(shown: Tensor, truth: Tensor) -> Tensor:
    """Detail of `shown` over that of `truth`: 1 as sharp, below 1 blurred."""
    return detail(shown).sum() / detail(truth).sum().clamp_min(1e-9)


def frechet(a: Tensor, b: Tensor) -> float:
    """Fréchet distance of two sets of features [N,D], taken as normal distributions (Heusel et al. 2017): 0 for equal ones.

    The square root of the product of the covariances is taken from a symmetric matrix with the same eigenvalues.
    """
    a, b = a.double(), b.double()
    ca, cb = torch.cov(a.T), torch.cov(b.T)
    values, vectors = torch.linalg.eigh(ca)
    root = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    shared = torch.linalg.eigvalsh(root @ cb @ root).clamp_min(0).sqrt().sum()
    return float((a.mean(0) - b.mean(0)).square().sum() + ca.trace() + cb.trace() - 2 * shared)

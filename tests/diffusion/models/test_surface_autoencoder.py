"""The autoencoder: local, loadable, and its latents normalised by its own buffers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from diffusion.models.surface_autoencoder import SurfaceAutoencoder


def tiny(surface_channels: int = 0) -> SurfaceAutoencoder:
    torch.manual_seed(3)
    vae = SurfaceAutoencoder(4, (8, 8, 16), (1, 1, 1), (8, 12, 16), (1, 1, 1), surface_channels).eval()
    for parameter in vae.parameters():  # blocks begin as nothing; here they must do something
        parameter.data += 0.05 * torch.randn(parameter.shape)
    return vae.requires_grad_(False)


def test_eight_pixels_are_a_latent_pixel() -> None:
    vae = tiny()
    latents = vae.encode(torch.rand(2, 3, 48, 64)).latents
    assert latents.shape == (2, 4, 6, 8)
    assert vae.decode(latents).sample.shape == (2, 3, 48, 64)


def test_the_buffers_give_latents_of_zero_mean_and_unit_deviation() -> None:
    vae, pictures = tiny(), torch.rand(4, 3, 64, 64)
    shown = vae(pictures)
    raw = vae.encode(pictures).latents
    vae.mean.copy_(raw.mean((0, 2, 3)))
    vae.std.copy_(raw.std((0, 2, 3)))
    latents = vae.encode(pictures).latents
    assert torch.allclose(latents.mean((0, 2, 3)), torch.zeros(4), atol=1e-4)
    assert torch.allclose(latents.std((0, 2, 3)), torch.ones(4), atol=1e-4)
    # the decoder takes them back, up to what it sees beyond the border
    assert torch.allclose(vae.decode(latents).sample[..., 24:40, 24:40], shown[..., 24:40, 24:40], atol=0.2)


def test_decoding_is_local() -> None:
    """What is decoded doesn't depend on what lies more than twelve latent pixels away, nor on the canvas's size."""
    vae = tiny()
    latents = torch.randn(1, 4, 40, 8)
    other = latents.clone()
    other[:, :, 20:] = torch.randn(1, 4, 20, 8)
    whole, changed, cut = (vae.decode(x).sample for x in (latents, other, latents[:, :, :32]))
    assert torch.allclose(whole[..., : 8 * 8, :], changed[..., : 8 * 8, :], atol=1e-5)
    assert torch.allclose(whole[..., : 8 * 20, :], cut[..., : 8 * 20, :], atol=1e-5)
    assert not torch.allclose(whole[..., 8 * 30 :, :], changed[..., 8 * 30 :, :], atol=1e-2)


@pytest.mark.parametrize("told", [0, 3])
def test_a_folder_gives_back_the_same_network(tmp_path: Path, told: int) -> None:
    vae = tiny(told)
    vae.std.fill_(1.7)
    vae.save_pretrained(tmp_path / "vae")
    again = SurfaceAutoencoder.from_pretrained(tmp_path / "vae").eval()
    latents, surface = torch.randn(1, 4, 6, 6), torch.randn(1, 3, 48, 48) if told else None
    assert torch.equal(vae.decode(latents, surface).sample, again.decode(latents, surface).sample)


def test_a_decoder_with_new_surface_inputs_paints_as_before() -> None:
    torch.manual_seed(0)
    vae = SurfaceAutoencoder(4, (8, 8, 16), (1, 1, 1), (8, 12, 16), (1, 1, 1), 3)
    latents = torch.randn(1, 4, 6, 6)
    surface = torch.randn(1, 3, 48, 48)
    assert torch.equal(vae.decode(latents, surface).sample, vae.decode(latents).sample)
    assert vae.decoder.told is not None
    vae.decoder.told.out.weight.data.normal_()
    assert not torch.allclose(vae.decode(latents, surface).sample, vae.decode(latents).sample, atol=1e-3)

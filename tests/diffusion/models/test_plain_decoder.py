"""The plain decoder is diffusers': the same picture from the same weights, in every layout."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL

from diffusion.introspection.decoder_probe import probe_decoder
from diffusion.models.codec import Codec
from diffusion.models.plain_decoder import PlainDecoder
from diffusion.models.surface_autoencoder import SurfaceAutoencoder

LAYOUTS = {
    "as Stable Diffusion": {"block_out_channels": (8, 16, 32, 32), "layers_per_block": 2, "norm_num_groups": 8},
    "without attention": {"block_out_channels": (4, 8), "mid_block_add_attention": False, "norm_num_groups": 2},
    "16 channels, no 1x1": {"latent_channels": 16, "use_post_quant_conv": False, "block_out_channels": (8, 8, 16)},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_picture_as_diffusers(layout) -> None:
    torch.manual_seed(0)
    config = {"norm_num_groups": 4, "latent_channels": 4} | LAYOUTS[layout]
    levels = len(config["block_out_channels"])
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * levels, "up_block_types": ("UpDecoderBlock2D",) * levels}
    vae = AutoencoderKL(**blocks, **config).eval()
    latents = torch.randn((2, config["latent_channels"], 6, 10), dtype=torch.float64)
    for dtype, tolerance in ((torch.float32, 1e-5), (torch.float64, 1e-12)):  # of the largest value
        vae = vae.to(dtype)
        plain = PlainDecoder.of(vae)
        with torch.inference_mode():
            expected = vae.decode(latents.to(dtype)).sample
        most = float(expected.abs().max())
        assert most > 0.1 and float((plain(latents.to(dtype)) - expected).abs().max()) < tolerance * most
    assert {n for n, _ in plain.named_parameters()} == {
        n for n, _ in vae.named_parameters() if n.startswith(("decoder.", "post_quant_conv."))
    }


def test_its_stages_are_shown_for_such_autoencoders_only(sd1, wide) -> None:
    latents = np.random.default_rng(0).standard_normal((4, 4, 6)).astype(np.float32)
    stages = probe_decoder(sd1, latents)
    assert [stage.name for stage in stages] == ["in", "middle", "up 1", "up 2", "up 3", "up 4", "out"]
    assert [stage.level for stage in stages] == [3, 3, 3, 2, 1, 0, 0] and all(stage.seconds > 0 for stage in stages)
    assert stages[-2].shape == (4, 32, 48) and stages[-1].shape == (3, 32, 48)
    assert stages[0].strength.shape == (4, 6)
    assert probe_decoder(wide, np.zeros((16, 4, 4), np.float32)) == ()


def test_probing_leaves_the_embedded_decoder_as_it_was() -> None:
    torch.manual_seed(0)
    vae = SurfaceAutoencoder(4, (4, 4, 8), (1, 1, 1), (4, 6, 8), (1, 1, 2)).eval()
    latents, codec = torch.randn(1, 4, 4, 6), Codec.of(vae)
    model = SimpleNamespace(vae=vae, device=torch.device("cpu"), decode_tensor=codec.decode)
    before = codec.decode(latents)
    stages = probe_decoder(model, latents[0].numpy())  # type: ignore[arg-type]
    assert [stage.name for stage in stages] == ["in", "up 1", "up 2", "up 3", "out"]
    assert [stage.shape for stage in stages] == [(8, 4, 6), (8, 4, 6), (6, 8, 12), (4, 16, 24), (3, 32, 48)]
    assert [stage.level for stage in stages] == [3, 3, 2, 1, 1]
    red = before[0, stages[-1].channels[0]]
    shown = stages[-1].maps[0].astype(float)
    assert np.corrcoef(red.numpy().ravel(), shown.ravel())[0, 1] > 0.95
    assert torch.equal(codec.decode(latents), before) and not any(m._forward_hooks for m in vae.modules())


@pytest.fixture(scope="module")
def sd1(sd1_folder):
    from diffusion.loaders.loading import load_model

    return load_model(sd1_folder, "cpu")

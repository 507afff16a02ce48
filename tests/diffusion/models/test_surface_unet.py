"""The denoiser: every region hears its own prompt, no canvas size matters, and what is withheld is not needed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from diffusion.models.surface_unet import SurfaceUNet

HARMONICS, SHAPE, WIDTH, TOKENS = 12, 5, 10, 3


def tiny() -> SurfaceUNet:
    torch.manual_seed(1)
    network = SurfaceUNet(4, HARMONICS, SHAPE, (16, 24), 1, WIDTH, 32, 8, 2).eval()
    for parameter in network.parameters():
        parameter.data += 0.05 * torch.randn(parameter.shape)
    return network.requires_grad_(False)


def inputs(height: int, width: int, regions: int = 2) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(height * width)

    def drawn(*size: int) -> Tensor:
        return torch.randn(*size, generator=generator)

    shares = torch.zeros(1, regions, height, width)
    shares[:, 0, :, : width // 2], shares[:, 1, :, width // 2 :] = 1, 1
    return {
        "sample": drawn(1, 4, height, width),
        "t": torch.tensor([0.6]),
        "harmonics": drawn(1, HARMONICS, height, width),
        "shape": drawn(1, SHAPE, height, width),
        "contexts": drawn(1, regions, TOKENS, WIDTH),
        "shares": shares,
    }


@pytest.mark.parametrize("size", [(4, 6), (8, 8), (2, 12)])
def test_any_canvas(size: tuple[int, int]) -> None:
    assert tiny()(**inputs(*size)).shape == (1, 4, *size)


def test_a_new_network_predicts_nothing() -> None:
    network = SurfaceUNet(4, HARMONICS, SHAPE, (16, 24), 1, WIDTH, 32, 8, 2).requires_grad_(False)
    assert float(network(**inputs(8, 8)).abs().max()) == 0


def test_a_region_that_is_nowhere_changes_nothing() -> None:
    network, asked = tiny(), inputs(8, 8)
    two = network(**asked)
    contexts = torch.cat((asked["contexts"], torch.randn(1, 1, TOKENS, WIDTH)), 1)
    shares = torch.cat((asked["shares"], torch.zeros(1, 1, 8, 8)), 1)
    three = network(**{**asked, "contexts": contexts, "shares": shares})
    assert torch.allclose(two, three, atol=5e-3)


def test_the_order_of_regions_is_of_no_matter() -> None:
    network, asked = tiny(), inputs(8, 8)
    turned = {**asked, "contexts": asked["contexts"].flip(1), "shares": asked["shares"].flip(1)}
    assert torch.allclose(network(**asked), network(**turned), atol=1e-4)


def test_a_prompt_acts_in_its_region() -> None:
    """Another prompt on the right changes the right much more than what lies far to the left of it."""
    network, asked = tiny(), inputs(4, 48)
    contexts = asked["contexts"].clone()
    contexts[:, 1] = torch.randn(1, TOKENS, WIDTH)
    change = (network(**asked) - network(**{**asked, "contexts": contexts})).abs().mean((0, 1, 2))
    assert float(change[30:].mean()) > 5 * float(change[:12].mean()) > 0


@pytest.mark.parametrize("name", ["harmonics", "shape", "contexts", "t", "sample"])
def test_every_condition_changes_the_prediction(name: str) -> None:
    network, asked = tiny(), inputs(8, 8)
    other = {**asked, name: 0.5 * asked[name] - 0.1}
    assert float((network(**asked) - network(**other)).abs().max()) > 1e-3


def test_the_words_that_a_pixel_looks_at_can_be_watched() -> None:
    network, seen = tiny(), []
    handle = network.prompted.weights.register_forward_hook(lambda *call: seen.append(call[2]))
    network(**inputs(8, 8))
    handle.remove()
    (weights,) = seen
    assert weights.shape == (1, 2, 16, 2 * TOKENS)
    left = weights.view(2, 4, 4, 2, TOKENS)[:, :, :2]
    assert float(left[..., 0, :].sum(-1).min()) > 0.9  # the left half hears the left region's tokens


def test_a_folder_gives_back_the_same_network(tmp_path: Path) -> None:
    network, asked = tiny(), inputs(4, 6)
    network.save_pretrained(tmp_path / "unet")
    again = SurfaceUNet.from_pretrained(tmp_path / "unet").eval().requires_grad_(False)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), again.parameters(), strict=True))
    assert torch.allclose(network(**asked), again(**asked), atol=1e-5)

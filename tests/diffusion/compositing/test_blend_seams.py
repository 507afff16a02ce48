"""A dream fitted to what is remembered: kept pixels as they are, low frequencies held, no step at the frontier."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from diffusion.canvas import Canvas, FacingGBuffer, Guide, Region, Surface
from diffusion.compositing.blend_seams import CONTRAST, OCTAVES, blend_seams
from tests.diffusion.conftest import vary

SIDE = 16  # latent pixels
PIXELS = 8 * SIDE


def canvas(
    known: np.ndarray, grey: float | np.ndarray, change: np.ndarray, finer=None, trusted=None, mask=None
) -> Canvas:
    """Remembers a grey (0..255) where known bool [PIXELS,PIXELS] says so."""
    whole = np.ones((SIDE, SIDE), np.float32)
    mask = whole if mask is None else mask
    colours = np.zeros((PIXELS, PIXELS, 4), np.uint8)
    colours[..., :3] = np.broadcast_to(np.asarray(grey), (PIXELS, PIXELS))[..., None]
    colours[..., 3] = 255 * known
    regions = (Region("one", mask), Region("other", whole - mask))
    return Canvas(regions, np.zeros((4, SIDE, SIDE), np.float32), change, Guide(None, colours, None, finer, trusted))


def grain(seed: int = 0) -> torch.Tensor:
    return 0.2 * torch.randn((3, PIXELS, PIXELS), generator=torch.Generator().manual_seed(seed))


def halves() -> tuple[np.ndarray, np.ndarray]:
    """Known pixels: the left half; change: the right half."""
    left = np.zeros((SIDE, SIDE), np.float32)
    left[:, : SIDE // 2] = 1
    return left.repeat(8, 0).repeat(8, 1) > 0, 1 - left


def test_what_is_kept_stands_as_it_is_remembered_and_without_strength_nothing_changes():
    known, change = halves()
    picture = grain()
    remembered = canvas(known, 200, change)
    fitted = blend_seams(picture, remembered)
    assert (fitted[:, known] == 200 / 127.5 - 1).all()
    assert not torch.equal(fitted[:, ~known], picture[:, ~known])
    assert torch.equal(blend_seams(picture, remembered, 0.0), picture)


def test_what_a_border_mixes_in_is_not_carried_on():
    """Beside another region the picture is a mixture of both: that says nothing of what the new paint should look like."""
    known, change = halves()
    mask = np.ones((SIDE, SIDE), np.float32)
    mask[SIDE // 2 :] = 0
    picture, border = grain(), PIXELS // 2
    picture[:, border - 6 : border] += 0.8  # what the lower region lends to the upper one
    fitted = blend_seams(picture, canvas(known, 127.5, change, mask=mask))
    plain = blend_seams(grain(), canvas(known, 127.5, change, mask=mask))
    moved = (fitted - picture - plain + grain())[:, : border - 8, border:]
    assert float(moved.abs().max()) < 0.02


def test_a_new_painting_takes_up_the_colour_at_its_frontier_and_finds_its_own_further_off():
    known, change = halves()
    picture, middle = grain(), PIXELS // 2
    picture[:, :, middle:] += 0.5  # the model painted what is new too bright
    picture[:, :, :middle] -= 0.1  # and what is kept not quite as it is: in the volume it is grey
    fitted = blend_seams(picture, canvas(known, 127.5, change))
    column = fitted.mean((0, 1)) - blend_seams(grain(), canvas(np.zeros_like(known), 0, change)).mean((0, 1))
    assert abs(float(column[middle] - 0.6)) < 0.05  # moved by what the kept half is off by
    assert abs(float(column[-1] - 0.5)) < 0.02
    assert (np.diff(column[middle:].numpy()) < 1e-3).all()


def test_refinement_holds_the_low_frequencies_and_keeps_the_new_detail():
    everywhere = np.ones((PIXELS, PIXELS), bool)
    change, finer = np.ones((SIDE, SIDE), np.float32), np.full((SIDE, SIDE), 2.0, np.float32)
    wave = 127.5 + 60 * np.sin(np.arange(PIXELS) / PIXELS * 2 * np.pi * 2)[:, None] * np.ones(PIXELS)
    picture = grain() + 0.4
    fitted = blend_seams(picture, canvas(everywhere, wave, change, finer))
    want = torch.from_numpy(wave / 127.5 - 1).float()

    def low(x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.avg_pool2d(x[None], 16)[0]

    error = (low(fitted) - low(want[None].expand(3, -1, -1))).abs().mean()
    assert error < 0.05 < 0.3 < (low(picture) - low(want[None].expand(3, -1, -1))).abs().mean()
    fine = fitted.diff(dim=2).std() / picture.diff(dim=2).std()
    assert 0.9 < fine < 1.1


@pytest.mark.parametrize("finer", [2.0**12, 1e12, np.inf])
def test_what_is_hugely_finer_costs_no_more_than_what_is_much_finer(finer: float) -> None:
    """A wall that was seen at a grazing angle or through a wide lens: its blurs grew with the ratio, to 15 GB and minutes."""
    everywhere, change = np.ones((PIXELS, PIXELS), bool), np.ones((SIDE, SIDE), np.float32)

    def fitted(ratio: float) -> torch.Tensor:
        return blend_seams(grain(), canvas(everywhere, 200, change, np.full((SIDE, SIDE), ratio, np.float32)))

    assert torch.equal(fitted(finer), fitted(2.0**OCTAVES))


def test_seams_are_fitted_as_far_as_paint_is_trusted():
    everywhere = np.ones((PIXELS, PIXELS), bool)
    change, finer = np.ones((SIDE, SIDE), np.float32), np.full((SIDE, SIDE), 4.0, np.float32)
    for trusted in (0.0, 0.5, 1.0):
        half = np.full((SIDE, SIDE), trusted, np.float32)
        fitted = blend_seams(torch.zeros(3, PIXELS, PIXELS), canvas(everywhere, 255, change, finer, half))
        assert abs(float(fitted.mean()) - trusted) < 0.01


def weave(period: float, contrast: float = 0.3) -> np.ndarray:
    """float [PIXELS,PIXELS] of -1..1: waves of so many pixels in both directions."""
    wave = np.sin(2 * np.pi * np.arange(PIXELS) / period)
    return contrast * wave[:, None] * wave


def held_of(pattern: np.ndarray, fitted: torch.Tensor) -> float:
    """How much of a pattern a picture has, 1 = all of it."""
    wanted = torch.from_numpy(pattern).float() - pattern.mean()
    return float((fitted.mean(0) * wanted).sum() / wanted.square().sum())


def test_what_is_not_trusted_keeps_its_structure_and_loses_its_colours():
    """Coarse paint beside something else has that one's colour, but bricks stay where they are."""
    everywhere = np.ones((PIXELS, PIXELS), bool)
    change, finer = np.ones((SIDE, SIDE), np.float32), np.full((SIDE, SIDE), 2.0, np.float32)
    pattern = weave(32.0)
    none = np.zeros((SIDE, SIDE), np.float32)
    fitted = blend_seams(grain(), canvas(everywhere, 127.5 * (1.4 + pattern), change, finer, none))
    assert held_of(pattern, fitted) > 0.75 > 0.2 > held_of(pattern, grain())
    assert abs(float(fitted.mean()) - float(grain().mean())) < 0.05


@pytest.mark.parametrize("finer", [1.0, 2.0])
def test_of_freed_paint_only_the_light_and_shade_stay(finer: float):
    """What stood beside it has stained it: of that nothing may come back, though the picture says that it guides nothing."""
    everywhere = np.ones((PIXELS, PIXELS), bool)
    change, ratio = np.ones((SIDE, SIDE), np.float32), np.full((SIDE, SIDE), finer, np.float32)
    none = np.zeros((SIDE, SIDE), bool)
    pattern = weave(32.0)
    old = vary(canvas(everywhere, 0, change, ratio, none.astype(np.float32)), known_mask=none)
    colours = old.guide.colours
    colours[..., :3] = np.rint(127.5 * (1.2 + pattern))[..., None]
    colours[..., 0] = np.clip(127.5 * (1.2 + weave(24.0, 0.5)), 0, 255)  # the stain, in red
    picture = grain()
    assert torch.equal(blend_seams(picture, old), picture)  # as long as nobody says that it is freed
    fitted = blend_seams(picture, vary(old, edge_contaminated=~none))
    added = fitted - picture
    assert held_of(pattern, fitted) > 0.5 and (added - added[:1]).abs().max() < 1e-5
    assert abs(float(added.mean())) < 0.02


def test_pale_structure_comes_up_to_the_dreams_contrast():
    everywhere = np.ones((PIXELS, PIXELS), bool)
    change, finer = np.ones((SIDE, SIDE), np.float32), np.full((SIDE, SIDE), 2.0, np.float32)
    pattern, held = weave(32.0, 0.1), []
    for own in (0.05, 0.13, 0.9):
        picture = torch.from_numpy(np.roll(weave(32.0, own), 8, 0)).float().expand(3, -1, -1)
        held.append(held_of(pattern, blend_seams(picture, canvas(everywhere, 127.5 * (1 + pattern), change, finer))))
    assert held[0] > 0.75  # never paler than it was
    assert abs(held[1] / held[0] - 1.3) < 0.1 and abs(held[2] / held[0] - CONTRAST) < 0.1


def test_beside_what_is_kept_the_coarse_painting_fades_into_the_fine_one():
    everywhere = np.ones((PIXELS, PIXELS), bool)
    _, change = halves()
    finer = np.where(change > 0, 2, 1).astype(np.float32)
    picture = grain()
    fitted = blend_seams(picture, canvas(everywhere, 127.5, change, finer))
    new = fitted[:, :, PIXELS // 2 :].std((0, 1))
    assert (
        new[0] < 0.3 * new[-1] and 0.75 < float(new[-1] / 0.2) < 1
    )  # the grain comes in slowly, from the coarse grey, and what is coarse of it never


def test_nothing_is_taken_from_another_material():
    known, change = halves()
    mask = 1 - change  # the frontier is a border of materials, too
    picture = grain()
    assert torch.equal(blend_seams(picture, canvas(known, 255, change, mask=mask))[:, ~known], picture[:, ~known])


def test_nothing_is_taken_from_another_patch():
    """Surfaces that lie side by side on a sheet are apart in the world, though they are of one material."""
    known, change = halves()
    patch = (~known).astype(np.int16)
    side, point = np.zeros((PIXELS, PIXELS), np.int8), np.zeros((PIXELS, PIXELS, 3))
    facing = FacingGBuffer(side[::8, ::8], point[::8, ::8], side, point, patch, 1.0)
    picture, remembered = grain(), canvas(known, 255, change)
    one = blend_seams(picture, remembered)
    two = blend_seams(picture, replace(remembered, surface=Surface(gbuffer=facing)))
    assert torch.equal(two[:, ~known], picture[:, ~known])
    assert torch.equal(two[:, known], one[:, known])
    assert not torch.equal(one[:, ~known], picture[:, ~known])


def test_a_region_is_fitted_up_to_the_pixel_where_its_border_lies():
    """What is kept is too dark on one side of a border that runs through latent pixels: the new paint of that side is fitted to it."""
    known = np.zeros((PIXELS, PIXELS), bool)
    known[: PIXELS // 2] = True
    change, mask = np.ones((SIDE, SIDE), np.float32), np.ones((SIDE, SIDE), np.float32)
    change[: SIDE // 2], mask[:, SIDE // 2 :] = 0, 0
    border = PIXELS // 2 + 5
    parts = np.zeros((PIXELS, PIXELS), np.int16)
    parts[:, border:] = 1
    grey = np.where(parts == 0, 60.0, 200.0)
    at_cells = canvas(known, grey, change, mask=mask)
    at_pixels = vary(at_cells, region_ids=parts)
    aligned = vary(at_cells, region_ids=(mask == 0).astype(np.int16).repeat(8, 0).repeat(8, 1))
    picture = 0.1 * grain()
    assert torch.equal(blend_seams(picture, aligned), blend_seams(picture, at_cells))
    beside = slice(PIXELS // 2, PIXELS // 2 + 4), slice(PIXELS // 2 + 1, border - 1)
    dark = 60 / 127.5 - 1
    off = [abs(float(blend_seams(picture, c)[:, *beside].mean()) - dark) for c in (at_pixels, at_cells)]
    assert off[0] < 0.15 and off[1] > 3 * off[0]


def test_single_pixels_of_a_latent_pixel_are_kept():
    """The surface's texels are finer than latent pixels: what keeps its paint is matched there, to the pixel."""
    known, change = np.ones((PIXELS, PIXELS), bool), np.ones((SIDE, SIDE), np.float32)
    taken = np.ones((PIXELS, PIXELS), bool)
    taken[:, :61] = False
    picture = grain()
    at_cells, at_pixels = canvas(known, 170, change), vary(canvas(known, 170, change), update_mask=taken)
    assert (blend_seams(picture, at_pixels)[:, :, :61] - 170 / 127.5 + 1).abs().max() < 1e-6
    assert (blend_seams(picture, at_pixels)[:, :, 61:] - 170 / 127.5 + 1).std() > 0.1
    assert (blend_seams(picture, at_cells)[:, :, :61] - 170 / 127.5 + 1).std() > 0.1


def test_at_a_frontier_the_dream_goes_on_from_what_is_kept_to_the_pixel():
    """What is kept was painted otherwise than it is dreamed now: brightness steps there no more than inside the dream."""
    known, change = halves()
    old = 127.5 * (1 + grain(1)[0].numpy())
    picture, middle = grain(2), PIXELS // 2
    for finer in (None, np.full((SIDE, SIDE), 2.0, np.float32)):  # beside what is bare, and beside what is refined
        painted = known if finer is None else np.ones_like(known)
        fitted = blend_seams(picture, canvas(painted, old, change, finer))
        steps = fitted.diff(dim=2).abs().mean((0, 1))
        assert steps[middle - 1] < 1.1 * steps[middle + 8 :].mean()


def test_what_stays_is_blend_seams_though_it_guides_nothing():
    """A latent pixel may be bare for a dream, and show parts of texels that stay as they are: the dream meets them there."""
    _, change = halves()
    everywhere, taken = np.ones((PIXELS, PIXELS), bool), np.ones((PIXELS, PIXELS), bool)
    taken[:, : PIXELS // 2 + 4] = False  # half of a column of latent pixels stays, which guide nothing
    picture = grain()
    remembers = vary(canvas(everywhere, 200, change), update_mask=taken, known_mask=change == 0)
    fitted = blend_seams(picture, remembers)
    assert (fitted[:, :, : PIXELS // 2 + 4] - 200 / 127.5 + 1).abs().max() < 1e-6
    means = fitted.mean((0, 1))
    assert means[PIXELS // 2 + 4] > 0.45 and abs(means[-4:].mean()) < 0.05


def test_each_region_is_fitted_by_itself_wherever_it_lies():
    """A part of the canvas around a region is enough to fit it: the same as on the whole."""
    known, change = halves()
    mask = np.zeros((SIDE, SIDE), np.float32)
    mask[5:9, 3:14] = 1
    picture = grain()
    remembers = canvas(known, 220, change, mask=mask)
    fitted = blend_seams(picture, remembers)
    shifted = blend_seams(picture.roll(16, 1), canvas(known, 220, change, mask=np.roll(mask, 2, 0)))
    inner = np.s_[:, 40:72, 24:112]
    assert (fitted - shifted.roll(-16, 1))[inner].abs().max() < 1e-5

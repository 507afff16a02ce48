"""What the Picture panel asks for: only what its mode uses, one seed for each picture, and a form that makes a picture again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.loop.messages import ModelInfo, PictureFailed, PictureMade, PicturePreview
from app.state.picture_form import MODES, SEEDS, TURNS, PictureForm, fit_size, form_of
from app.state.picture_work import GalleryView, Progress, SmallPictures, requests_of
from diffusion.settings import DreamSettings
from diffusion.text2image.recipe import GenerateSettings, Recipe

FULL = PictureForm(
    settings=GenerateSettings(
        prompt="a wall",
        init=Path("wall.png"),
        mask=Path("mask.png"),
        mask_blur=3.0,
        anagram=("moss",),
        view=("flip_vertical",),
    )
)


def of(mode: str, **changes: object) -> PictureForm:
    return PictureForm(mode, FULL.settings).set(**changes)


@pytest.mark.parametrize(
    ("mode", "kept"),
    [
        ("text", set()),
        ("image", {"init"}),
        ("inpaint", {"init", "mask", "mask_blur"}),
        ("anagram", {"anagram", "view"}),
    ],
)
def test_a_mode_asks_for_what_it_uses_and_keeps_the_rest(mode: str, kept: set[str]) -> None:
    form, usual = of(mode), GenerateSettings()
    (asked,) = form.pictures
    for name in ("init", "mask", "mask_blur", "anagram", "view"):
        assert (getattr(asked, name) != getattr(usual, name)) == (name in kept)
    assert form.settings == FULL.settings and not form.problem
    assert of(mode, phases=3).pictures[0].phases == (1 if "init" in kept else 3)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        (of("text", prompt=" "), "Describe the picture first."),
        (of("anagram", anagram=()), "An anagram needs a second prompt."),
        (of("image", init=None), "Choose a picture to start from first."),
        (of("inpaint", mask=None), "Draw or choose a mask first."),
        (of("inpaint", init=None), "Choose a picture to start from first."),
        (of("image", prompt=""), ""),
    ],
)
def test_what_is_missing_is_told(form: PictureForm, sentence: str) -> None:
    assert form.problem == sentence


def test_seeds_follow_one_another_and_are_renewed_if_wanted() -> None:
    form = PictureForm(count=3).set_dream(seed=SEEDS - 2)
    assert [asked.dream.seed for asked in form.pictures] == [SEEDS - 2, SEEDS - 1, 0]
    assert form.advance_seed().settings.dream.seed == 1
    assert PictureForm(count=3, renew=False).advance_seed() == PictureForm(count=3, renew=False)


@pytest.mark.parametrize("mode", MODES)
def test_a_form_of_a_recipe_makes_its_picture_again(mode: str) -> None:
    (asked,) = of(mode).pictures
    form = form_of(Recipe(asked, None, "m"), PictureForm(count=4, every=7))
    assert form.mode == mode and form.pictures == (asked,) and form.every == 7


def test_a_form_follows_its_model_but_for_what_was_set_by_hand() -> None:
    info = ModelInfo("m", "m", 4, 8, 512, False, "cpu", few_steps=6, defaults={"scale": 2.0})
    form = FULL.follow(None, info)
    assert form.settings.size == (512, 512) and form.settings.prompt == "a wall"
    assert form.settings.dream == DreamSettings(steps=6, scale=2.0)
    other = ModelInfo("n", "n", 4, 8, 768, False, "cpu")
    assert form.follow(info, other) == FULL.set(size=(768, 768))
    own = form.set(size=(640, 512)).set_dream(seed=9, scale=4.0)
    assert own.follow(info, other) == FULL.set(size=(640, 512)).set_dream(seed=9, scale=4.0)


@given(st.integers(1, 20000), st.integers(1, 20000))
def test_a_size_is_one_that_can_be_made(width: int, height: int) -> None:
    made = fit_size((width, height))
    assert all(side % 8 == 0 and 64 <= side <= 768 for side in made)
    if min(width, height) >= 64 and max(width, height) <= 768:
        assert abs(made[0] - width) <= 4 and abs(made[1] - height) <= 4


def test_progress_follows_the_messages_of_its_own_pictures() -> None:
    first, second = requests_of(PictureForm(count=2).set(prompt="a wall"))
    progress = Progress().ask((first, second))
    image = np.zeros((8, 8, 3), np.uint8)
    assert progress.busy and progress.share == 0 and progress.picture is None
    assert progress.take(PicturePreview(second.id, 1, 4)) is progress  # not its turn
    progress = progress.take(PicturePreview(first.id, 2, 4, image)).take(PicturePreview(first.id, 3, 4))
    assert progress.picture is image and progress.share == pytest.approx(3 / 8)
    done = progress.take(PictureMade(first, image, Recipe(first.settings, None, "m"), 4, 1.0))
    assert done.made == 1 and done.running == (second,) and done.last is image
    assert done.take(PictureFailed(second, "no", "")).busy is False
    assert done.cancelled() == Progress(last=image)


def test_requests_have_rising_numbers() -> None:
    ids = [request.id for _ in range(2) for request in requests_of(PictureForm(count=3))]
    assert ids == sorted(set(ids))


def test_two_pictures_can_be_chosen() -> None:
    view = GalleryView()
    for name, further in (("a", False), ("b", True), ("c", True)):
        view.choose(name, further)
    assert view.chosen == ("b", "c")
    view.choose("b", True)
    assert view.chosen == ("c",)
    view.choose("a")
    assert view.chosen == ("a",)


def test_small_pictures_are_asked_for_once_and_the_unused_go() -> None:
    small, picture = SmallPictures(most=2), np.zeros((2, 2, 3), np.uint8)
    paths = [Path(name) for name in "abc"]
    assert small.get(paths[0]) is None and list(small.wanted) == [paths[0]]
    for path in paths[:2]:
        small.put(path, picture)
    assert small.get(paths[0]) is picture
    small.put(paths[2], None)
    assert small.get(paths[0]) is picture and small.get(paths[2]) is None and paths[2] not in small.wanted
    assert small.get(paths[1]) is None and paths[1] in small.wanted


def test_every_turn_of_an_anagram_has_words() -> None:
    from diffusion.denoisers.anagram import VIEWS

    assert set(TURNS) == set(VIEWS)

"""The contact sheet holds one picture for each choice, steps and subject."""

from __future__ import annotations

import numpy as np
import pytest

from diffusion.dream import dream
from diffusion.settings import DreamSettings
from diffusion.text2image.sampling_sheets import CHOICES, LABEL, SUBJECTS, draw_sheet, main


@pytest.mark.parametrize("by", ["scale", "execution"])
def test_a_sheet(own, by):
    page = draw_sheet(own, by, [1, 2], seed=3, subjects=SUBJECTS[-1:])
    side = own.native
    assert page.size == (side * len(CHOICES[by]), 2 * (side + LABEL))
    first = dream(own, SUBJECTS[-1].canvas(own, side // 8, 3), DreamSettings(steps=1, seed=3, **{by: CHOICES[by][0]}))
    assert np.array_equal(np.asarray(page)[LABEL : LABEL + side, :side], first.image)


@pytest.mark.parametrize("words", [["sheet"], ["sheet.png", "--steps", "4,x"], ["sheet.png", "--steps", "0"]])
def test_a_wrong_call_is_reported_before_anything_is_dreamed(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2 and f"{words[-1]!r}" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_bad_input_is_one_sentence(tmp_path, capsys):
    assert main([str(tmp_path / "sheet.png"), "--model", str(tmp_path / "none")]) == 2
    assert "none is neither a folder" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())

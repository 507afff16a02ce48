from __future__ import annotations

from pathlib import Path

import pytest

from base.errors import InputError
from diffusion.models.word_senses import WordSenses
from diffusion.training.data.wordnet import concrete_senses, main

DATA = """\
  1 a line of the licence
00000001 17 n 01 land 0 000 | the solid part of the earth; "on dry land"
00000002 20 n 02 peat_moss 0 Sphagnum 0 001 @ 00000001 n 0000 | moss of bogs
00000003 18 n 01 peat_moss 0 000 | a person
00000004 27 n 01 peat_moss 0 002 @ 00000002 n 0000 #m 00000001 n 0000 | dried moss
00000005 27 n 01 peat_moss 0 000 | a third sense
00000006 27 n 01 h2o 0 000 | water
"""
INDEX = """\
  1 a line of the licence
h2o n 1 0 1 0 00000006
land n 1 1 ~ 1 1 00000001
peat_moss n 4 2 @ #m 4 2 00000003 00000002 00000004 00000005
sphagnum n 1 1 @ 1 0 00000002
"""


def test_the_first_concrete_senses_of_each_noun_are_kept() -> None:
    assert concrete_senses(INDEX.splitlines(), DATA.splitlines()) == [
        "land\t\tthe solid part of the earth",
        "peat moss,sphagnum\tland\tmoss of bogs",
        "peat moss\tpeat moss\tdried moss",
    ]


def test_the_file_reads_back_and_is_the_same_each_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "index.noun").write_text(INDEX)
    (tmp_path / "data.noun").write_text(DATA)
    for name in "ab":
        main([str(tmp_path), str(tmp_path / name)])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert "3 senses" in capsys.readouterr().out
    senses = WordSenses.load(tmp_path / "a")
    assert [s.definition for s in senses.find("peat mosses")] == ["moss of bogs", "dried moss"]
    with pytest.raises(InputError, match="holds no WordNet database"):
        main([str(tmp_path / "none")])

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from t2t_multimodel import Problem, Text, UserError
from t2t_multimodel.data import reading


def test_parts_are_named_by_their_files(tmp_path: Path) -> None:
    files = (tmp_path / "a/x.de", tmp_path / "a/x.en")
    assert reading.place(None, "train", tmp_path) == "train"
    assert reading.place(files[0], "train", tmp_path) == "train a/x.de"
    assert reading.place(files, "test", tmp_path) == "test a/x.de a/x.en"
    assert reading.place("europarl", "dev", tmp_path) == "dev europarl"


class Lines(Problem):
    name = "lines"
    inputs = targets = Text()

    def examples(self, split: str, raw_dir: Path | None) -> Any:
        for line in (raw_dir / f"{split}.txt").read_text():  # type: ignore[operator]
            yield {"inputs": line, "targets": line}


class NoMatch(Lines):
    def examples(self, split: str, raw_dir: Path | None) -> Any:
        yield {"inputs": None.strip(), "targets": "a"}  # type: ignore[attr-defined]


def test_raw_files_that_are_not_given_are_told() -> None:
    with pytest.raises(UserError) as caught:
        next(reading.examples(Lines(), None, "train", None))
    assert str(caught.value) == (
        "Problem 'lines', train: its raw files are not given: the code uses raw_dir, which is "
        "None.\nGive their folder: --raw_dir=FOLDER."
    )


def test_another_none_is_not_taken_for_the_folder() -> None:
    with pytest.raises(UserError) as caught:
        next(reading.examples(NoMatch(), None, "train", None))
    assert "AttributeError: 'NoneType' object has no attribute 'strip'" in caught.value.message

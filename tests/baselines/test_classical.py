from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_records as tiny
from helpers.tiny_records import prepared

from t2t_multimodel.baselines import classical as bars
from t2t_multimodel.baselines.classical import classical_baseline


@pytest.fixture(autouse=True)
def tiny_problems(tmp_path: Path) -> None:
    tiny.add(tmp_path / "mine")


def test_classes_are_told_from_pixels(tmp_path: Path) -> None:
    method, scores = classical_baseline(prepared("tiny_shades", tmp_path), "test")
    assert method == "logistic regression on pixels; 100 train examples"
    assert scores["top1"] == 0.75  # class 2 is in no train example
    assert scores["top5"] == 1.0  # and ranks before class 4, by its number


def test_text_takes_the_target_of_the_nearest_train_source(tmp_path: Path) -> None:
    method, scores = classical_baseline(prepared("tiny_words", tmp_path), "test")
    assert method == "target of the nearest train source by TF-IDF of words; 4 train examples"
    assert scores == {"decoded/exact": 1.0, "decoded/wer": 0.0}


def test_trees_come_from_the_words_around_each_gap(tmp_path: Path) -> None:
    method, scores = classical_baseline(prepared("tiny_trees", tmp_path), "test")
    assert method == "brackets looked up by the words around them; 4 train examples"
    assert scores == {"decoded/bracket_f1": 1.0}


@pytest.mark.parametrize("name", ["tiny_tones", "tiny_waves"])
def test_sounds_of_another_length_find_their_like(name: str, tmp_path: Path) -> None:
    method, scores = classical_baseline(prepared(name, tmp_path), "test")
    assert method == "target of the nearest train source by log-mel frames; 6 train examples"
    assert scores == {"decoded/exact": 1.0}


def test_trees_whose_leaves_are_no_words_take_the_nearest_source() -> None:
    assert bars._leaves_are_words(["a b"], ["(S XX XX S)"])
    assert not bars._leaves_are_words(["a b", "a"], ["(S XX XX S)", "(S XX XX S)"])
    assert not bars._leaves_are_words([np.zeros(2)], ["(S XX XX S)"])


def test_of_many_examples_an_even_part_is_taken() -> None:
    assert bars.evenly(3, 5).tolist() == [0, 1, 2]
    assert bars.evenly(9, 3).tolist() == [0, 4, 8]

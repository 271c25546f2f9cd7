"""Teacher-forced scores, worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from t2t_multimodel.metrics.teacher_forced import counts, error_counts, scores_of, token_scores

LOG = np.log(np.array([0.1, 0.2, 0.7], np.float32))


def scored(logits: np.ndarray, targets: np.ndarray) -> dict[str, np.ndarray]:
    return {name: np.asarray(v) for name, v in token_scores(logits, targets).items()}


def test_a_token_has_its_log_probability_and_rank() -> None:
    logits = np.broadcast_to(LOG + 5, (1, 3, 3))  # a constant changes nothing
    scores = scored(logits, np.array([[2, 1, 0]], np.int32))
    assert np.allclose(scores["log_prob"], np.log([[0.7, 0.2, 0.1]]), atol=1e-6)
    assert scores["rank"].tolist() == [[0, 1, 2]]


def test_a_class_has_one_position() -> None:
    scores = scored(np.broadcast_to(LOG, (2, 1, 3)), np.array([2, 0], np.int32))
    assert scores["rank"].tolist() == [0, 2]
    assert np.allclose(scores["log_prob"], np.log([0.7, 0.1]))


def test_logits_that_are_no_numbers_are_never_right() -> None:
    scores = scored(np.full((1, 1, 3), np.nan, np.float32), np.array([0], np.int32))
    assert scores["rank"].tolist() == [3]
    assert np.isnan(scores["log_prob"]).all()


def test_each_real_example_adds_its_real_tokens_only() -> None:
    scores = {
        "log_prob": np.array([[-1.0, -2.0, -50.0], [-4.0, -50.0, -50.0], [-50.0] * 3]),
        "rank": np.array([[0, 0, 9], [1, 0, 0], [0, 0, 0]]),
    }
    batch = {"targets_length": np.array([2, 1, 0])}  # the last row fills the batch
    assert counts(scores, batch, 9).tolist() == [[3.0, 2.0, 2.0, 1.0], [4.0, 1.0, 0.0, 0.0]]


def test_padding_that_is_no_number_does_no_harm() -> None:
    scores = {"log_prob": np.array([[-1.0, np.nan]]), "rank": np.array([[0, 7]])}
    assert counts(scores, {"targets_length": np.array([1])}, 9).tolist() == [[1.0, 1.0, 1.0, 1.0]]


def test_classes_count_the_first_five_too() -> None:
    scores = {"log_prob": np.array([-1.0, -2.0, -3.0, -9.0]), "rank": np.array([0, 4, 5, 0])}
    assert counts(scores, {"targets_length": np.array([1, 1, 1, 0])}, 6).tolist() == [
        [1.0, 1.0, 1.0, 1.0, 1.0],
        [2.0, 1.0, 0.0, 0.0, 1.0],
        [3.0, 1.0, 0.0, 0.0, 0.0],
    ]


def test_the_first_five_of_no_more_classes_say_nothing() -> None:
    scores = {"log_prob": np.array([-1.0, -2.0]), "rank": np.array([0, 4])}
    rows = counts(scores, {"targets_length": np.array([1, 1])}, 5)
    assert rows.tolist() == [[1.0, 1.0, 1.0], [2.0, 1.0, 0.0]]
    assert values(rows) == {"log_ppl": 1.5, "top1": 0.5}


def values(rows: np.ndarray) -> dict[str, float]:
    return {name: score.value for name, score in scores_of(rows).items()}


def test_scores_of_text_are_per_token_and_per_sequence() -> None:
    assert values(np.array([[2.0, 1.0, 1.0, 1.0], [4.0, 3.0, 2.0, 0.0]])) == {
        "teacher_forced/log_ppl": 1.5,
        "teacher_forced/accuracy": 0.75,
        "teacher_forced/sequence_accuracy": 0.5,
    }


def test_scores_of_classes_have_the_names_of_the_field() -> None:
    rows = np.array([[1.0, 1, 1, 1, 1], [1.0, 1, 1, 1, 1], [2.0, 1, 0, 0, 1], [2.0, 1, 0, 0, 0]])
    assert values(rows) == {"log_ppl": 1.5, "top1": 0.5, "top5": 0.75}


def test_an_even_guess_costs_the_logarithm_of_the_classes() -> None:
    targets = np.array([0, 3], np.int32)
    batch = {"targets_length": np.array([1, 1])}
    rows = counts(scored(np.zeros((2, 1, 10), np.float32), targets), batch, 10)
    assert values(rows)["log_ppl"] == pytest.approx(math.log(10))


def test_values_have_the_mean_of_their_errors_and_fillers_none() -> None:
    batch = {"targets_length": np.array([1, 1, 0])}
    rows = error_counts(np.array([[2.0], [4.0], [9.0]], np.float32), batch)
    assert rows.tolist() == [[2.0, 1.0], [4.0, 1.0]]
    scores = scores_of(rows, "huber")
    assert {name: score.value for name, score in scores.items()} == {"loss/huber": 3.0}

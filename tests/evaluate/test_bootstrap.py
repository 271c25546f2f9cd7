"""Intervals and differences, against what they must be in theory."""

from __future__ import annotations

import numpy as np
import pytest

from t2t_multimodel.evaluate.bootstrap import difference, interval
from t2t_multimodel.metrics.score import CalledScore, SummedScore, ratio


def mean_of(values: np.ndarray) -> SummedScore:
    return SummedScore(np.stack([values, np.ones(len(values))], axis=1), ratio)


def test_the_interval_of_a_share_is_that_of_the_binomial() -> None:
    hits = np.arange(2000) < 208  # .104 of 2,000: the .100 of chance is within its interval
    low, high = interval(mean_of(hits.astype(float)), 2000)
    deviation = (0.104 * 0.896 / 2000) ** 0.5
    expected = (0.104 - 1.96 * deviation, 0.104 + 1.96 * deviation)
    assert (low, high) == pytest.approx(expected, abs=1e-3)
    assert low < 0.100 < high


def test_the_same_examples_have_the_same_interval() -> None:
    score = mean_of(np.random.default_rng(0).random(50))
    assert interval(score, 200) == interval(score, 200)


def test_examples_that_agree_leave_no_doubt() -> None:
    assert interval(mean_of(np.full(20, 0.25)), 100) == (0.25, 0.25)


def test_a_plain_function_is_called_for_each_sample() -> None:
    values = np.random.default_rng(0).random(40)
    called = CalledScore(lambda targets, outputs: float(np.mean(outputs)), values, values)
    assert called.value == pytest.approx(values.mean())
    assert interval(called, 100) == pytest.approx(interval(mean_of(values), 100))


def test_what_is_no_number_has_no_interval() -> None:
    assert np.isnan(interval(mean_of(np.array([1.0, np.nan] * 20)), 100)).all()


def test_pairs_tell_apart_what_intervals_do_not() -> None:
    hard = np.random.default_rng(0).normal(size=400)  # how hard an example is, for both models
    noise = np.random.default_rng(1).normal(size=400) / 20
    first, second = mean_of(hard + 0.02 + noise), mean_of(hard)
    assert interval(first, 300)[0] < second.value < interval(first, 300)[1]
    found = difference(first, second, 300)
    assert found.value == pytest.approx(0.02 + noise.mean())
    assert 0 < found.interval[0] < found.value < found.interval[1]
    assert found.p == pytest.approx(1 / 301)


def test_models_that_differ_by_chance_are_not_told_apart() -> None:
    draws = np.random.default_rng(3)
    first, second = (mean_of(draws.normal(size=300)) for _ in range(2))
    found = difference(first, second, 300)
    assert found.interval[0] < 0 < found.interval[1]
    assert found.p > 0.05


def test_a_model_does_not_differ_from_itself() -> None:
    score = mean_of(np.random.default_rng(0).random(30))
    found = difference(score, score, 100)
    assert (found.value, found.interval, found.p) == (0.0, (0.0, 0.0), 1.0)


def test_other_numbers_of_examples_are_no_pairs() -> None:
    with pytest.raises(ValueError, match="^3 examples can not be paired with 4$"):
        difference(mean_of(np.ones(3)), mean_of(np.ones(4)), 100)

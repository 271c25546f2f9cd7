"""Relative changes, ratios, their mean over problems, and what is sure, by hand values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from t2t_multimodel.evaluate.bootstrap import difference
from t2t_multimodel.metrics.score import SummedScore
from t2t_multimodel.metrics.score import ratio as quotient
from t2t_multimodel.paper.arithmetic import (
    Estimate,
    MeanScore,
    Pair,
    estimate,
    ratio,
    relative_change,
    together,
)


def score(*values: float) -> SummedScore:
    """The mean of some values, one for each example."""
    return SummedScore(np.asarray([[value, 1.0] for value in values]), quotient)


def test_a_change_is_a_part_of_the_second_and_above_0_where_the_first_is_better() -> None:
    assert relative_change(2.0, 4.0, lower_is_better=True) == 0.5
    assert relative_change(2.0, 4.0, lower_is_better=False) == -0.5
    assert relative_change(3.0, 2.0, lower_is_better=False) == 0.5
    assert math.isnan(relative_change(3.0, 0.0, lower_is_better=False))


def test_a_ratio_is_the_papers_and_turned_round_for_errors() -> None:
    assert ratio(0.8, 1.0, lower_is_better=False) == 0.8
    assert ratio(0.5, 0.4, lower_is_better=True) == 0.8
    assert math.isnan(ratio(0.5, 0.0, lower_is_better=False))


def test_the_mean_of_seeds_is_taken_on_the_same_examples() -> None:
    mean = MeanScore([score(1, 3), score(2, 6)])
    assert mean.examples == 2
    assert mean.value == 3.0  # of 2 and 4
    assert mean.of(np.asarray([1, 1])) == 4.5  # of 3 and 6
    with pytest.raises(ValueError, match=r"^scores of \[1, 2\] examples have no mean$"):
        MeanScore([score(1), score(1, 2)])


def test_the_mean_change_over_problems_has_the_value_by_hand() -> None:
    losses = Pair("a", "log_ppl", (score(1, 1),), (score(2, 2),), lower_is_better=True)
    hits = Pair("b", "top1", (score(0.5, 0.5),), (score(1, 1),), lower_is_better=False)
    found = estimate([losses, hits], 100)
    assert found.value == 0.0  # half better, half worse
    assert found.interval == (0.0, 0.0)  # all examples are alike
    assert found.by_seed == (0.0,)
    assert found.spread is None


def test_both_arms_are_scored_on_the_same_resamples() -> None:
    first, second = score(1, 5, 9), score(2, 6, 10)
    pair = Pair("a", "log_ppl", (first,), (second,), lower_is_better=True)
    low, high = estimate([pair], 200).interval
    assert low == pytest.approx(1 / 10)  # only the last example was drawn
    assert high <= 1 / 2  # only the first one
    ends = difference(first, second, 200).interval
    assert ends == pytest.approx((-1.0, -1.0))  # one less on any resample


def test_against_a_bar_the_change_is_what_the_ratio_is_above_1() -> None:
    pair = Pair("a", "top1", (score(0.75, 0.75), score(0.5, 1.0)), 0.5, lower_is_better=False)
    found = estimate([pair], 100)
    assert found.value == 0.5
    assert found.by_seed == (0.5, 0.5)
    assert found.spread == 0.0


@pytest.mark.parametrize(
    ("interval", "by_seed", "holds"),
    [
        ((0.1, 0.3), (0.2, 0.15), True),
        ((-0.3, -0.1), (-0.2,), False),
        ((-0.1, 0.3), (0.2,), None),
        ((0.1, 0.3), (0.5, -0.1), None),  # the seeds do not agree
        ((math.nan, math.nan), (math.nan,), None),
    ],
)
def test_a_comparison_is_sure_where_interval_and_seeds_lie_on_one_side(
    interval: tuple[float, float], by_seed: tuple[float, ...], holds: bool | None
) -> None:
    assert Estimate(0.2, interval, by_seed).above(0.0) is holds


def test_a_margin_moves_the_line() -> None:
    found = Estimate(-0.02, (-0.04, 0.01), (-0.02,))
    assert found.above(0.0) is None
    assert found.above(-0.05) is True


@pytest.mark.parametrize(
    ("found", "verdict"),
    [([True, True], True), ([True, None], None), ([None, False], False), ([True, False], False)],
)
def test_a_sentence_holds_where_all_its_comparisons_do(
    found: list[bool | None], verdict: bool | None
) -> None:
    assert together(found) is verdict

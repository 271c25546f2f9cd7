import numpy as np
import pytest

from t2t_multimodel.layers.mode import EVAL, Mode, dropout, kept_words
from t2t_multimodel.layers.random import StepSeed

ONES = np.ones((50, 40), "float32")


def draws(step, n=2):
    mode = Mode(True, StepSeed(step))
    return [np.asarray(dropout(ONES, 0.3, mode)) for _ in range(n)]


def test_a_step_repeats_itself_and_differs_from_the_next():
    np.testing.assert_array_equal(draws(7), draws(7))
    assert (draws(7)[0] != draws(8)[0]).mean() > 0.2


def test_draws_of_a_step_differ():
    first, second = draws(7)
    assert (first != second).mean() > 0.2


def test_dropout_keeps_the_mean():
    kept = draws(3, 1)[0]
    assert set(np.unique(kept)) == {0.0, np.float32(1 / 0.7)}
    assert kept.mean() == pytest.approx(1.0, abs=0.06)


def test_dropout_does_nothing_outside_training():
    assert dropout(ONES, 0.3, EVAL) is ONES


def test_dropout_in_training_needs_a_seed():
    with pytest.raises(ValueError, match=r"^Training with dropout needs a StepSeed\.$"):
        dropout(ONES, 0.3, Mode(True))


def test_holds_no_variable():
    assert not hasattr(StepSeed(1), "state")


def test_words_are_hidden_whole_at_the_rate_in_training_only():
    kept = np.asarray(kept_words((1000, 10), 0.3, Mode(True, StepSeed(1))))
    assert kept.shape == (1000, 10) and set(np.unique(kept)) == {0.0, 1.0}
    assert abs(kept.mean() - 0.7) < 0.02
    assert kept_words((2, 2), 0.3, EVAL) == 1.0
    assert kept_words((2, 2), 0.0, Mode(True)) == 1.0

"""The settings of a run that never knew some of its problems."""

from __future__ import annotations

import pytest

from t2t_multimodel import Config, DataConfig, TrainConfig, UserError
from t2t_multimodel.config import (
    BatchBudget,
    LossWeight,
    ScheduledMixtureConfig,
    SchedulePoint,
    rates,
)
from t2t_multimodel.tasks.remove import without

CONFIG = Config(
    problems=rates("a:0", "b:2", "c", "d:0.5"),
    data=DataConfig(
        budgets=(
            BatchBudget(problem="b", unit="tokens", number=64),
            BatchBudget(problem="d", unit="examples", number=4),
        )
    ),
    mixture=ScheduledMixtureConfig(
        form="linear",
        points=(
            SchedulePoint(step=0, rates=(1, 1 / 3, 2)),
            SchedulePoint(step=100, rates=(0, 1, 3)),
        ),
    ),
    train=TrainConfig(
        loss_weights=(LossWeight(problem="b", weight=2), LossWeight(problem="c", weight=0.5))
    ),
)


def test_what_was_said_of_a_problem_goes_with_it() -> None:
    config = without(CONFIG, ["a", "b"])
    assert config.problems == rates("c", "d:0.5")
    assert config.data.budgets == (BatchBudget(problem="d", unit="examples", number=4),)
    assert config.loss_weights == {"c": 0.5}
    assert config.mixture == ScheduledMixtureConfig(
        form="linear",
        points=(
            SchedulePoint(step=0, rates=(1 / 3, 2)),  # to the last bit
            SchedulePoint(step=100, rates=(1, 3)),
        ),
    )


def test_a_problem_that_was_not_trained_has_no_place_in_the_schedule() -> None:
    config = without(CONFIG, ["a"])
    assert config.mixture == CONFIG.mixture
    assert config.problems == CONFIG.problems[1:]


def test_something_must_be_left_to_train() -> None:
    with pytest.raises(UserError) as caught:
        without(CONFIG, ["b", "d", "c"])
    assert str(caught.value) == (
        "Without b, d, c the run would train nothing; it trains b, c, d.\n"
        "Train others first: mm-trainer --warm_start=RUN --problems=..."
    )

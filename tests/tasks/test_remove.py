"""The settings of a run that never knew some of its problems."""

from __future__ import annotations

import pytest

from t2t_multimodel import Config, DataConfig, TrainConfig, UserError
from t2t_multimodel.config import MixtureConfig
from t2t_multimodel.tasks.remove import without

CONFIG = Config(
    problems=("a:0", "b:2", "c", "d:0.5"),
    data=DataConfig(budgets=("b:tokens:64", "d:examples:4")),
    mixture=MixtureConfig(strategy="schedule", schedule="linear @0 1 0.5 2 @100 0 1 3"),
    train=TrainConfig(loss_weights=("b:2", "c:0.5")),
)


def test_what_was_said_of_a_problem_goes_with_it() -> None:
    config = without(CONFIG, ["a", "b"])
    assert config.problems == ("c", "d:0.5")
    assert config.data.budgets == ("d:examples:4",)
    assert config.loss_weights == {"c": 0.5}
    assert config.mixture.schedule == "linear @0 0.5 2 @100 1 3"
    assert config.mixture.strategy == "schedule"


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

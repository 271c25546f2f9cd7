"""The whole config: problems with their rates, sections nested."""

from __future__ import annotations

import json

import pytest

from t2t_multimodel import (
    Config,
    ModelConfig,
    OptimizerConfig,
    PaperBodyConfig,
    TrainConfig,
    UserError,
)
from t2t_multimodel.config import LossWeight, RateFactor, rates


def test_rates_keep_the_order_in_which_problems_are_listed() -> None:
    assert list(Config(problems=rates("b:2", "a", "c:0.5")).rates.items()) == [
        ("b", 2.0),
        ("a", 1.0),
        ("c", 0.5),
    ]


def test_problems_of_rate_0_are_not_trained() -> None:
    config = Config(problems=rates("a:0", "b:2", "c"))
    assert list(config.rates) == ["a", "b", "c"]
    assert config.trained == {"b": 2.0, "c": 1.0}
    assert config.batches_per_step == 2
    with pytest.raises(UserError) as caught:
        Config(problems=rates("a:0", "b:0"))
    assert str(caught.value) == (
        "Config.problems must be a tuple with a rate above 0, but is a:0+b:0."
    )


def test_a_part_of_the_model_has_a_factor_of_its_own() -> None:
    slow, frozen = RateFactor(part="body", factor=0.1), RateFactor(part="image", factor=0)
    optimizer = OptimizerConfig(rate_factors=(slow, frozen))
    config = Config(problems=rates("a"), optimizer=optimizer)
    assert config.rate_factors == {"body": 0.1, "image": 0.0}
    with pytest.raises(UserError) as caught:
        OptimizerConfig(rate_factors=(slow, slow))
    assert str(caught.value) == (
        "OptimizerConfig.rate_factors must be a tuple that names each part once, "
        "but is body:0.1+body:0.1."
    )


def test_a_loss_weight_is_for_a_problem_that_is_trained() -> None:
    for name in ("b", "c"):
        weights = (LossWeight(problem="a", weight=2), LossWeight(problem=name, weight=2))
        with pytest.raises(UserError) as caught:
            Config(problems=rates("a", "b:0"), train=TrainConfig(loss_weights=weights))
        assert str(caught.value) == (
            f"No problem that this run trains is named '{name}'.\nKnown: a."
        )


def test_there_must_be_a_problem() -> None:
    with pytest.raises(UserError) as caught:
        Config(problems=())
    assert str(caught.value) == "Config.problems must be at least one problem, but is ()."


def test_a_problem_is_listed_once() -> None:
    with pytest.raises(UserError) as caught:
        Config(problems=rates("a:1", "a:2"))
    assert str(caught.value) == (
        "Config.problems must be a tuple that names each problem once, but is a:1+a:2."
    )


def test_a_step_holds_no_more_micro_batches_than_there_are_problems() -> None:
    for per_step, batches in ((1, 1), (2, 2), (3, 2), (0, 2)):
        config = Config(problems=rates("a", "b"), train=TrainConfig(problems_per_step=per_step))
        assert config.batches_per_step == batches


def test_a_config_comes_back_from_json() -> None:
    config = Config(
        problems=rates("a:2", "b"),
        model=ModelConfig(hidden_size=32, body=PaperBodyConfig(encoder_blocks=(1, 0)), dropout=0.1),
        train=TrainConfig(steps=7, seed=3),
    )
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config

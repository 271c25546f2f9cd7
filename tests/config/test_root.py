"""The whole config: problems with their rates, sections nested."""

from __future__ import annotations

import json

import pytest

from t2t_multimodel import Config, ModelConfig, OptimizerConfig, TrainConfig, UserError
from t2t_multimodel.config import parse_rate


@pytest.mark.parametrize(
    ("entry", "parsed"),
    [
        ("a", ("a", 1.0)),
        ("a:2", ("a", 2.0)),
        ("a:0.5", ("a", 0.5)),
        ("a:1e1", ("a", 10.0)),
        ("a:0", ("a", 0.0)),
    ],
)
def test_an_entry_is_a_name_and_perhaps_a_rate(entry: str, parsed: tuple[str, float]) -> None:
    assert parse_rate(entry) == parsed


@pytest.mark.parametrize("rate", ["-1", "often", "nan", "inf"])
def test_a_rate_that_is_no_number_from_0_on_is_refused(rate: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_rate(f"a:{rate}")
    assert str(caught.value) == (
        f"The rate of problem 'a' must be 0 or a number above 0, but is {rate!r}.\n"
        "write e.g. --problems=octet_ende:2,octet_image"
    )


def test_rates_keep_the_order_in_which_problems_are_listed() -> None:
    assert list(Config(problems=("b:2", "a", "c:0.5")).rates.items()) == [
        ("b", 2.0),
        ("a", 1.0),
        ("c", 0.5),
    ]


def test_problems_of_rate_0_are_not_trained() -> None:
    config = Config(problems=("a:0", "b:2", "c"))
    assert list(config.rates) == ["a", "b", "c"]
    assert config.trained == {"b": 2.0, "c": 1.0}
    assert config.batches_per_step == 2
    with pytest.raises(UserError) as caught:
        Config(problems=("a:0", "b:0"))
    assert str(caught.value) == (
        "Config.problems must be a tuple with a rate above 0, but is ('a:0', 'b:0')."
    )


def test_a_part_of_the_model_has_a_factor_of_its_own() -> None:
    optimizer = OptimizerConfig(rate_factors=("body:0.1", "image:0"))
    assert Config(problems=("a",), optimizer=optimizer).rate_factors == {"body": 0.1, "image": 0.0}
    with pytest.raises(UserError) as caught:
        Config(problems=("a",), optimizer=OptimizerConfig(rate_factors=("body:slow",)))
    assert str(caught.value) == (
        "The rate factor of part 'body' must be 0 or a number above 0, but is 'slow'.\n"
        "write e.g. --hparams=optimizer.rate_factors=body:0.1"
    )


def test_there_must_be_a_problem() -> None:
    with pytest.raises(UserError) as caught:
        Config(problems=())
    assert str(caught.value) == "Config.problems must be at least one problem, but is ()."


def test_a_problem_is_listed_once() -> None:
    with pytest.raises(UserError) as caught:
        Config(problems=("a:1", "a:2"))
    assert str(caught.value) == (
        "Config.problems must be a tuple that names each problem once, but is ('a:1', 'a:2')."
    )


def test_a_step_holds_no_more_micro_batches_than_there_are_problems() -> None:
    for per_step, batches in ((1, 1), (2, 2), (3, 2), (0, 2)):
        config = Config(problems=("a", "b"), train=TrainConfig(problems_per_step=per_step))
        assert config.batches_per_step == batches


def test_a_config_comes_back_from_json() -> None:
    config = Config(
        problems=("a:2", "b"),
        model=ModelConfig(hidden_size=32, encoder_blocks=(1, 0), dropout=0.1),
        train=TrainConfig(steps=7, seed=3),
    )
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config

"""Budgets of single problems."""

from __future__ import annotations

import pytest

from t2t_multimodel import BatchBudget, Config, DataConfig, UserError
from t2t_multimodel.config import rates
from t2t_multimodel.overrides import Overrides, resolve


def test_a_problem_can_have_budgets_of_its_own() -> None:
    config = DataConfig(
        tokens_per_batch=100,
        budgets=(
            BatchBudget(problem="a", unit="tokens", number=5),
            BatchBudget(problem="a", unit="examples", number=7),
            BatchBudget(problem="aa", unit="frames", number=9),
        ),
    )
    assert config.of("a") == DataConfig(tokens_per_batch=5, examples_per_batch=7)
    assert config.of("aa") == DataConfig(tokens_per_batch=100, frames_per_batch=9)
    assert config.of("b") == DataConfig(tokens_per_batch=100)


def test_a_unit_of_a_problem_is_named_once() -> None:
    budget = BatchBudget(problem="a", unit="tokens", number=5)
    with pytest.raises(UserError) as caught:
        DataConfig(budgets=(budget, budget.replace(number=6)))
    assert str(caught.value) == (
        "DataConfig.budgets must be a tuple that names each unit of a problem once, "
        "but is a:tokens:5+a:tokens:6."
    )


@pytest.mark.parametrize(
    "entry", ["a", "a:5", "a:words:5", "a:tokens:x", "a:tokens", "a:tokens:1:2"]
)
def test_what_is_no_budget_is_told(entry: str) -> None:
    with pytest.raises(UserError) as caught:
        resolve("octet_quick", Overrides(hparams=f"data.budgets={entry}"))
    assert caught.value.message == (
        f"--hparams: data.budgets must be a tuple, each problem:unit:number, but is {entry!r}."
    )


def test_a_budget_is_for_a_problem_of_the_run() -> None:
    data = DataConfig(budgets=(BatchBudget(problem="octet_dene", unit="tokens", number=5),))
    with pytest.raises(UserError) as caught:
        Config(problems=rates("octet_ende", "octet_deen"), data=data)
    assert caught.value.message == (
        "No problem of this run is named 'octet_dene'. Did you mean 'octet_deen'?"
    )


def test_the_command_line_gives_budgets() -> None:
    text = "data.budgets=octet_ende:tokens:512+octet_image:examples:16"
    data = resolve("octet_quick", Overrides(hparams=text)).config.data
    assert data.of("octet_ende").tokens_per_batch == 512
    assert data.of("octet_image").examples_per_batch == 16
    assert data.of("octet_caption") == data.replace(budgets=())

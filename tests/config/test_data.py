"""Budgets of single problems."""

from __future__ import annotations

import pytest

from t2t_multimodel import Config, DataConfig, UserError
from t2t_multimodel.overrides import resolve


def test_a_problem_can_have_budgets_of_its_own() -> None:
    config = DataConfig(tokens_per_batch=100, budgets=("a:tokens:5", "a:examples:7", "aa:frames:9"))
    assert config.of("a") == DataConfig(tokens_per_batch=5, examples_per_batch=7)
    assert config.of("aa") == DataConfig(tokens_per_batch=100, frames_per_batch=9)
    assert config.of("b") == DataConfig(tokens_per_batch=100)


@pytest.mark.parametrize("entry", ["a", "a:5", "a:words:5", "a:tokens:0", "a:tokens:x", "a:tokens"])
def test_what_is_no_budget_is_told(entry: str) -> None:
    with pytest.raises(UserError) as caught:
        DataConfig(budgets=(entry,))
    assert str(caught.value) == (
        f"DataConfig.budgets: {entry!r} is not of the form problem:unit:number.\n"
        "Units are tokens, frames, pixels, examples: "
        "--hparams=data.budgets=octet_ende:tokens:512+octet_image:examples:16"
    )


def test_a_budget_is_for_a_problem_of_the_run() -> None:
    data = DataConfig(budgets=("octet_dene:tokens:5",))
    with pytest.raises(UserError) as caught:
        Config(problems=("octet_ende", "octet_deen"), data=data)
    assert caught.value.message == (
        "No problem of this run is named 'octet_dene'. Did you mean 'octet_deen'?"
    )


def test_the_command_line_gives_budgets() -> None:
    text = "data.budgets=octet_ende:tokens:512+octet_image:examples:16"
    data = resolve("octet_quick", hparams=text).config.data
    assert data.of("octet_ende").tokens_per_batch == 512
    assert data.of("octet_image").examples_per_batch == 16
    assert data.of("octet_caption") == data.replace(budgets=())

"""What a mixture can be asked for, and what is refused."""

from __future__ import annotations

import pytest

from t2t_multimodel import Config, MixtureConfig, UserError
from t2t_multimodel.config.mixture import Schedule, parse_schedule
from t2t_multimodel.overrides import resolve


def test_a_schedule_is_read_from_its_text() -> None:
    assert parse_schedule("linear @0 1 0 @100 0.5 2e1") == Schedule(
        True, (0, 100), ((1.0, 0.0), (0.5, 20.0))
    )
    assert parse_schedule("step @5 3") == Schedule(False, (5,), ((3.0,),))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "it begins with 'step @' or 'linear @'"),
        ("ramp @0 1", "it begins with 'step @' or 'linear @'"),
        ("linear", "it begins with 'step @' or 'linear @'"),
        ("step 0 1", "it begins with 'step @' or 'linear @'"),
        ("step @", "after each @ come a step and rates, all numbers"),
        ("step @0 many", "after each @ come a step and rates, all numbers"),
        ("step @0.5 1", "after each @ come a step and rates, all numbers"),
        ("step @-1 1", "its steps ascend from 0 or more"),
        ("step @5 1 @5 2", "its steps ascend from 0 or more"),
        ("step @0", "every point has a rate for each problem"),
        ("step @0 1 1 @5 1", "every point has a rate for each problem"),
        ("step @0 -1 1", "rates are 0 or more"),
        ("step @0 nan 1", "rates are 0 or more"),
        ("step @0 inf", "rates are 0 or more"),
        ("step @0 1 1 @9 0 0", "each point has a rate above 0"),
    ],
)
def test_what_is_no_schedule_is_told(text: str, rule: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_schedule(text)
    assert caught.value.message == f"MixtureConfig.schedule {text!r} is no schedule: {rule}."


def test_a_schedule_has_a_rate_for_each_problem() -> None:
    mixture = MixtureConfig(strategy="schedule", schedule="step @0 1 1")
    assert Config(problems=("a", "b"), mixture=mixture).mixture is mixture
    with pytest.raises(UserError) as caught:
        Config(problems=("a", "b", "c"), mixture=mixture)
    assert str(caught.value) == (
        "mixture.schedule has 2 rates at each step, but there are 3 problems: a, b, c.\n"
        "Give a schedule for them, or another strategy: "
        "--hparams=mixture.strategy=rates,mixture.schedule="
    )


@pytest.mark.parametrize(
    "settings", [{"strategy": "schedule"}, {"strategy": "rates", "schedule": "step @0 1"}]
)
def test_a_schedule_goes_with_its_strategy(settings: dict[str, str]) -> None:
    with pytest.raises(UserError) as caught:
        MixtureConfig(**settings)
    assert str(caught.value) == (
        "MixtureConfig.schedule must be given with strategy=schedule, and only then, "
        f"but is {settings.get('schedule', '')!r}."
    )


def test_the_command_line_gives_a_schedule() -> None:
    text = "mixture.strategy=schedule,mixture.schedule=linear @0 1 0 1 @9 0 1 1"
    names = ["octet_image", "octet_caption", "octet_ende"]
    assert resolve("octet_quick", names, hparams=text).config.mixture == MixtureConfig(
        strategy="schedule", schedule="linear @0 1 0 1 @9 0 1 1"
    )

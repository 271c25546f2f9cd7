"""What a mixture can be asked for, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from t2t_multimodel import (
    Config,
    ScheduledMixtureConfig,
    SchedulePoint,
    UnimaxMixtureConfig,
    UserError,
    rates,
)
from t2t_multimodel.overrides import Overrides, resolve


def point(step: int, *values: float) -> SchedulePoint:
    return SchedulePoint(step=step, rates=values)


@pytest.mark.parametrize(
    ("points", "rule"),
    [
        ((), "points must be one point or more, but is ()."),
        (
            (point(5, 1), point(5, 2)),
            "points must be in ascending order of steps, but is 5:1+5:2.",
        ),
        (
            (point(0, 1, 1), point(5, 1)),
            "points must be a tuple, each with as many rates as the others, but is 0:1:1+5:1.",
        ),
    ],
)
def test_what_is_no_schedule_is_told(points: Any, rule: str) -> None:
    with pytest.raises(UserError) as caught:
        ScheduledMixtureConfig(points=points)
    assert str(caught.value) == f"ScheduledMixtureConfig.{rule}"


@pytest.mark.parametrize(
    ("step", "values", "rule"),
    [
        (-1, (1.0,), "step must be 0 or more, but is -1."),
        (0, (), "rates must be a tuple, each 0 or more, not all 0, but is ()."),
        (0, (-1.0, 1.0), "rates must be a tuple, each 0 or more, not all 0, but is (-1.0, 1.0)."),
        (0, (0.0, 0.0), "rates must be a tuple, each 0 or more, not all 0, but is (0.0, 0.0)."),
    ],
)
def test_what_is_no_point_is_told(step: int, values: tuple[float, ...], rule: str) -> None:
    with pytest.raises(UserError) as caught:
        point(step, *values)
    assert str(caught.value) == f"SchedulePoint.{rule}"


def test_a_schedule_has_a_rate_for_each_problem() -> None:
    mixture = ScheduledMixtureConfig(points=(point(0, 1, 1),))
    assert Config(problems=rates("a", "b"), mixture=mixture).mixture is mixture
    with pytest.raises(UserError) as caught:
        Config(problems=rates("a", "b", "c"), mixture=mixture)
    assert str(caught.value) == (
        "mixture.points has 2 rates at each step, but the run has 3 problems: a, b, c.\n"
        "Give points for them, or another strategy: --hparams=mixture=rates"
    )


def test_the_command_line_gives_a_schedule() -> None:
    names = ["octet_image", "octet_caption", "octet_ende"]
    text = "mixture=schedule,mixture.form=linear,mixture.points=0:1:0:1+9:0:1:1"
    config = resolve("octet_quick", Overrides(problems=names, hparams=text)).config
    assert config.mixture == ScheduledMixtureConfig(
        form="linear", points=(point(0, 1, 0, 1), point(9, 0, 1, 1))
    )


@pytest.mark.parametrize("text", ["mixture=unimax:2", "mixture=unimax,mixture.max_epochs=2"])
def test_a_strategy_is_chosen_with_its_fields(text: str) -> None:
    resolved = resolve("octet_quick", Overrides(hparams=text))
    assert resolved.config.mixture == UnimaxMixtureConfig(max_epochs=2)
    assert resolved.origins["mixture.max_epochs"] == "--hparams"

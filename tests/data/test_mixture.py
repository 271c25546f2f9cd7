"""Which problems a step trains on."""

from __future__ import annotations

import json
import math
from collections import Counter

import numpy as np
import pytest

from t2t_multimodel import Config, TrainConfig
from t2t_multimodel.config import (
    AdaptiveMixtureConfig,
    DistributedMixtureConfig,
    RatesMixtureConfig,
    ScheduledMixtureConfig,
    SchedulePoint,
    TemperatureMixtureConfig,
    UniformMixtureConfig,
    UnimaxMixtureConfig,
    rates,
)
from t2t_multimodel.data import mixture as module
from t2t_multimodel.data.mixture import Mixture, make_mixture
from t2t_multimodel.data.strategies import Constant, Sizes

STEPS = 10_000


def constant(rates: dict[str, float], per_step: int, seed: int) -> Mixture:
    return Mixture(list(rates), Constant(list(rates.values())), per_step, seed)


def test_by_default_equal_rates_give_every_problem_in_every_step() -> None:
    names = [f"problem_{i}" for i in range(8)]
    mixture = constant(dict.fromkeys(names, 3.0), len(names), 0)
    assert mixture.per_step == 8
    assert all(mixture.draw(step) == names for step in range(500))


@pytest.mark.parametrize("draw", [0.0, 0.5, 1 - 2**-53])
def test_equal_rates_meet_the_whole_numbers_exactly(
    monkeypatch: pytest.MonkeyPatch, draw: float
) -> None:
    class Draws:
        """The least and the greatest that a generator may draw."""

        random = staticmethod(lambda: draw)
        permutation = staticmethod(np.arange)

    monkeypatch.setattr(module, "generator", lambda *_: Draws)
    for n in range(1, 60):
        names = [f"{i:02}" for i in range(n)]
        assert constant(dict.fromkeys(names, 0.1), len(names), 0).draw(0) == names


def test_shares_are_the_rates_over_their_sum() -> None:
    assert constant({"a": 2, "b": 1, "c": 1}, 1, 0).shares(7) == {"a": 0.5, "b": 0.25, "c": 0.25}


@pytest.mark.parametrize("per_step", [1, 2, 3])
def test_over_many_steps_problems_come_at_their_rates(per_step: int) -> None:
    mixture = constant({"a": 5.0, "b": 2.0, "c": 1.0}, per_step, seed=1)
    counts = Counter(name for step in range(STEPS) for name in mixture.draw(step))
    draws = STEPS * per_step
    for name, share in mixture.shares(0).items():
        deviation = (draws * share * (1 - share)) ** 0.5
        assert abs(counts[name] - draws * share) < 3.3 * deviation


def test_within_a_step_a_problem_comes_floor_or_ceil_of_its_share() -> None:
    mixture = constant({"a": 5.0, "b": 2.0, "c": 1.0}, 4, seed=1)  # 2.5, 1 and 0.5 expected
    seen = {name: set() for name in "abc"}
    for step in range(300):
        counts = Counter(mixture.draw(step))
        for name in seen:
            seen[name].add(counts[name])
    assert seen == {"a": {2, 3}, "b": {1}, "c": {0, 1}}


def test_any_pair_of_problems_can_meet_in_a_step() -> None:
    mixture = constant(dict.fromkeys("abcd", 1.0), 2, seed=0)
    pairs = {tuple(mixture.draw(step)) for step in range(300)}
    assert pairs == {(x, y) for x in "abcd" for y in "abcd" if x < y}


def test_a_step_is_drawn_the_same_whenever_it_is_asked_for() -> None:
    rates = {"a": 2.0, "b": 1.0, "c": 1.0}
    forth = [constant(rates, 2, 7).draw(step) for step in range(50)]
    one = constant(rates, 2, 7)
    assert [one.draw(step) for step in reversed(range(50))] == forth[::-1]
    assert [constant(rates, 2, 8).draw(step) for step in range(50)] != forth


SIZES = {"a": Sizes(16, 4), "b": Sizes(256, 64), "c": Sizes(4096, 1024)}
STRATEGIES = {
    "rates": RatesMixtureConfig(),
    "uniform": UniformMixtureConfig(),
    "temperature": TemperatureMixtureConfig(temperature=2),
    "unimax": UnimaxMixtureConfig(max_epochs=100),
    "adaptive": AdaptiveMixtureConfig(),
    "distributed": DistributedMixtureConfig(),
    "schedule step": ScheduledMixtureConfig(
        form="step",
        points=(
            SchedulePoint(step=0, rates=(1, 0, 0)),
            SchedulePoint(step=2500, rates=(1, 1, 2)),
            SchedulePoint(step=6000, rates=(0, 3, 1)),
        ),
    ),
    "schedule linear": ScheduledMixtureConfig(
        form="linear",
        points=(
            SchedulePoint(step=100, rates=(1, 0, 0)),
            SchedulePoint(step=9000, rates=(0, 1, 4)),
        ),
    ),
}
LOSSES = {"a": 1.0, "b": 2.0, "c": 4.0}
RATES = [5 / 8, 2 / 8, 1 / 8]
WORST = [5 * math.e / 82.96767, 2 * math.e**2 / 82.96767, math.e**4 / 82.96767]
"""Shares by rate and exp(loss). The first 2 % of the steps go by the rates alone."""
ASKED = {
    "rates": RATES,
    "uniform": [1 / 3, 1 / 3, 1 / 3],
    "temperature": [5 * 4 / 116, 2 * 16 / 116, 64 / 116],
    "unimax": [400 / 10_000, 6400 / 10_000, 3200 / 10_000],  # 100 epochs; what is left
    "adaptive": [0.02 * first + 0.98 * then for first, then in zip(RATES, WORST, strict=True)],
    "distributed": [1 / 3, 1 / 3, 1 / 3],
    "schedule step": [0.25 + 0.35 / 4, 0.35 / 4 + 0.4 * 3 / 4, 0.35 / 2 + 0.4 / 4],
}


def mixture_of(strategy: str, per_step: int = 1, seed: int = 3) -> Mixture:
    config = Config(
        problems=rates("a:5", "b:2", "c"),
        mixture=STRATEGIES[strategy],
        train=TrainConfig(steps=STEPS, problems_per_step=per_step, seed=seed),
    )
    return make_mixture(config, SIZES)


@pytest.mark.parametrize("strategy", ["rates", "uniform", "unimax", "temperature", "distributed"])
def test_a_problem_of_rate_0_is_never_drawn(strategy: str) -> None:
    config = Config(
        problems=rates("a:5", "b:0", "c"),
        mixture=STRATEGIES[strategy],
        train=TrainConfig(steps=STEPS),
    )
    mixture = make_mixture(config, {name: SIZES[name] for name in "ac"})
    assert mixture.names == ["a", "c"]
    assert mixture.per_step == 2
    assert {name for step in range(50) for name in mixture.draw(step)} == {"a", "c"}


def run(mixture: Mixture, steps: int) -> list[list[str]]:
    """The draws of a run in which the losses are always the same."""
    drawn = []
    for step in range(steps):
        drawn.append(mixture.draw(step))
        mixture.observe(step, drawn[-1], [LOSSES[name] for name in drawn[-1]])
    return drawn


@pytest.mark.parametrize("per_step", [1, 2])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_over_10_000_steps_every_strategy_is_within_its_binomial_interval(
    strategy: str, per_step: int
) -> None:
    mixture = mixture_of(strategy, per_step)
    counts = Counter(name for names in run(mixture, STEPS) for name in names)
    shares = [mixture.asked(STEPS)[name] / (STEPS * per_step) for name in "abc"]
    assert sum(shares) == pytest.approx(1)
    if strategy == "unimax" and per_step == 2:
        assert shares == pytest.approx([400 / 20_000, 6400 / 20_000, 13_200 / 20_000])
    elif strategy in ASKED:
        assert shares == pytest.approx(ASKED[strategy], abs=1e-6)
    for name, share in zip("abc", shares, strict=True):
        deviation = (STEPS * per_step * share * (1 - share)) ** 0.5
        assert abs(counts[name] - STEPS * per_step * share) < 2.58 * deviation  # 99 %


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_is_asked_is_the_sum_of_the_shares(strategy: str) -> None:
    mixture = mixture_of(strategy, per_step=2)
    run(mixture, 1000)
    for steps in (1, 100, 777, 1000):
        for name, asked in mixture.asked(steps).items():
            total = 2 * sum(mixture.shares(step)[name] for step in range(steps))
            assert asked == pytest.approx(total, abs=1e-9)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_any_steps_draw_can_be_computed_again_from_a_checkpoint(strategy: str) -> None:
    whole = run(mixture_of(strategy, 2), 1000)
    stopped = mixture_of(strategy, 2)
    run(stopped, 555)
    resumed = mixture_of(strategy, 2)
    resumed.restore(json.loads(json.dumps(stopped.state())))
    for step in (0, 3, 99, 100, 250, 554, 555, 599):
        assert resumed.draw(step) == whole[step]


def test_distributed_gives_the_micro_batches_to_one_problem_after_the_other() -> None:
    assert [mixture_of("distributed", 2).draw(step) for step in range(3)] == [
        ["a", "b"],
        ["a", "c"],
        ["b", "c"],
    ]


def test_shares_of_0_are_never_drawn() -> None:
    config = Config(
        problems=rates("a", "b", "c"),
        mixture=ScheduledMixtureConfig(
            form="step",
            points=(
                SchedulePoint(step=0, rates=(0, 1, 0)),
                SchedulePoint(step=50, rates=(1, 0, 1)),
            ),
        ),
        train=TrainConfig(problems_per_step=2),
    )
    mixture = make_mixture(config, SIZES)
    assert all(mixture.draw(step) == ["b", "b"] for step in range(50))
    assert all(mixture.draw(step) == ["a", "c"] for step in range(50, 300))

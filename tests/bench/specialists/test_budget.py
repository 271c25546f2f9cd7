"""CPU seconds: what is counted, and what they are enough for."""

from __future__ import annotations

import pytest

from bench.specialists.budget import Clock, Cost, rate_factor, run_module, steps_within
from t2t_multimodel import UserError

COST = Cost(parameters=7, steps=11, cpu_seconds=25.0, start_seconds=20.0, wall_seconds=30.0)


def test_a_step_costs_what_came_after_the_first() -> None:
    assert COST.step_ms == 500.0
    assert Cost(7, 1, 20.0, 20.0, 1.0).step_ms is None
    assert Cost(7, 4600).step_ms is None


def test_a_clock_counts_from_the_start_of_the_process() -> None:
    clock = Clock()
    clock.tick()
    clock.tick()
    cost = clock.cost(3)
    assert (cost.parameters, cost.steps) == (3, 2)
    assert cost.cpu_seconds == clock.ends[1] >= clock.ends[0] == cost.start_seconds
    assert clock.ends[0] > 0.01  # Python itself, and the imports of the tests


def test_the_rate_grows_and_falls_to_nothing() -> None:
    assert [rate_factor(spent, 0.2) for spent in (0, 0.1, 0.2, 0.6, 1)] == [0, 0.5, 1, 0.5, 0]


def test_steps_within_a_budget() -> None:
    assert steps_within(30, COST) == 21
    with pytest.raises(UserError) as caught:
        steps_within(20.2, COST)
    assert str(caught.value) == (
        "--cpu_seconds=20.2 ends before the second step of the project's net: start-up and first "
        "step take 20.0 CPU seconds.\nGive it more, such as --cpu_seconds=40"
    )


def test_a_process_that_fails_says_why() -> None:
    with pytest.raises(UserError) as caught:
        run_module("ours", {"steps": "many"})
    assert str(caught.value).startswith("ours ended with exit code 2:\nusage: ours.py")
    assert "argument --steps: invalid int value: 'many'" in str(caught.value)

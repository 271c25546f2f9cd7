"""Which problems a step trains on."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from t2t_multimodel.data import mixture as module
from t2t_multimodel.data.mixture import Mixture

STEPS = 10_000


def test_by_default_equal_rates_give_every_problem_in_every_step() -> None:
    names = [f"problem_{i}" for i in range(8)]
    mixture = Mixture(dict.fromkeys(names, 3.0), per_step=len(names), seed=0)
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
        assert Mixture(dict.fromkeys(names, 0.1), len(names), 0).draw(0) == names


def test_shares_are_the_rates_over_their_sum() -> None:
    assert Mixture({"a": 2, "b": 1, "c": 1}, 1, 0).shares == {"a": 0.5, "b": 0.25, "c": 0.25}


@pytest.mark.parametrize("per_step", [1, 2, 3])
def test_over_many_steps_problems_come_at_their_rates(per_step: int) -> None:
    mixture = Mixture({"a": 5.0, "b": 2.0, "c": 1.0}, per_step, seed=1)
    counts = Counter(name for step in range(STEPS) for name in mixture.draw(step))
    draws = STEPS * per_step
    for name, share in mixture.shares.items():
        deviation = (draws * share * (1 - share)) ** 0.5
        assert abs(counts[name] - draws * share) < 3.3 * deviation


def test_within_a_step_a_problem_comes_floor_or_ceil_of_its_share() -> None:
    mixture = Mixture({"a": 5.0, "b": 2.0, "c": 1.0}, 4, seed=1)  # 2.5, 1 and 0.5 expected
    seen = {name: set() for name in "abc"}
    for step in range(300):
        counts = Counter(mixture.draw(step))
        for name in seen:
            seen[name].add(counts[name])
    assert seen == {"a": {2, 3}, "b": {1}, "c": {0, 1}}


def test_any_pair_of_problems_can_meet_in_a_step() -> None:
    mixture = Mixture(dict.fromkeys("abcd", 1.0), 2, seed=0)
    pairs = {tuple(mixture.draw(step)) for step in range(300)}
    assert pairs == {(x, y) for x in "abcd" for y in "abcd" if x < y}


def test_a_step_is_drawn_the_same_whenever_it_is_asked_for() -> None:
    rates = {"a": 2.0, "b": 1.0, "c": 1.0}
    forth = [Mixture(rates, 2, 7).draw(step) for step in range(50)]
    one = Mixture(rates, 2, 7)
    assert [one.draw(step) for step in reversed(range(50))] == forth[::-1]
    assert [Mixture(rates, 2, 8).draw(step) for step in range(50)] != forth

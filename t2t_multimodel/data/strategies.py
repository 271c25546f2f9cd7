"""Shares of the problems in the micro-batches, by step: every strategy of a mixture.

All are functions of the settings, the data's sizes and the step. `adaptive` needs the losses of
earlier steps too, which a checkpoint keeps.

Legend: P problems, in the order listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike

from t2t_multimodel.config import (
    AdaptiveMixtureConfig,
    Config,
    ScheduledMixtureConfig,
    TemperatureMixtureConfig,
    UniformMixtureConfig,
    UnimaxMixtureConfig,
)

DECAY = 0.9
"""The moving average of losses decays so in Tensor2Tensor's adaptive choice."""


class Sizes(NamedTuple):
    """Holds the sizes of a problem's train split."""

    examples: int
    batches: float
    """Micro-batches of an epoch."""


class Shares(Protocol):
    """Decides which part of the micro-batches each problem gets."""

    def at(self, step: int) -> np.ndarray:
        """float [P], sums to 1."""

    def total(self, steps: int) -> np.ndarray:
        """float [P]: the sum of the shares of all steps before `steps`."""

    def observe(self, step: int, losses: Sequence[tuple[int, float]]) -> None:
        """Takes in the losses of a step, each with the number of its problem."""

    def state(self) -> Any:
        """JSON-able: what a checkpoint has to keep."""

    def restore(self, state: Any) -> None:
        """Takes back a state."""


class Stateless(Shares):
    """The part of shares that losses do not change."""

    def observe(self, step: int, losses: Sequence[tuple[int, float]]) -> None:
        pass

    def state(self) -> Any:
        return None

    def restore(self, state: Any) -> None:
        pass


class Constant(Stateless):
    """The same in every step."""

    def __init__(self, rates: ArrayLike) -> None:
        self._shares = _normal(np.asarray(rates, float))

    def at(self, step: int) -> np.ndarray:
        return self._shares

    def total(self, steps: int) -> np.ndarray:
        return steps * self._shares


class Scheduled(Stateless):
    """Follows a schedule; before its first point and behind its last, the point itself holds."""

    def __init__(self, schedule: ScheduledMixtureConfig) -> None:
        self._schedule = schedule

    def at(self, step: int) -> np.ndarray:
        return self._rows(np.array([step]))[0]

    def total(self, steps: int) -> np.ndarray:
        return self._rows(np.arange(steps)).sum(axis=0)

    def _rows(self, steps: np.ndarray) -> np.ndarray:
        """[steps, P]"""
        points = np.asarray([point.step for point in self._schedule.points])
        rates = np.asarray([point.rates for point in self._schedule.points])
        if self._schedule.form == "linear":
            columns = [np.interp(steps, points, column) for column in rates.T]
            return _normal(np.stack(columns, axis=1))
        last = np.maximum(np.searchsorted(points, steps, "right") - 1, 0)
        return _normal(rates[last])


class Adaptive(Shares):
    """share ~ rate * exp(average loss): Tensor2Tensor's `problem_choice=adaptive`.

    There each step drew by the averages of that moment. Here shares stand still for `steps`
    steps, and those of a stretch come from the averages at the begin of the stretch before it: so
    batches can be made ahead of their steps, and any step's draw can be computed again from the
    averages in the checkpoint. The first two stretches go by the rates alone.
    """

    def __init__(self, rates: Sequence[float], steps: int) -> None:
        self._rates, self._steps = np.asarray(rates, float), steps
        self._average = np.full(len(rates), np.nan)
        self._at_ends: list[np.ndarray] = []
        """Averages at the end of each stretch; nan for a problem that had no batch so far."""

    def at(self, step: int) -> np.ndarray:
        return self._of_stretch(step // self._steps)

    def _of_stretch(self, stretch: int) -> np.ndarray:
        if stretch < 2:
            return _normal(self._rates)
        if stretch - 2 >= len(self._at_ends):
            raise RuntimeError(f"shares of stretch {stretch} were asked for before its losses")
        averages = self._at_ends[stretch - 2]
        worst = np.nanmax(averages)
        return _normal(self._rates * np.exp(np.nan_to_num(averages, nan=worst) - worst))

    def total(self, steps: int) -> np.ndarray:
        whole, rest = divmod(steps, self._steps)
        total = sum((self._of_stretch(n) for n in range(whole)), np.zeros(len(self._rates)))
        return self._steps * total + (rest * self._of_stretch(whole) if rest else 0.0)

    def observe(self, step: int, losses: Sequence[tuple[int, float]]) -> None:
        for problem, loss in losses:
            before = self._average[problem]
            new = loss if np.isnan(before) else DECAY * before + (1 - DECAY) * loss
            self._average[problem] = new
        if (step + 1) % self._steps == 0:
            self._at_ends.append(self._average.copy())

    def state(self) -> Any:
        rows = [self._average, *self._at_ends]
        return [[None if np.isnan(value) else float(value) for value in row] for row in rows]

    def restore(self, state: Any) -> None:
        self._average, *self._at_ends = [np.array(row, float) for row in state]


def temperature_rates(
    rates: Sequence[float], examples: Sequence[int], temperature: float
) -> np.ndarray:
    """rate * examples ** (1 / temperature): Arivazhagan et al. 2019 (arXiv 1907.05019), mT5."""
    return np.asarray(rates) * np.asarray(examples, float) ** (1 / temperature)


def unimax_rates(rates: Sequence[float], capacities: Sequence[float], budget: float) -> np.ndarray:
    """UniMax (Chung et al. 2023, arXiv 2304.09151, algorithm 1): even, but for a cap each.

    Args:
        rates: what is even; 1 each in the paper.
        capacities: the most that each problem may get: epochs times the size of an epoch.
        budget: what there is to share out, in the same unit.

    Returns:
        What each gets. Where all capacities together are less than the budget, each capacity.
    """
    shares, left = np.zeros(len(rates)), sum(rates)
    for i in np.argsort(np.divide(capacities, rates), kind="stable"):
        shares[i] = min(capacities[i], budget * rates[i] / left)
        budget, left = budget - shares[i], left - rates[i]
    return shares


def make_shares(config: Config, sizes: Sequence[Sizes]) -> Shares:
    """The shares that a config asks for.

    Args:
        config: of the run.
        sizes: of each trained problem, in the order listed.
    """
    mixture, rates = config.mixture, list(config.trained.values())
    match mixture:
        case ScheduledMixtureConfig():
            return Scheduled(mixture)
        case AdaptiveMixtureConfig():
            return Adaptive(rates, mixture.steps)
        case UniformMixtureConfig():
            return Constant(np.ones(len(rates)))
        case TemperatureMixtureConfig():
            examples = [size.examples for size in sizes]
            return Constant(temperature_rates(rates, examples, mixture.temperature))
        case UnimaxMixtureConfig():
            capacities = [mixture.max_epochs * size.batches for size in sizes]
            budget = config.train.steps * config.batches_per_step
            return Constant(unimax_rates(rates, capacities, budget))
    return Constant(rates)


def _normal(rates: np.ndarray) -> np.ndarray:
    """Rates [..., P] to shares."""
    return rates / rates.sum(axis=-1, keepdims=True)

"""Mixture: which problems the micro-batches of a step hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from t2t_multimodel.config import Config, DistributedMixtureConfig
from t2t_multimodel.data.draws import generator
from t2t_multimodel.data.strategies import Constant, Shares, Sizes, make_shares


class Mixture:
    """Draws problems in proportion to their shares; a pure function of (seed, step).

    Systematic sampling: over `per_step` draws each problem comes floor or ceil of its expected
    number of times, and exactly at its rate over many steps. With equal rates and one draw for
    each problem, every step holds every problem once.
    """

    def __init__(self, names: Sequence[str], shares: Shares, per_step: int, seed: int) -> None:
        """
        Args:
            names: of the problems.
            shares: of each in the micro-batches, by step.
            per_step: micro-batches of a step.
            seed: of the run.
        """
        self.names = list(names)
        self.per_step = per_step
        self._shares, self._seed = shares, seed

    def shares(self, step: int) -> dict[str, float]:
        """Problem -> its share of the micro-batches of a step."""
        return dict(zip(self.names, self._shares.at(step).tolist(), strict=True))

    def asked(self, steps: int) -> dict[str, float]:
        """Problem -> the micro-batches that are expected of it before step number `steps`."""
        total = self.per_step * self._shares.total(steps)
        return dict(zip(self.names, total.tolist(), strict=True))

    def draw(self, step: int) -> list[str]:
        """The problems of a step, one for each micro-batch, in the order listed."""
        draws = generator(self._seed, "mixture", step)
        order = draws.permutation(len(self.names))
        edges = np.cumsum(self._shares.at(step)[order] * self.per_step)
        edges[-1] = self.per_step
        edges = np.round(edges, 9)  # equal rates must meet the integers exactly
        points = min(draws.random(), 1 - 1e-9) + np.arange(self.per_step)  # below the last edge
        picks = order[np.searchsorted(edges, points, "right")]
        return [self.names[i] for i in sorted(picks)]

    def observe(self, step: int, problems: Sequence[str], losses: Sequence[float]) -> None:
        """Takes in the loss of each micro-batch of a step, once it was trained on."""
        numbers = map(self.names.index, problems)
        self._shares.observe(step, list(zip(numbers, losses, strict=True)))

    def state(self) -> Any:
        """JSON-able: what a checkpoint has to keep; None for most strategies."""
        return self._shares.state()

    def restore(self, state: Any) -> None:
        """Takes a state back from a checkpoint."""
        self._shares.restore(state)


class RoundRobin(Mixture):
    """One problem after the other: Tensor2Tensor's `problem_choice=distributed`.

    There worker w trained on problem w modulo their number. Here the micro-batches of all steps
    are the workers.
    """

    def __init__(self, names: Sequence[str], per_step: int) -> None:
        super().__init__(names, Constant(np.ones(len(names))), per_step, seed=0)

    def draw(self, step: int) -> list[str]:
        """The problems of a step, one for each micro-batch, in the order listed."""
        turns = range(step * self.per_step, (step + 1) * self.per_step)
        return [self.names[i] for i in sorted(turn % len(self.names) for turn in turns)]


def make_mixture(config: Config, sizes: Mapping[str, Sizes]) -> Mixture:
    """The mixture that a config asks for.

    Args:
        config: of the run.
        sizes: of each trained problem's train split.
    """
    names = list(config.trained)
    if isinstance(config.mixture, DistributedMixtureConfig):
        return RoundRobin(names, config.batches_per_step)
    shares = make_shares(config, [sizes[name] for name in names])
    return Mixture(names, shares, config.batches_per_step, config.train.seed)

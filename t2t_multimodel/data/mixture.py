"""Mixture: which problems the micro-batches of a step hold."""

from __future__ import annotations

import numpy as np

from t2t_multimodel.data.draws import generator


class Mixture:
    """Draws problems in proportion to their rates; a pure function of (seed, step).

    Systematic sampling: over `per_step` draws each problem comes floor or ceil of its expected
    number of times, and exactly at its rate over many steps. With equal rates and one draw for
    each problem, every step holds every problem once.
    """

    def __init__(self, rates: dict[str, float], per_step: int, seed: int) -> None:
        """
        Args:
            rates: problem -> rate > 0; only their ratios matter.
            per_step: micro-batches of a step.
            seed: of the run.
        """
        self.names = list(rates)
        self.per_step = per_step
        self._shares = np.asarray(list(rates.values())) / sum(rates.values())
        self._seed = seed

    @property
    def shares(self) -> dict[str, float]:
        """Problem -> its share of the micro-batches."""
        return dict(zip(self.names, self._shares.tolist(), strict=True))

    def draw(self, step: int) -> list[str]:
        """The problems of a step, one for each micro-batch, in the order listed."""
        draws = generator(self._seed, "mixture", step)
        order = draws.permutation(len(self.names))
        edges = np.cumsum(self._shares[order] * self.per_step)
        edges[-1] = self.per_step
        edges = np.round(edges, 9)  # equal rates must meet the integers exactly
        points = min(draws.random(), 1 - 1e-9) + np.arange(self.per_step)  # below the last edge
        picks = order[np.searchsorted(edges, points, "right")]
        return [self.names[i] for i in sorted(picks)]

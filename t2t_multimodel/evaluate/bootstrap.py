"""Tells how sure a score is, by the bootstrap over examples (Efron 1979; for pairs Koehn 2004)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from t2t_multimodel.data.draws import generator
from t2t_multimodel.metrics.score import Score

CONFIDENCE = 0.95
"""Part of the resamples that lies within an interval."""

Interval = tuple[float, float]
"""Lower and upper end."""


def interval(score: Score, resamples: int) -> Interval:
    """The percentile interval of a score, the same in every run.

    Args:
        score: of some examples.
        resamples: samples with replacement, as large as the set itself.
    """
    return ends(np.asarray([score.of(chosen) for chosen in samples(score.examples, resamples)]))


@dataclass(frozen=True)
class Difference:
    """Holds the difference of two scores on the same examples."""

    value: float
    """First less second."""
    interval: Interval
    p: float
    """Probability of a difference as large by the choice of examples alone; two-sided."""


def difference(first: Score, second: Score, resamples: int) -> Difference:
    """The paired bootstrap: both models are scored on the same resamples.

    Args:
        first: of some examples.
        second: of the same examples in the same order.
        resamples: samples with replacement.
    """
    if first.examples != second.examples:
        raise ValueError(f"{first.examples} examples can not be paired with {second.examples}")
    value = first.value - second.value
    drawn = np.asarray(
        [first.of(chosen) - second.of(chosen) for chosen in samples(first.examples, resamples)]
    )
    # Were there no true difference, the resamples would lie around 0 as they lie around `value`.
    # A difference of none at all is never due to more than chance.
    by_chance = int(np.sum(np.abs(drawn - value) >= abs(value))) if value else resamples
    return Difference(value, ends(drawn), (by_chance + 1) / (resamples + 1))


def samples(examples: int, resamples: int) -> Iterator[np.ndarray]:
    """Numbers of examples, int [examples], drawn with replacement; the same in every run."""
    draws = generator(0, "bootstrap")
    for _ in range(resamples):
        yield draws.integers(0, examples, examples)


def ends(values: np.ndarray) -> Interval:
    """The interval that holds `CONFIDENCE` of the values, [resamples]."""
    outside = (1 - CONFIDENCE) / 2
    low, high = np.quantile(values, (outside, 1 - outside))
    return float(low), float(high)

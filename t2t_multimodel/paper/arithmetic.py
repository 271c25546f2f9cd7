"""The arithmetic of comparisons: relative changes, their mean over problems, how sure they are."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from t2t_multimodel.evaluate.bootstrap import Interval, ends, samples
from t2t_multimodel.metrics.score import Score

VERDICTS = {True: "holds", False: "does not hold", None: "cannot be told at this size"}


class MeanScore(Score):
    """The mean of scores of several seeds on the same examples."""

    def __init__(self, scores: Sequence[Score]) -> None:
        """Raises `ValueError` if they are of different numbers of examples."""
        numbers = {score.examples for score in scores}
        if len(numbers) != 1:
            raise ValueError(f"scores of {sorted(numbers)} examples have no mean")
        self.scores, (self.examples,) = tuple(scores), numbers

    def of(self, chosen: np.ndarray) -> float:
        return statistics.fmean(score.of(chosen) for score in self.scores)


def relative_change(first: float, second: float, lower_is_better: bool) -> float:
    """How much better the first is, as a part of the second; nan where the second is 0."""
    if not second:
        return math.nan
    change = (first - second) / abs(second)
    return -change if lower_is_better else change


def ratio(score: float, bar: float, lower_is_better: bool) -> float:
    """The paper's ratio, above 1 where the score is better: bar over score for errors.

    It is nan where it would be divided by 0.
    """
    above, below = (bar, score) if lower_is_better else (score, bar)
    return above / below if below else math.nan


@dataclass(frozen=True)
class Pair:
    """Two arms on one problem; each has a score for each of its seeds."""

    problem: str
    score: str
    """Full name of the score, such as teacher_forced/log_ppl."""
    first: tuple[Score, ...]
    second: tuple[Score, ...] | float
    """Of the other arm, or one number: the bar."""
    lower_is_better: bool

    def change(self, first: float, second: float) -> float:
        """Relative change; against a bar it is what the ratio is above 1."""
        if isinstance(self.second, tuple):
            return relative_change(first, second, self.lower_is_better)
        return ratio(first, second, self.lower_is_better) - 1

    def means(self) -> tuple[float, float]:
        """Both scores, means over the seeds."""
        return MeanScore(self.first).value, self._second_of(None)

    def of(self, chosen: np.ndarray) -> float:
        """The change on the examples with these numbers."""
        return self.change(MeanScore(self.first).of(chosen), self._second_of(chosen))

    def of_seed(self, number: int) -> float:
        """The change of the runs with the seed of this number, on all examples."""
        second = self.second
        other = second[number].value if isinstance(second, tuple) else second
        return self.change(self.first[number].value, other)

    @property
    def seeds(self) -> int:
        """Seeds that both have."""
        others = len(self.second) if isinstance(self.second, tuple) else len(self.first)
        return min(len(self.first), others)

    def _second_of(self, chosen: np.ndarray | None) -> float:
        if not isinstance(self.second, tuple):
            return self.second
        mean = MeanScore(self.second)
        return mean.value if chosen is None else mean.of(chosen)


@dataclass(frozen=True)
class Estimate:
    """The mean relative change over problems."""

    value: float
    interval: Interval
    """95 %, by resampling the examples; both arms are scored on the same ones."""
    by_seed: tuple[float, ...]
    """The same for each seed alone."""

    @property
    def spread(self) -> float | None:
        """Standard deviation over the seeds; None where there is one seed only."""
        return statistics.stdev(self.by_seed) if len(self.by_seed) > 1 else None

    def above(self, margin: float) -> bool | None:
        """Whether it is surely above a margin; None: not sure.

        It is sure where the whole interval and each seed alone lie on one side.
        """
        values = (*self.interval, *self.by_seed)
        if any(map(math.isnan, values)):
            return None
        if all(value > margin for value in values):
            return True
        return False if all(value < margin for value in values) else None


def estimate(pairs: Sequence[Pair], resamples: int) -> Estimate:
    """The mean relative change over pairs (with one pair: its change) and how sure it is.

    The paired bootstrap draws the same examples for both arms. Problems that have the same
    examples, as the directions of translation have, are resampled together.

    Args:
        pairs: one for each problem.
        resamples: samples behind the interval.
    """
    value = statistics.fmean(pair.change(*pair.means()) for pair in pairs)
    draws = zip(*(samples(pair.first[0].examples, resamples) for pair in pairs), strict=True)
    drawn = np.asarray(
        [
            statistics.fmean(pair.of(chosen) for pair, chosen in zip(pairs, each, strict=True))
            for each in draws
        ]
    )
    seeds = range(min(pair.seeds for pair in pairs))
    by_seed = tuple(statistics.fmean(pair.of_seed(seed) for pair in pairs) for seed in seeds)
    return Estimate(value, ends(drawn), by_seed)


def together(found: Sequence[bool | None]) -> bool | None:
    """The verdict on a sentence that several comparisons decide: all of them must hold."""
    if any(one is False for one in found):
        return False
    return True if all(found) else None

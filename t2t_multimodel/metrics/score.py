"""Score: a number that examples add up to, so that other samples of them can be scored too."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Counting = Callable[[Sequence[Any], Sequence[Any]], np.ndarray]
"""(targets, outputs) -> float [examples, k]: what each example adds."""


class Score(ABC):
    """A score of some examples, and of any sample of them."""

    examples: int
    """`examples` counts the examples that were scored."""

    @abstractmethod
    def of(self, chosen: np.ndarray) -> float:
        """The score of the examples with these numbers, int [m]; a number may come repeatedly."""

    @functools.cached_property
    def value(self) -> float:
        """The score of all examples, each once."""
        return self.of(np.arange(self.examples))


class SummedScore(Score):
    """A function of the sum of what each example adds."""

    def __init__(self, counts: np.ndarray, score: Callable[[np.ndarray], float]) -> None:
        """
        Args:
            counts: [examples, k].
            score: of a sum [k].
        """
        self.counts, self._score = np.asarray(counts, np.float64), score
        self.examples = len(counts)

    def of(self, chosen: np.ndarray) -> float:
        return float(self._score(self.counts[chosen].sum(axis=0)))


class CalledScore(Score):
    """A metric that is a plain function; each sample costs a call of it."""

    def __init__(
        self, metric: Callable[..., float], targets: Sequence[Any], outputs: Sequence[Any]
    ) -> None:
        self._metric, self._targets, self._outputs = metric, targets, outputs
        self.examples = len(targets)

    def of(self, chosen: np.ndarray) -> float:
        targets = [self._targets[i] for i in chosen]
        return float(self._metric(targets, [self._outputs[i] for i in chosen]))


class SummedMetric:
    """A metric whose examples add up; called like any other: metric(targets, outputs) -> float."""

    def __init__(
        self, counts: Counting, score: Callable[[np.ndarray], float], lower_is_better: bool
    ) -> None:
        self._counts, self._score, self.lower_is_better = counts, score, lower_is_better
        functools.update_wrapper(self, counts)

    def __call__(self, targets: Sequence[Any], outputs: Sequence[Any]) -> float:
        return self.score(targets, outputs).value

    def score(self, targets: Sequence[Any], outputs: Sequence[Any]) -> SummedScore:
        """The score of these examples.

        Raises:
            ValueError: there are none, or as many targets as outputs there are not.
        """
        if len(targets) != len(outputs) or not len(targets):
            raise ValueError(
                f"a metric needs an output for each of one or more targets, "
                f"but got {len(targets)} targets and {len(outputs)} outputs"
            )
        return SummedScore(self._counts(targets, outputs), self._score)


def ratio(sums: np.ndarray) -> float:
    """The first sum over the second; 0 where there is nothing to divide by."""
    return sums[0] / sums[1] if sums[1] else 0.0


def summed(
    score: Callable[[np.ndarray], float] = ratio, lower_is_better: bool = False
) -> Callable[[Counting], SummedMetric]:
    """Makes a metric of a function that counts, for below `@register_metric("name")`.

    Args:
        score: of the sum of the counts.
        lower_is_better: whether it is an error rate.
    """
    return lambda counts: SummedMetric(counts, score, lower_is_better)


def score_of(metric: Callable[..., float], targets: Sequence[Any], outputs: Sequence[Any]) -> Score:
    """The score by a registered metric, be it summed or a user's plain function."""
    if isinstance(metric, SummedMetric):
        return metric.score(targets, outputs)
    return CalledScore(metric, targets, outputs)


def references(target: str | tuple[str, ...]) -> tuple[str, ...]:
    """The equally good texts of a target: a string is one."""
    return (target,) if isinstance(target, str) else target

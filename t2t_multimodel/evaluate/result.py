"""Result: how a model did on one problem, example by example."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from t2t_multimodel.metrics import teacher_forced
from t2t_multimodel.metrics.score import Score, score_of
from t2t_multimodel.registry import metrics


@dataclass(frozen=True)
class Output:
    """What came out for one example that was decoded."""

    number: int
    """Of the example in its split."""
    target: Any
    """As the metrics take it: a text, several as a tuple, or a class number."""
    output: Any
    """A text, or int [classes], best first."""


@dataclass(frozen=True, eq=False)
class Result:
    """The scores of one problem, and what they were computed from."""

    problem: str
    split: str
    fingerprint: str
    """Of the records; see `Prepared.fingerprint`."""
    numbers: np.ndarray
    """int [examples]: those that were scored."""
    counts: np.ndarray
    """What each of them adds to the teacher-forced scores; see `teacher_forced.counts`."""
    outputs: tuple[Output, ...] = ()
    """Of the examples that were decoded."""
    metrics: tuple[str, ...] = ()
    """Metrics of the outputs."""
    shuffled_sources: bool = False

    @property
    def examples(self) -> int:
        """How many were scored teacher-forced."""
        return len(self.numbers)

    @functools.cached_property
    def measured(self) -> dict[str, Score]:
        """All scores by name: those of outputs are decoded/..., of class labels plain."""
        forced = teacher_forced.scores_of(self.counts)
        prefix = "" if "top1" in forced else "decoded/"
        return forced | {prefix + name: self._decoded(name) for name in self.metrics}

    def _decoded(self, metric: str) -> Score:
        targets = [one.target for one in self.outputs]
        return score_of(metrics.get(metric), targets, [one.output for one in self.outputs])

    @property
    def scores(self) -> dict[str, float]:
        """Their values."""
        return {name: score.value for name, score in self.measured.items()}

    @property
    def samples(self) -> tuple[tuple[Any, Any], ...]:
        """(target, output) of the first decoded examples."""
        return tuple((one.target, one.output) for one in self.outputs[:5])

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
    """Holds what came out for one example that was decoded."""

    number: int
    """`number` is the number of the example in its split."""
    target: Any
    """`Feature.metric_target` made it: a text, a tuple of several, a class number, or values."""
    output: Any
    """`Feature.metric_output` made it: a text, int [classes], best first, or values."""


@dataclass(frozen=True, eq=False)
class Tempered:
    """The loss with the logits divided by a temperature."""

    temperature: float
    """The logits were divided by `temperature`."""
    split: str
    """The temperature is the best one on the examples of `split`."""
    examples: int
    """So many examples of `split` were used."""
    nats: np.ndarray
    """`nats` holds the nats of each example of the result, float [examples]."""


@dataclass(frozen=True, eq=False)
class Result:
    """The scores of one problem, and what they were computed from."""

    problem: str
    split: str
    fingerprint: str
    """`fingerprint` names the content of the records; see `Prepared.fingerprint`."""
    numbers: np.ndarray
    """int [examples]: those that were scored."""
    counts: np.ndarray
    """`counts` holds what each example adds to the scores; see `teacher_forced.counts`."""
    outputs: tuple[Output, ...] = ()
    """`outputs` holds one output for each example that was decoded."""
    metrics: tuple[str, ...] = ()
    """Metrics of the outputs."""
    shuffled_sources: bool = False
    loss: str = ""
    """The name of the loss of values; "" for tokens and classes."""
    tempered: Tempered | None = None
    """None: no temperature was fitted."""

    @property
    def examples(self) -> int:
        """Counts the examples that were scored teacher-forced."""
        return len(self.numbers)

    @functools.cached_property
    def measured(self) -> dict[str, Score]:
        """All scores by name: those of outputs are decoded/..., of classes plain."""
        forced = teacher_forced.scores_of(self.counts, self.loss)
        if self.tempered is not None:
            tokens = self.counts[:, teacher_forced.TOKENS]
            forced |= teacher_forced.tempered_scores(self.tempered.nats, tokens, forced)
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

"""Verdict: whether a model has learned a problem, by two scores that can disagree.

The loss of the true targets may be good where the model's own outputs are not, and the reverse. So
each problem is judged by its loss and by its first metric, each beside the same baselines, and it
counts as learned only where both say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from t2t_multimodel.evaluate.bootstrap import Interval
from t2t_multimodel.metrics.text import is_lower_better

YES, NO, NOT_SURE, NOT_KNOWN = "yes", "no", "not sure", "not known"
NOT_DECODED = "not decoded"


@dataclass(frozen=True)
class Verdict:
    """What is said of one problem: "yes", "no", "not sure" or "not known" of each score."""

    loss: str
    """The full name of the loss: teacher_forced/log_ppl, log_ppl, or the loss of values."""
    loss_above: str
    """Whether the loss is better than the source-blind baseline's."""
    metric: str
    """The full name of the first metric; empty for a problem without one."""
    metric_above: str
    """Whether the metric is better than the source-blind baseline's; "not decoded" where no
    example was decoded, and empty for a problem without metrics."""
    above_classical: str
    """Whether the metric, or the loss where there is none, is better than the classical
    baseline's."""

    @property
    def learned(self) -> str:
        """ "yes" or "no" where both agree; else what each of them says."""
        names = self._short(self.loss), self._short(self.metric)
        if not self.metric:
            return f"{names[0]} {self.loss_above}, no metric"
        if self.loss_above == self.metric_above:
            return self.loss_above
        return f"{names[0]} {self.loss_above}, {names[1]} {self.metric_above}"

    def to_dict(self) -> dict[str, str]:
        """JSON-able values."""
        return {
            "loss": self.loss,
            "loss_above_source_blind": self.loss_above,
            "metric": self.metric,
            "metric_above_source_blind": self.metric_above,
            "above_classical": self.above_classical,
            "learned": self.learned,
        }

    def _short(self, score: str) -> str:
        name = score.rpartition("/")[2]
        return "nats" if name == "log_ppl" else name


def judge(
    intervals: Mapping[str, Interval],
    metric: str,
    source_blind: Mapping[str, float],
    classical: Mapping[str, float] | None,
) -> Verdict:
    """Judges one problem.

    Args:
        intervals: full name of each score -> its interval; the loss is among them.
        metric: full name of the problem's first metric; empty if it has none.
        source_blind: full name -> score of the baseline.
        classical: the same; None where nobody measured it.
    """
    loss = next(name for name in intervals if name.startswith("loss/") or name.endswith("log_ppl"))

    def above(score: str, baseline: Mapping[str, float]) -> str:
        if score not in intervals:
            return NOT_DECODED
        if score not in baseline:
            return NOT_KNOWN
        return _above(score, intervals[score], baseline[score])

    bar = classical or {}
    judged_by = metric if metric in intervals else loss
    return Verdict(
        loss=loss,
        loss_above=above(loss, source_blind),
        metric=metric,
        metric_above=above(metric, source_blind) if metric else "",
        above_classical=above(judged_by, bar) if judged_by in bar else NOT_KNOWN,
    )


def _above(score: str, ends: Interval, baseline: float) -> str:
    """It is above where the worse end of the interval is, not where not even the better end is."""
    lower = is_lower_better(score)
    better = {end < baseline if lower else end > baseline for end in ends}
    return NOT_SURE if len(better) == 2 else YES if better == {True} else NO

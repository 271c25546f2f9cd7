"""The true targets, scored as if a model had written them: they must reach the best value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from t2t_multimodel import registry
from t2t_multimodel.check.finding import Finding, NotChecked
from t2t_multimodel.check.subject import Subject
from t2t_multimodel.errors import BadValue, foreign
from t2t_multimodel.problem import Problem

_BEST = (1.0, 100.0)
"""The best values of metrics that grow with quality, unless they say another one by `best`."""
_DEPENDS = ("cider",)
"""Metrics whose best value depends on the set of examples."""
_CLOSE = 1e-6


def gold_scores(subject: Subject) -> Iterator[Finding | str]:
    """The true targets reach the best value of each of the problem's own metrics."""
    problem = subject.problem
    if not problem.metrics:
        yield "The problem names no metrics, so that only losses will be told."
    split = problem.eval_split("test")
    looks = {look.split: look for look in subject.sound_looks}
    if not looks[split].targets:
        raise NotChecked(f"{split} has no targets")
    gold = gold_outputs(subject, looks[split].targets)
    for name in problem.metrics:
        yield from _of_metric(name, split, *gold, fix=_fix(problem))


def gold_outputs(subject: Subject, stored: Sequence[np.ndarray]) -> tuple[list[Any], list[Any]]:
    """Targets as metrics take them, and outputs of a model that is always right.

    Args:
        subject: of which problem.
        stored: its stored targets.

    Raises:
        NotChecked: targets of the feature can not be predicted.
    """
    problem = subject.problem
    feature = problem.targets
    tokenizer = problem.tokenizer("targets", dict(subject.tokenizers))
    signature = problem.signature(dict(subject.tokenizers)).targets
    if signature.output is None:
        raise NotChecked(f"{type(feature).__name__} can not be predicted")
    targets, outputs = [], []
    for array in stored:
        targets.append(feature.metric_target(array, tokenizer))
        if signature.output == "classes":
            right = int(array)
            others = [i for i in range(signature.size) if i != right]
            best = np.asarray([right, *others], np.int32)[:, None]
        else:
            best = np.asarray(feature.model_input(array), signature.dtype)[None]
        outputs.append(feature.metric_output(best, tokenizer))
    return targets, outputs


def _of_metric(
    name: str, split: str, targets: list[Any], outputs: list[Any], fix: str
) -> Iterator[Finding | str]:
    metric = registry.metrics.get(name)
    try:
        with foreign(BadValue):
            value = float(metric(targets, outputs))
    except BadValue as error:
        yield Finding(f"{name} can not score the true targets of {split}: {error}.", fix)
        return
    wanted = best_values(name, metric)
    if math.isnan(value):
        yield Finding(f"{name} of the true targets of {split} is no number.", fix)
    elif wanted and not any(abs(value - best) < _CLOSE * max(1.0, best) for best in wanted):
        said = " or ".join(f"{best:g}" for best in wanted)
        yield Finding(f"{name} of the true targets of {split} is {value:.4g}, not {said}.", fix)


def best_values(name: str, metric: Any) -> tuple[float, ...]:
    """The values of which a metric must give one where every output is right.

    A metric says another one by an attribute: `my_metric.best = 40.0`, or None where the best value
    depends on the examples.
    """
    if hasattr(metric, "best"):
        return () if metric.best is None else (float(metric.best),)
    if name.partition(":")[0] in _DEPENDS:
        return ()
    return (0.0,) if getattr(metric, "lower_is_better", False) else _BEST


def _fix(problem: Problem) -> str:
    """What to change where the true targets do not reach the best value."""
    return (
        "Name metrics that fit the targets (bleu needs four words, bracket_f1 trees), or let "
        f"decode() of {type(problem.targets).__name__} give what the metric compares. A metric of "
        "your own says another best value by its attribute `best`."
    )

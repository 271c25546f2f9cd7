"""Best: which steps scored best, of each problem and joint, and when a run should end early."""

from __future__ import annotations

import copy
import math
import statistics
from collections.abc import Iterable
from typing import Any

from t2t_multimodel.config import EvalConfig
from t2t_multimodel.errors import UserError, unknown
from t2t_multimodel.metrics.text import is_lower_better
from t2t_multimodel.registry import metrics

_TEACHER_FORCED = (
    "teacher_forced/log_ppl",
    "teacher_forced/accuracy",
    "teacher_forced/sequence_accuracy",
    "log_ppl",
)
_LOG_PPL = ("teacher_forced/log_ppl", "log_ppl")
LOSS = "loss/"
"""Begins the score of values that is their loss, such as loss/squared_error."""
JOINT = "joint"
"""Name of the mean score over the problems."""


def _losses_of_values(scores: dict[str, dict[str, float]]) -> dict[str, float]:
    """The losses of the problems whose targets are values, which have no log-perplexity."""
    return {
        problem: value
        for problem, values in scores.items()
        for name, value in values.items()
        if name.startswith(LOSS)
    }


class Best:
    """The best evaluation so far of each problem, and of their mean.

    Where log-perplexity decides, the loss of values does so for their problem. It has a unit of its
    own, so it is part of the mean only where no problem has a log-perplexity.

    A problem that no longer improves is not taken out of the mixture: the body that it shares goes
    on changing for the others, and the problem would be forgotten. Its best checkpoint stays
    instead, and the run ends once nothing that `patience_for` names improves.
    """

    def __init__(self, config: EvalConfig) -> None:
        """Raises `UserError` if `evaluate.best` is a name that no score can have."""
        known = [*_TEACHER_FORCED, *metrics.names()]
        known += [f"decoded/{name}" for name in metrics.names()]
        if config.best not in known and not config.best.startswith(LOSS):
            raise unknown("score", config.best, known)
        if config.steps and config.best.startswith("decoded/") and not config.train_decode_examples:
            raise UserError(
                f"evaluate.best={config.best} is a decoded score, but nothing is decoded during "
                "training.",
                fix="Give evaluate.train_decode_examples above 0, or a score of teacher_forced/.",
            )
        self._config = config
        self.records: dict[str, dict[str, Any]] = {}
        """Problem, or "joint" -> step and score of its best, evaluations without a new best."""

    def add(self, step: int, scores: dict[str, dict[str, float]]) -> list[str]:
        """Takes in the scores of every problem at a step; returns who has a new best.

        Raises:
            UserError: no problem has the score that `evaluate.best` names.
        """
        found = {problem: self._chosen(values) for problem, values in scores.items()}
        known = {problem: value for problem, value in found.items() if value is not None}
        losses = {} if self._config.best not in _LOG_PPL else _losses_of_values(scores)
        joint = known or losses
        known = {**known, **losses}
        if not known:
            names = sorted({name for values in scores.values() for name in values})
            raise UserError(
                f"evaluate.best: these problems have no score '{self._config.best}'.",
                fix=f"Scores during training: {', '.join(names)}. Decoded ones need "
                "evaluate.train_decode_examples above 0.",
            )
        known[JOINT] = statistics.fmean(joint.values())
        return [name for name, value in known.items() if self._observe_score(name, step, value)]

    def _chosen(self, scores: dict[str, float]) -> float | None:
        best = self._config.best
        return scores.get(best, scores.get(best.removeprefix("teacher_forced/")))

    def _observe_score(self, name: str, step: int, score: float) -> bool:
        """Takes a score into the record of its problem; True if it is a new best."""
        record = self.records.get(name)
        if math.isnan(score):  # no later score would be above or below it
            score = math.inf if is_lower_better(self._config.best) else -math.inf
        sign = -1 if is_lower_better(self._config.best) else 1
        if record is None or sign * score > sign * record["score"]:
            self.records[name] = {"step": step, "score": score, "without_new_best": 0}
            return True
        record["without_new_best"] += 1
        return False

    def state(self) -> dict[str, Any]:
        """JSON-able copy of what `restore` needs."""
        return {"of": self._criterion(), "records": copy.deepcopy(self.records)}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes back a state; none of scores that do not compare with those to come."""
        if state.get("of") == self._criterion():
            self.records = copy.deepcopy(state["records"])

    def _criterion(self) -> dict[str, Any]:
        """The settings that a score depends on."""
        names = ["best", "split", "examples"]
        if self._config.best.startswith("decoded/"):
            names += ["train_decode_examples", "beam_size"]
        return {name: getattr(self._config, name) for name in names}

    @property
    def steps(self) -> dict[str, int]:
        """Problem, or "joint" -> step of its best."""
        return {name: record["step"] for name, record in self.records.items()}

    @property
    def exhausted(self) -> bool:
        """Whether the run should end: `patience` evaluations brought no new best."""
        patience = self._config.patience
        waited = list(self._waited())
        return bool(patience and waited and min(waited) >= patience)

    def _waited(self) -> Iterable[int]:
        for name, record in self.records.items():
            if (name == JOINT) == (self._config.patience_for == "joint"):
                yield record["without_new_best"]

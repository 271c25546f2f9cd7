"""Config: the whole tree that an hparams set returns."""

from __future__ import annotations

import dataclasses
import math

from t2t_multimodel.config.base import Section
from t2t_multimodel.config.data import DataConfig
from t2t_multimodel.config.evaluate import EvalConfig
from t2t_multimodel.config.mixture import MixtureConfig, RatesMixtureConfig, ScheduledMixtureConfig
from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.config.optimizer import OptimizerConfig
from t2t_multimodel.config.train import TrainConfig
from t2t_multimodel.errors import UserError, unknown
from t2t_multimodel.terminal import plural


@dataclasses.dataclass(frozen=True, kw_only=True)
class ProblemRate(Section):
    """A problem of a run, and how often it comes."""

    name: str
    """The name under which the problem is registered."""
    rate: float = 1.0
    """Beside the rates of the others; a problem of rate 0 is in the model and scored, but not
    trained."""

    def check(self) -> None:
        self.require(0 <= self.rate < math.inf, "rate", "0 or a number above 0")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Section):
    """Everything that a run is made from, but for folders."""

    problems: tuple[ProblemRate, ...]
    """The problems with their rates, written wmt_ende:2+imagenet; 1 where none is given."""
    model: ModelConfig = ModelConfig()
    data: DataConfig = DataConfig()
    mixture: MixtureConfig = RatesMixtureConfig()
    """How the share of each problem in the micro-batches comes about (docs/mixtures.md)."""
    optimizer: OptimizerConfig = OptimizerConfig()
    train: TrainConfig = TrainConfig()
    evaluate: EvalConfig = EvalConfig()

    def check(self) -> None:
        self.require(bool(self.problems), "problems", "at least one problem")
        names = list(self.rates)
        self.require(
            len(names) == len(self.problems), "problems", "a tuple that names each problem once"
        )
        self.require(bool(self.trained), "problems", "a tuple with a rate above 0")
        for name in self.loss_weights:
            if name not in self.trained:
                raise unknown("problem that this run trains", name, list(self.trained))
        self.data.check_problems(names)
        self._check_schedule(list(self.trained))

    def _check_schedule(self, names: list[str]) -> None:
        """Raises `UserError` for a schedule of another number of problems."""
        if not isinstance(self.mixture, ScheduledMixtureConfig):
            return
        given = len(self.mixture.points[0].rates)
        if given != len(names):
            raise UserError(
                f"mixture.points has {plural(given, 'rate')} at each step, but the run has "
                f"{plural(len(names), 'problem')}: {', '.join(names)}.",
                fix="Give points for them, or another strategy: --hparams=mixture=rates",
            )

    @property
    def batches_per_step(self) -> int:
        """Micro-batches of an optimizer step."""
        problems = min(self.train.problems_per_step or len(self.trained), len(self.trained))
        return problems * self.train.accumulate

    @property
    def rates(self) -> dict[str, float]:
        """Problem name -> rate, in the order listed."""
        return {problem.name: problem.rate for problem in self.problems}

    @property
    def trained(self) -> dict[str, float]:
        """The `rates` of the problems that are trained: those of a rate above 0."""
        return {name: rate for name, rate in self.rates.items() if rate}

    @property
    def rate_factors(self) -> dict[str, float]:
        """Part of the model -> factor of its learning rate, of `optimizer.rate_factors`."""
        return {one.part: one.factor for one in self.optimizer.rate_factors}

    @property
    def loss_weights(self) -> dict[str, float]:
        """Problem name -> factor of its loss, of the problems that `train.loss_weights` names."""
        return {one.problem: one.weight for one in self.train.loss_weights}

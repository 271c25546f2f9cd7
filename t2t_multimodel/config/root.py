"""Config: the whole tree that an hparams set returns."""

from __future__ import annotations

import dataclasses
import math

from t2t_multimodel.config.base import Section
from t2t_multimodel.config.data import DataConfig
from t2t_multimodel.config.evaluate import EvalConfig
from t2t_multimodel.config.mixture import MixtureConfig, parse_schedule
from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.config.optimizer import OptimizerConfig
from t2t_multimodel.config.train import TrainConfig
from t2t_multimodel.errors import UserError, unknown


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Section):
    """Everything that a run is made from, but for folders."""

    problems: tuple[str, ...]
    """Names, each with an optional rate: ("wmt_ende:2", "imagenet")."""
    model: ModelConfig = ModelConfig()
    data: DataConfig = DataConfig()
    mixture: MixtureConfig = MixtureConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    train: TrainConfig = TrainConfig()
    evaluate: EvalConfig = EvalConfig()

    def check(self) -> None:
        self.require(bool(self.problems), "problems", "at least one problem")
        names = list(self.rates)
        self.require(
            len(names) == len(self.problems), "problems", "a tuple that names each problem once"
        )
        for name in self.loss_weights:
            if name not in names:
                raise unknown("problem of this run", name, names)
        self.data.check_problems(names)
        if self.mixture.schedule:
            self._check_schedule(names)

    def _check_schedule(self, names: list[str]) -> None:
        given = len(parse_schedule(self.mixture.schedule).rates[0])
        if given != len(names):
            raise UserError(
                f"mixture.schedule has {given} rates at each step, but there are {len(names)} "
                f"problems: {', '.join(names)}."
            )

    @property
    def batches_per_step(self) -> int:
        """Micro-batches of an optimizer step."""
        problems = min(self.train.problems_per_step or len(self.problems), len(self.problems))
        return problems * self.train.accumulate

    @property
    def rates(self) -> dict[str, float]:
        """Problem name -> rate, in the order listed; 1 where none is given."""
        return dict(map(parse_rate, self.problems))

    @property
    def loss_weights(self) -> dict[str, float]:
        """Problem name -> factor of its loss, of the problems that `train.loss_weights` names."""
        example = "--hparams=train.loss_weights=octet_ende:2+octet_image:0.5"
        return dict(parse_rate(w, "loss weight", example) for w in self.train.loss_weights)


def parse_rate(
    entry: str, kind: str = "rate", example: str = "--problems=octet_ende:2,octet_image"
) -> tuple[str, float]:
    """("wmt_ende:2") -> ("wmt_ende", 2.0)."""
    name, _, rate = entry.partition(":")
    try:
        value = float(rate) if rate else 1.0
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise UserError(
            f"The {kind} of problem {name!r} must be a number above 0, but is {rate!r}.",
            fix=f"write e.g. {example}",
        )
    return name, value

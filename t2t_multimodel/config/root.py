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
    """Names, each with an optional rate: ("wmt_ende:2", "imagenet"). Those of rate 0 are in the
    model and scored, but not trained."""
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
        self.require(bool(self.trained), "problems", "a tuple with a rate above 0")
        for name in self.loss_weights:
            if name not in names:
                raise unknown("problem of this run", name, names)
        self.data.check_problems(names)
        if self.mixture.schedule:
            self._check_schedule(list(self.trained))
        _ = self.rate_factors  # raises for what is no factor

    def _check_schedule(self, names: list[str]) -> None:
        given = len(parse_schedule(self.mixture.schedule).rates[0])
        if given != len(names):
            raise UserError(
                f"mixture.schedule has {given} rates at each step, but there are {len(names)} "
                f"problems: {', '.join(names)}.",
                fix="Give a schedule for them, or another strategy: "
                "--hparams=mixture.strategy=rates,mixture.schedule=",
            )

    @property
    def batches_per_step(self) -> int:
        """Micro-batches of an optimizer step."""
        problems = min(self.train.problems_per_step or len(self.trained), len(self.trained))
        return problems * self.train.accumulate

    @property
    def rates(self) -> dict[str, float]:
        """Problem name -> rate, in the order listed; 1 where none is given."""
        return dict(map(parse_rate, self.problems))

    @property
    def trained(self) -> dict[str, float]:
        """As `rates`, of the problems that are trained: those of a rate above 0."""
        return {name: rate for name, rate in self.rates.items() if rate}

    @property
    def rate_factors(self) -> dict[str, float]:
        """Part of the model -> factor of its learning rate, of `optimizer.rate_factors`."""
        example = "--hparams=optimizer.rate_factors=body:0.1"
        return dict(
            parse_rate(entry, "rate factor", example, of="part")
            for entry in self.optimizer.rate_factors
        )

    @property
    def loss_weights(self) -> dict[str, float]:
        """Problem name -> factor of its loss, of the problems that `train.loss_weights` names."""
        example = "--hparams=train.loss_weights=octet_ende:2+octet_image:0.5"
        weights = self.train.loss_weights
        return dict(parse_rate(entry, "loss weight", example, zero=False) for entry in weights)


def parse_rate(
    entry: str,
    kind: str = "rate",
    example: str = "--problems=octet_ende:2,octet_image",
    *,
    of: str = "problem",
    zero: bool = True,
) -> tuple[str, float]:
    """("wmt_ende:2") -> ("wmt_ende", 2.0)."""
    name, _, rate = entry.partition(":")
    try:
        value = float(rate) if rate else 1.0
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf or (value == 0 and not zero):
        raise UserError(
            f"The {kind} of {of} {name!r} must be {'0 or ' * zero}a number above 0, "
            f"but is {rate!r}.",
            fix=f"write e.g. {example}",
        )
    return name, value

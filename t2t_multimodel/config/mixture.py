"""Which problems the micro-batches of a run hold: one strategy out of several kinds."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import ClassVar, Literal

from t2t_multimodel.config.base import Section

READ_AHEAD = 4
"""Steps whose batches are made before their turn comes."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RatesMixtureConfig(Section):
    """The share of each problem is its rate."""

    kind: ClassVar[str] = "rates"


@dataclasses.dataclass(frozen=True, kw_only=True)
class UniformMixtureConfig(Section):
    """The same share for all problems, as in Tensor2Tensor."""

    kind: ClassVar[str] = "uniform"


@dataclasses.dataclass(frozen=True, kw_only=True)
class TemperatureMixtureConfig(Section):
    """share ~ rate * examples ** (1 / temperature) (arXiv 1907.05019)."""

    kind: ClassVar[str] = "temperature"

    temperature: float = 10 / 3
    """1: by size; the default is mT5's (arXiv 2010.11934)."""

    def check(self) -> None:
        self.require(0 < self.temperature < math.inf, "temperature", "> 0")


@dataclasses.dataclass(frozen=True, kw_only=True)
class UnimaxMixtureConfig(Section):
    """Each share is the rate, as far as the data lasts (arXiv 2304.09151)."""

    kind: ClassVar[str] = "unimax"

    max_epochs: float = 4.0
    """The most passes over a problem's data in the whole run; what it leaves goes to the larger
    ones. Four cost little (arXiv 2305.16264)."""

    def check(self) -> None:
        self.require(0 < self.max_epochs < math.inf, "max_epochs", "> 0")


@dataclasses.dataclass(frozen=True, kw_only=True)
class AdaptiveMixtureConfig(Section):
    """share ~ rate * exp(average loss), after Tensor2Tensor."""

    kind: ClassVar[str] = "adaptive"

    steps: int = 100
    """Steps between changes of the shares."""

    def check(self) -> None:
        least = 2 * READ_AHEAD  # so that losses are known before batches are drawn by them
        self.require(self.steps >= least, "steps", f"{least} or more")


@dataclasses.dataclass(frozen=True, kw_only=True)
class DistributedMixtureConfig(Section):
    """One problem after the other, micro-batch by micro-batch, after Tensor2Tensor."""

    kind: ClassVar[str] = "distributed"


@dataclasses.dataclass(frozen=True, kw_only=True)
class SchedulePoint(Section):
    """The rates from one step on."""

    step: int
    """The step from which the rates hold, counted from 0."""
    rates: tuple[float, ...]
    """One for each trained problem, in the order listed."""

    def check(self) -> None:
        self.require(self.step >= 0, "step", "0 or more")
        self.require(
            all(0 <= rate < math.inf for rate in self.rates) and any(self.rates),
            "rates",
            "a tuple, each 0 or more, not all 0",
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScheduledMixtureConfig(Section):
    """Rates by step, after Tensor2Tensor's multi_problem_v2."""

    kind: ClassVar[str] = "schedule"

    form: Literal["step", "linear"] = "step"
    """step: rates jump at each point. linear: they go evenly from point to point."""
    points: tuple[SchedulePoint, ...] = ()
    """Points of the schedule, written STEP:RATE:RATE+STEP:RATE:RATE, with a rate for each trained
    problem."""

    def check(self) -> None:
        self.require(bool(self.points), "points", "one point or more")
        steps = [point.step for point in self.points]
        self.require(
            all(a < b for a, b in itertools.pairwise(steps)),
            "points",
            "in ascending order of steps",
        )
        self.require(
            len({len(point.rates) for point in self.points}) == 1,
            "points",
            "a tuple, each with as many rates as the others",
        )


MixtureConfig = (
    RatesMixtureConfig
    | UniformMixtureConfig
    | TemperatureMixtureConfig
    | UnimaxMixtureConfig
    | AdaptiveMixtureConfig
    | DistributedMixtureConfig
    | ScheduledMixtureConfig
)
"""The share of each problem in the micro-batches. `docs/mixtures.md` compares the strategies.

Rates are those of `Config.problems`; where a strategy has sizes of its own they multiply them.
"""

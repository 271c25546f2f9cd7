"""Which problems the micro-batches of a run hold."""

from __future__ import annotations

import dataclasses
import math
from typing import Literal, NamedTuple

from t2t_multimodel.config.base import Section
from t2t_multimodel.errors import UserError

READ_AHEAD = 4
"""Steps whose batches are made before their turn comes."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MixtureConfig(Section):
    """The share of each problem in the micro-batches. `docs/mixtures.md` compares the strategies.

    Rates are those of `Config.problems`; where a strategy has sizes of its own they multiply them.
    """

    strategy: Literal[
        "rates", "uniform", "temperature", "unimax", "adaptive", "distributed", "schedule"
    ] = "rates"
    """How shares come about. uniform, adaptive and distributed are Tensor2Tensor's."""
    temperature: float = 10 / 3
    """Of temperature: share ~ rate * examples ** (1 / temperature); 1: by size; the default is
    mT5's (arXiv 2010.11934)."""
    max_epochs: float = 4.0
    """Of unimax (arXiv 2304.09151): the most passes over a problem's data in the whole run; what
    it leaves goes to the larger ones. Four cost little (arXiv 2305.16264)."""
    adaptive_steps: int = 100
    """Of adaptive: steps between changes of the shares."""
    schedule: str = ""
    """Of schedule: "step @0 1 1 @1000 1 3" or "linear ...", from each step on a rate for each
    problem in the order listed; linear goes evenly from point to point."""

    def check(self) -> None:
        self.require(0 < self.temperature < math.inf, "temperature", "> 0")
        self.require(0 < self.max_epochs < math.inf, "max_epochs", "> 0")
        least = 2 * READ_AHEAD  # so that losses are known before batches are drawn by them
        self.require(self.adaptive_steps >= least, "adaptive_steps", f"{least} or more")
        if self.schedule:
            parse_schedule(self.schedule)
        scheduled = self.strategy == "schedule"
        self.require(
            bool(self.schedule) == scheduled,
            "schedule",
            "given with strategy=schedule, and only then",
        )


class Schedule(NamedTuple):
    """Rates by step, after Tensor2Tensor's multi_problem_v2."""

    linear: bool
    """Whether rates go evenly from point to point; else they jump at each."""
    steps: tuple[int, ...]
    """Of the points, ascending."""
    rates: tuple[tuple[float, ...], ...]
    """Of each point, a rate for each problem."""


def parse_schedule(text: str) -> Schedule:
    """The schedule that "linear @0 1 0 @100 0 1" describes.

    Raises:
        UserError: the text is no schedule.
    """
    form, *points = [part.strip() for part in text.split("@")]
    if form not in ("step", "linear") or not points:
        raise _no_schedule(text, "it begins with 'step @' or 'linear @'")
    rows = [point.split() for point in points]
    try:
        steps = tuple(int(row[0]) for row in rows)
        rates = tuple(tuple(map(float, row[1:])) for row in rows)
    except (ValueError, IndexError):
        raise _no_schedule(text, "after each @ come a step and rates, all numbers") from None
    if any(b <= a for a, b in zip((-1, *steps), steps, strict=False)):
        raise _no_schedule(text, "its steps ascend from 0 or more")
    if len(set(map(len, rates))) > 1 or not rates[0]:
        raise _no_schedule(text, "every point has a rate for each problem")
    if any(not 0 <= rate < math.inf for row in rates for rate in row):
        raise _no_schedule(text, "rates are 0 or more")
    if not all(map(any, rates)):
        raise _no_schedule(text, "each point has a rate above 0")
    return Schedule(form == "linear", steps, rates)


def _no_schedule(text: str, rule: str) -> UserError:
    return UserError(
        f"MixtureConfig.schedule {text!r} is no schedule: {rule}.",
        fix='write e.g. --hparams="mixture.strategy=schedule,mixture.schedule=step @0 1 0 @99 1 1"',
    )

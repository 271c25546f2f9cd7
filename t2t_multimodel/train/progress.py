"""The lines that a person reads while a run goes on."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any

from t2t_multimodel.features.signature import loss_name


class Progress:
    """Collects what steps report and says it every so many steps."""

    def __init__(self, first_step: int, steps: int) -> None:
        self.steps, self.step = steps, first_step
        self.losses: dict[str, float] = {}
        """Problem -> loss as last reported: nats a target, or in the unit of its values."""
        self.dev_scores: dict[str, str] = {}
        """Problem -> first score of the newest evaluation, in words."""
        self.examples_per_second = 0.0
        """`examples_per_second` is the figure that was last reported."""
        self._begin_step = first_step
        self._begin = time.monotonic()
        self._reset()

    def _reset(self) -> None:
        self._sums: dict[str, dict[str, Any]] = defaultdict(lambda: defaultdict(float))
        self._examples = 0
        self._batches: dict[str, int] = defaultdict(int)
        self._norms: list[float] = []
        self._waited = 0.0
        self._since = time.monotonic()

    def add(self, problem: str, values: dict[str, Any], examples: int) -> None:
        """Takes in one micro-batch; values are numbers or arrays, such as experts' shares."""
        for name, value in values.items():
            self._sums[problem][name] += value
        self._batches[problem] += 1
        self._examples += examples

    def wait(self, seconds: float) -> None:
        """Takes in how long a step waited for its batches."""
        self._waited += seconds

    def add_step(self, gradient_norm: float) -> None:
        """Takes in the end of a step."""
        self._norms.append(gradient_norm)
        self.step += 1

    @property
    def steps_done(self) -> int:
        """Steps since the start of this process."""
        return self.step - self._begin_step

    @property
    def seconds_left(self) -> float:
        """Estimates the seconds to the last step, at the pace so far."""
        seconds = time.monotonic() - self._begin
        return seconds / max(1, self.steps_done) * (self.steps - self.step)

    def skip(self, seconds: float) -> None:
        """Leaves time that was not spent on steps out of the rates."""
        self._since += seconds
        self._begin += seconds

    def report(self, learning_rate: float) -> tuple[str, dict[str, Any]]:
        """The line and the means since the last report, at the learning rate of the last step."""
        means = {
            f"{problem}/train/{name}": total / self._batches[problem]
            for problem, sums in sorted(self._sums.items())
            for name, total in sums.items()
        }
        seconds = time.monotonic() - self._since
        rate = self._examples / seconds
        losses = {
            name: means[f"{name}/train/{loss_name(sums)}"]
            for name, sums in sorted(self._sums.items())
        }
        self.examples_per_second, self.losses = rate, {**self.losses, **losses}
        line = (
            f"step {self.step:,}/{self.steps:,}  "
            + "  ".join(f"{name} {xent:.3f}" for name, xent in losses.items())
            + f"  | {rate:,.0f} examples/s, {duration(self.seconds_left)} left"
        )
        scalars = {
            **means,
            "train/examples_per_second": rate,
            "train/learning_rate": learning_rate,
            "train/gradient_norm": sum(self._norms) / len(self._norms),
            "train/waiting": self._waited / seconds,
        }
        self._reset()
        return line, scalars


def duration(seconds: float) -> str:
    """75 -> '1m15s'."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02d}m"
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"

"""The lines that a person reads while a run goes on."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any


class Progress:
    """Collects what steps report and says it every so many steps."""

    def __init__(self, first_step: int, steps: int) -> None:
        self._steps = steps
        self._begin_step = first_step
        self._begin = time.monotonic()
        self._reset()

    def _reset(self) -> None:
        self._sums: dict[str, dict[str, Any]] = defaultdict(lambda: defaultdict(float))
        self._examples = 0
        self._batches: dict[str, int] = defaultdict(int)
        self._norms: list[float] = []
        self._since = time.monotonic()

    def add(self, problem: str, values: dict[str, Any], examples: int) -> None:
        """Takes in one micro-batch; values are numbers or arrays, such as experts' shares."""
        for name, value in values.items():
            self._sums[problem][name] += value
        self._batches[problem] += 1
        self._examples += examples

    def add_step(self, gradient_norm: float) -> None:
        """Takes in the end of a step."""
        self._norms.append(gradient_norm)

    def skip(self, seconds: float) -> None:
        """Leaves time that was not spent on steps out of the rates."""
        self._since += seconds
        self._begin += seconds

    def report(self, step: int, learning_rate: float) -> tuple[str, dict[str, Any]]:
        """The line and the means since the last report.

        Args:
            step: steps done.
            learning_rate: of the last one.
        """
        now = time.monotonic()
        means = {
            f"{problem}/train/{name}": total / self._batches[problem]
            for problem, sums in sorted(self._sums.items())
            for name, total in sums.items()
        }
        rate = self._examples / (now - self._since)
        left = (now - self._begin) / max(1, step - self._begin_step) * (self._steps - step)
        losses = "  ".join(
            f"{problem} {means[f'{problem}/train/xent']:.3f}" for problem in sorted(self._sums)
        )
        line = (
            f"step {step:,}/{self._steps:,}  {losses}  "
            f"| {rate:,.0f} examples/s, {duration(left)} left"
        )
        scalars = {
            **means,
            "train/examples_per_second": rate,
            "train/learning_rate": learning_rate,
            "train/gradient_norm": sum(self._norms) / len(self._norms),
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

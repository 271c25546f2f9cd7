"""The learning-rate schedules of Tensor2Tensor, for its variants of the model.

Sources: utils/trainer_utils.py of 2017-06 (the paper's time) and utils/learning_rate.py of 1.9.0.
Bases of powers are float32 there, which moves a decay over 250,000 steps by 0.75 %; so they
are here.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Literal

import numpy as np

Scheme = Literal["noam", "none", "sqrt", "exp", "exp10k", "exp50k", "exp500k", "cosine"]

_LAST_STEPS: dict[str, tuple[int, float]] = {
    "exp10k": (10_000, 0.9995),
    "exp50k": (50_000, 0.99995),
    "exp500k": (500_000, 0.9999955),
}
"""Steps at the end of a run over which the rate decays, and the decay of each."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class T2TSchedule:
    """A decay scheme with what it depends on; names as in Tensor2Tensor's hparams."""

    scheme: Scheme
    hidden_size: int = 512
    """Channels of the body; noam falls with its root."""
    warmup_steps: int = 4000
    train_steps: int = 250_000
    """Length of the run; the exp10k family decays over its last steps."""
    worker_replicas: int = 1
    """Workers of an asynchronous run: the warm-up is longer by this factor, the rate smaller by
    its root."""
    decay_rate: float = 1.0
    decay_steps: int = 5000
    staircase: bool = False
    cycle_steps: int = 250_000
    """Half a wave of the cosine."""

    def factor(self, step: int) -> float:
        """Computes the factor of the learning rate at a step, from 0."""
        warmup = self.warmup_steps * self.worker_replicas
        if self.scheme == "noam":
            rise, fall = (step + 1) * warmup**-1.5, (step + 1) ** -0.5
            return 5000 * self.hidden_size**-0.5 * min(rise, fall)
        if step < warmup:
            return _float32(math.exp(math.log(0.01) / warmup)) ** (warmup - step)
        return self._decay(step, warmup)

    def _decay(self, step: int, warmup: int) -> float:
        if self.scheme in _LAST_STEPS:
            last, rate = _LAST_STEPS[self.scheme]
            return _float32(rate) ** max(0, step - self.train_steps + last)
        if self.scheme == "sqrt":
            return 500 * max(1, step - warmup) ** -0.5
        if self.scheme == "exp":
            decays = (step - warmup) / self.decay_steps
            return self.decay_rate ** (math.floor(decays) if self.staircase else decays)
        if self.scheme == "cosine":
            return 0.5 * (1 + math.cos(math.pi * step / self.cycle_steps))
        return 1.0

    def adam_rate(self, learning_rate: float, step: int) -> float:
        """The rate that Tensor2Tensor hands to Adam: a 500th of the declared one, scheduled."""
        return learning_rate * self.factor(step) / math.sqrt(self.worker_replicas) / 500


def _float32(value: float) -> float:
    return float(np.float32(value))

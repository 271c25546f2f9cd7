"""Randomness as a pure function of (seed, step): nothing to checkpoint, exact after a resume."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class StepSeed(keras.random.SeedGenerator):
    """Seeds for one step. Draw n of a step is the pair [step seed, n].

    The counter runs while the step is traced, so each random operation has its own number and
    keeps it in every step. It holds no variable, unlike the class it stands in for.

    Args:
        seed: scalar int or int tensor, different in each step.
        draws: number of the last draw; an int tensor where a step is one turn of a loop.
    """

    def __init__(self, seed: Any, draws: Any = 0) -> None:
        self.seed = ops.cast(seed, "uint32")
        self.draws = draws

    def next(self, ordered: bool = True) -> Any:
        """The next seed: uint32 [2]."""
        self.draws += 1
        return ops.stack([self.seed, ops.cast(self.draws, "uint32")])

    def normal(self, shape: Any) -> Any:
        """Standard normal draws, float32."""
        return keras.random.normal(shape, seed=self)

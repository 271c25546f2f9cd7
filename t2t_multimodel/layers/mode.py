"""Says how a pass through the model runs."""

from __future__ import annotations

import dataclasses

import keras

from t2t_multimodel.layers.decode_state import DecodeState
from t2t_multimodel.layers.random import StepSeed
from t2t_multimodel.types import Size, Tensor


@dataclasses.dataclass(frozen=True)
class Mode:
    """Tells every layer that acts differently in training what it must know.

    Not a tuple: Keras looks into tuples, and takes either tensors or other values in them.
    """

    training: bool = False
    seed: StepSeed | None = None
    """Dropout and gating noise come from `seed`; training needs it."""
    task_D: Tensor | None = None
    """Embedding of the problem's command for the routers, if they are told of it."""
    state: DecodeState | None = None
    """Given in a step, which computes one position. None in a whole pass."""

    @property
    def start(self) -> Size:
        """The position of the first element along T."""
        return 0 if self.state is None else self.state.t


EVAL = Mode()


def dropout(x: Tensor, rate: float, mode: Mode) -> Tensor:
    """Zeroes entries with probability `rate` and scales the others up, in training only.

    Raises:
        ValueError: a rate above 0 in training without a seed.
    """
    if not mode.training or rate == 0.0:
        return x
    return keras.random.dropout(x, rate, seed=_needed(mode.seed))


def kept_words(shape: tuple[Size, ...], rate: float, mode: Mode) -> Tensor | float:
    """0 with probability `rate`, in training only, and 1: word dropout (arXiv 1511.06349).

    Raises:
        ValueError: as `dropout`.
    """
    if not mode.training or rate == 0.0:
        return 1.0
    drawn = keras.random.uniform(shape, seed=_needed(mode.seed))
    return keras.ops.cast(drawn >= rate, "float32")


def _needed(seed: StepSeed | None) -> StepSeed:
    if seed is None:
        raise ValueError("Training with dropout needs a StepSeed.")
    return seed

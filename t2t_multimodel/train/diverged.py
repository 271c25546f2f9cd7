"""Divergence: a run that computes no usable numbers stops, and keeps the batches that did it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from t2t_multimodel.data.collate import Batch
from t2t_multimodel.data.files import written_by_rename
from t2t_multimodel.data.step_batches import StepBatches
from t2t_multimodel.errors import UserError

FIX = (
    "Lower optimizer.learning_rate or raise optimizer.schedule.warmup_steps; the same command "
    "goes on from the last checkpoint."
)


class Guard:
    """Checks losses and gradient norms; of a step that fails it writes the batches into the run.

    Args:
        folder: of the run.
        max_xent: nats a target above which a loss counts as diverged.
    """

    def __init__(self, folder: Path, max_xent: float) -> None:
        self._folder, self._max_xent = folder, max_xent

    def check_loss(self, item: StepBatches, number: int, name: str, loss: float) -> None:
        """Raises `UserError` if the loss of micro-batch `number` is no usable number.

        Args:
            name: of the loss; a bound is known for "xent" alone, other losses have units of
                their own.
        """
        too_high = name == "xent" and loss > self._max_xent
        if not math.isfinite(loss) or too_high:
            problem = item.problems[number]
            above = f", above train.max_xent={self._max_xent:g}," if math.isfinite(loss) else ""
            message = f"The loss of {problem} is {loss:g}{above} at step {item.step}."
            self._stop(message, item, [number])

    def check_norm(self, item: StepBatches, norm: float) -> None:
        """Raises `UserError` if the gradient's norm is not finite."""
        if not math.isfinite(norm):
            message = f"The gradient's norm is {norm:g} at step {item.step}."
            self._stop(message, item, list(range(len(item.problems))))

    def _stop(self, message: str, item: StepBatches, numbers: list[int]) -> None:
        file = self._folder / f"diverged-step-{item.step:08d}.npz"
        arrays = {
            f"{number}/{item.problems[number]}/{name}": value
            for number in numbers
            for name, value in item.batches[number].items()
        }
        with written_by_rename(file) as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type]
        raise UserError(message, fix=f"Its batch is kept: mm-report {file} shows it.\n{FIX}")


def saved_batches(file: Path) -> Iterator[tuple[str, Batch]]:
    """(problem, batch) of each micro-batch in a file that `Guard` wrote.

    Raises:
        UserError: it is no such file.
    """
    batches: dict[tuple[str, str], Batch] = {}
    try:
        with np.load(file) as arrays:
            for key in arrays.files:
                number, problem, name = key.split("/")
                batches.setdefault((number, problem), {})[name] = arrays[key]
    except (OSError, ValueError) as error:
        raise UserError(f"{file} holds no batches of a run: {error}.") from None
    yield from ((problem, batch) for (_, problem), batch in batches.items())

"""Inputs of like length, which pass the model together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from t2t_multimodel.config.data import DataConfig
from t2t_multimodel.data.batching import batch_share, eval_batches
from t2t_multimodel.data.collate import Batch, collate
from t2t_multimodel.decode.filling import next_size
from t2t_multimodel.features import Feature
from t2t_multimodel.problem import Problem

BUDGET = 8
"""Times the training batch that passes at once: no gradients are kept."""


class Grouping:
    """Puts inputs of one problem into batches.

    Args:
        problem: of the inputs.
        data: the budgets of a training batch.
        batch_size: most inputs of a batch.
        rows_each: outputs that are followed for each input.
    """

    def __init__(
        self, problem: Problem, data: DataConfig, batch_size: int, rows_each: int = 1
    ) -> None:
        self._feature: Feature = problem.inputs
        self._rows_each = rows_each
        self._data = data.replace(
            tokens_per_batch=BUDGET * data.tokens_per_batch,
            frames_per_batch=BUDGET * data.frames_per_batch,
            pixels_per_batch=BUDGET * data.pixels_per_batch,
            examples_per_batch=batch_size,
        )

    def batches(self, arrays: Sequence[Any]) -> Iterator[np.ndarray]:
        """Numbers of inputs of like length; an input that is None is in no batch."""
        there = np.asarray([i for i, array in enumerate(arrays) if array is not None], int)
        if not len(there):
            return
        lengths = np.ones(len(arrays), int)
        lengths[there] = [self._length(arrays[i]) for i in there]
        feature = self._feature
        units = {"examples": np.ones_like(lengths)}
        if feature.unit:
            units = {feature.unit: lengths // feature.per_unit}
        shares = batch_share(units, self._data)
        yield from eval_batches(np.minimum(shares * self._rows_each, 1.0), there)

    def collated(self, arrays: Sequence[Any]) -> Batch:
        """The batch of some inputs: `inputs` and `inputs_length`."""
        pad_to = {"inputs": max(map(self._length, arrays))} if self._feature.varies else None
        return collate([{"inputs": array} for array in arrays], {"inputs": self._feature}, pad_to)

    def _length(self, array: Any) -> int:
        """Length up to which an input is padded: few lengths occur, so that few are compiled."""
        length = self._feature.length(array)
        return next_size(length) if self._feature.varies else length

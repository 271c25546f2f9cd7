"""Examples to the padded arrays of one micro-batch. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from t2t_multimodel.features import Feature

Batch = dict[str, np.ndarray]
"""inputs, inputs_length, targets, targets_length: see `collate`."""


def collate(
    examples: Sequence[dict[str, np.ndarray]],
    features: dict[str, Feature],
    pad_to: dict[str, int] | None = None,
) -> Batch:
    """Pads and stacks.

    Args:
        examples: as `DataSet` yields them.
        features: the problem's.
        pad_to: feature -> length of the padded axis; the longest of the batch if left out.

    Returns:
        For each feature `name` the array [rows, ...], zero where padded, and `name_length`
        int32 [rows].
    """
    batch: Batch = {}
    for name, feature in features.items():
        arrays = [feature.model_input(example[name]) for example in examples]
        batch[name] = _stack(arrays, (pad_to or {}).get(name))
        lengths = [feature.length(array) for array in arrays]
        batch[f"{name}_length"] = np.asarray(lengths, np.int32)
    return batch


def fill_up(batch: Batch, rows: int) -> Batch:
    """Repeats the first row up to `rows`; repeated rows have no lengths and count nowhere.

    So their source is padding, which no expert gets and no output is written for.
    """
    missing = rows - len(batch["targets_length"])

    def fill(name: str, array: np.ndarray) -> np.ndarray:
        row = np.zeros_like(array[:1]) if name.endswith("_length") else array[:1]
        return np.concatenate([array, np.repeat(row, missing, axis=0)])

    return {name: fill(name, array) for name, array in batch.items()}


def placed(batch: Batch, rows: range, total: int) -> Batch:
    """Puts rows at their place among `total` ones; the others are zero and have length 0."""
    whole = {name: np.zeros((total, *one.shape[1:]), one.dtype) for name, one in batch.items()}
    for name, array in batch.items():
        whole[name][rows.start : rows.stop] = array
    return whole


def _stack(arrays: list[np.ndarray], pad_to: int | None) -> np.ndarray:
    if len({array.shape for array in arrays}) == 1 and pad_to is None:
        return np.stack(arrays)
    length = pad_to or max(map(len, arrays))
    stacked = np.zeros((len(arrays), length, *arrays[0].shape[1:]), arrays[0].dtype)
    for row, array in zip(stacked, arrays, strict=True):
        row[: len(array)] = array
    return stacked

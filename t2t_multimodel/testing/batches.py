"""Random batches for the signature of a problem."""

from __future__ import annotations

from typing import Any

import numpy as np

from t2t_multimodel.features import ProblemSignature, Signature

_TOKENS = (7, 5, 2, 6, 4)
"""Lengths of the rows of token sequences; the first is the longest."""
_FRAMES = (23, 17, 11, 20, 8)
"""Lengths of the rows of other sequences."""


def random_batch(problem: ProblemSignature, rows: int = 3, seed: int = 0) -> dict[str, np.ndarray]:
    """A batch as the model takes it: random values of unequal lengths, 0 behind each.

    Args:
        problem: of which.
        rows: examples, at most 5.
        seed: another one gives other values.

    Returns:
        inputs, inputs_length, targets and targets_length.
    """
    draws, batch = np.random.default_rng(seed), {}
    for name, feature in (("inputs", problem.inputs), ("targets", problem.targets)):
        batch[name], batch[f"{name}_length"] = random_values(feature, rows, draws)
    return batch


def random_values(
    signature: Signature, rows: int, draws: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Values of one feature and their lengths, int32 [rows]."""
    values: Any
    shape: tuple[Any, ...] = signature.shape
    lengths = np.full(rows, signature.max_length, np.int32)
    if signature.output == "tokens":
        lengths = np.array(_TOKENS[:rows], np.int32)
        values = draws.integers(2, signature.size, (rows, _TOKENS[0]), dtype=np.int32)
        values[np.arange(_TOKENS[0]) >= lengths[:, None]] = 0
    elif signature.output == "classes":
        values = draws.integers(0, signature.size, rows, dtype=np.int32)
    elif signature.is_sequence:
        lengths = np.array(_FRAMES[:rows], np.int32)
        values = draws.normal(size=(rows, _FRAMES[0], *shape[1:]))
        values = values.astype(signature.dtype)
        values[np.arange(_FRAMES[0]) >= lengths[:, None]] = 0
    elif np.dtype(signature.dtype).kind in "iu":
        shape = (rows, *(size or 1 for size in signature.shape))
        values = draws.integers(0, 256, shape).astype(np.uint8)
    else:
        shape = (rows, *(size or 1 for size in signature.shape))
        values = draws.normal(size=shape).astype(signature.dtype)
    return values, lengths

"""Compiled functions take any length, and are traced once."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from t2t_multimodel.backend import batch_spec, compile_for
from t2t_multimodel.features import ProblemSignature, Signature

PROBLEM = ProblemSignature(
    "captions",
    "captions",
    Signature("image", "image", 0, (4, 4, 1), 16, "uint8"),
    Signature("text", "text/octet", 300, (None,), 8),
)

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="JAX traces each shape"
)


def batch(rows: int, length: int) -> dict[str, np.ndarray]:
    return {
        "inputs": np.ones((rows, 4, 4, 1), np.uint8),
        "inputs_length": np.full(rows, 16, np.int32),
        "targets": np.ones((rows, length), np.int32),
        "targets_length": np.full(rows, length, np.int32),
    }


def test_rows_and_lengths_are_open_and_the_rest_is_fixed() -> None:
    shapes = {name: spec.shape.as_list() for name, spec in batch_spec(PROBLEM).items()}
    assert shapes == {
        "inputs": [None, 4, 4, 1],
        "inputs_length": [None],
        "targets": [None, None],
        "targets_length": [None],
    }
    assert batch_spec(PROBLEM)["inputs"].dtype.name == "uint8"


def test_a_function_is_traced_once_whatever_the_lengths() -> None:
    traced = []

    def function(batch: dict[str, Any]) -> Any:
        traced.append(batch)
        return keras.ops.sum(batch["targets"])

    compiled = compile_for(keras.Model(), PROBLEM, function)
    sums = [int(compiled(batch(rows, length))) for rows, length in ((1, 2), (3, 5), (2, 7))]
    assert sums == [2, 15, 14]
    assert len(traced) == 1

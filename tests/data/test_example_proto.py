"""The tf.train.Example message without TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest

from t2t_multimodel.data.example_proto import from_bytes, to_bytes

EXAMPLE = {
    "inputs": np.arange(12, dtype=np.uint8).reshape(2, 2, 3),
    "targets": np.array([5, 300, 70000, 1], np.int32),
}
DTYPES = {name: array.dtype for name, array in EXAMPLE.items()}


def test_arrays_come_back_flat() -> None:
    back = from_bytes(to_bytes(EXAMPLE), DTYPES)
    assert list(back) == ["inputs", "targets"]
    for name, array in back.items():
        assert array.dtype == DTYPES[name]
        assert np.array_equal(array, EXAMPLE[name].reshape(-1))


@pytest.mark.parametrize("dtype", ["float16", "float32", "int16", "uint8", "int32"])
def test_every_stored_type_comes_back(dtype: str) -> None:
    array = np.array([0, 1, 100], dtype)
    assert from_bytes(to_bytes({"inputs": array}), {"inputs": array.dtype})["inputs"].tolist() == [
        0,
        1,
        100,
    ]


def test_the_bytes_do_not_depend_on_the_order_of_the_features() -> None:
    assert to_bytes(EXAMPLE) == to_bytes(dict(reversed(EXAMPLE.items())))


def test_tensorflow_writes_and_reads_the_same_message() -> None:
    import tensorflow as tf

    theirs = tf.train.Example()
    theirs.features.feature["inputs"].bytes_list.value.append(EXAMPLE["inputs"].tobytes())
    theirs.features.feature["targets"].int64_list.value.extend([5, 300, 70000, 1])
    assert to_bytes(EXAMPLE) == theirs.SerializeToString(deterministic=True)
    assert tf.train.Example.FromString(to_bytes(EXAMPLE)) == theirs

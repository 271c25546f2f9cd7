"""A packed model holds the same arrays, rounded to bfloat16, in little room."""

from __future__ import annotations

import io

import h5py
import numpy as np

from tools.ship_model import rounded


def _file(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        layer = file.create_group("layers/dense")
        layer.attrs["name"] = "dense"
        for name, values in arrays.items():
            layer.create_dataset(name, data=values)
    return stream.getvalue()


def test_weights_are_rounded_to_eight_bits_of_mantissa():
    content = rounded(_file(kernel=np.float32([1, 1 + 2**-7, 1 + 2**-9, -3.14159])))
    with h5py.File(io.BytesIO(content)) as file:
        np.testing.assert_array_equal(
            file["layers/dense/kernel"][...], np.float32([1, 1.0078125, 1, -3.140625])
        )


def test_whole_numbers_and_names_stay():
    content = rounded(_file(count=np.int64([2**40 + 1]), scalar=np.float32(0.5)))
    with h5py.File(io.BytesIO(content)) as file:
        assert file["layers/dense"].attrs["name"] == "dense"
        assert file["layers/dense/count"][0] == 2**40 + 1
        assert file["layers/dense/scalar"][()] == 0.5


def test_the_file_needs_less_than_half_the_room():
    values = np.random.default_rng(0).normal(size=(256, 256)).astype(np.float32)
    whole = _file(kernel=values)
    assert len(rounded(whole)) < len(whole) / 2

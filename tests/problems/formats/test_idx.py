"""The IDX format."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from t2t_multimodel.problems.formats.idx import read_idx


def write_idx(values):
    header = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
    return header + values.astype(np.uint8).tobytes()


def test_labels_and_images_keep_their_shape():
    labels = np.array([3, 1, 255], np.uint8)
    images = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)
    for values in (labels, images):
        read = read_idx(write_idx(values))
        assert read.dtype == np.uint8
        np.testing.assert_array_equal(read, values)


def test_the_magic_numbers_are_those_of_mnist():
    assert write_idx(np.zeros(1))[:4] == struct.pack(">I", 2049)
    assert write_idx(np.zeros((1, 1, 1)))[:4] == struct.pack(">I", 2051)


def test_another_file_is_refused():
    with pytest.raises(ValueError, match="not an IDX file of unsigned bytes: it starts with 504b"):
        read_idx(b"PK\x03\x04\0\0\0\0")


def test_a_cut_file_is_refused():
    data = write_idx(np.zeros((2, 2, 2)))[:-1]
    with pytest.raises(ValueError, match=r"declares shape \(2, 2, 2\), the file holds 7 bytes"):
        read_idx(data)

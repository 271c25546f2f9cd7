"""TFRecord files of others are read, and their faults told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from t2t_multimodel import BadValue, read_tfrecords


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Three examples that TensorFlow wrote."""
    import tensorflow as tf

    path = tmp_path / "x-00000-of-00001"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for n in range(3):
            features = {
                "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"\xff" * n])),
                "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[n, -n])),
                "box": tf.train.Feature(float_list=tf.train.FloatList(value=[n / 2])),
                "nothing": tf.train.Feature(),
            }
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString())
    return path


def read(path: Path) -> list[Any]:
    return [str(r) if isinstance(r, BadValue) else r["label"] for r in read_tfrecords(path)]


def test_lists_of_every_kind_come_back(path: Path) -> None:
    assert list(read_tfrecords(path)) == [
        {"image": [b"\xff" * n], "label": [n, -n], "box": [n / 2], "nothing": []} for n in range(3)
    ]


def test_a_damaged_record_is_told_and_the_rest_is_read(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)
    assert read(path) == ["TFRecord: wrong checksum", [1, -1], [2, -2]]


def test_a_damaged_length_ends_the_file(path: Path) -> None:
    data = bytearray(path.read_bytes())
    second = 16 + int.from_bytes(data[:8], "little")
    data[second] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError) as caught:
        read(path)
    assert str(caught.value) == "x-00000-of-00001, record 1: its length has a wrong checksum"


@pytest.mark.parametrize("cut", [1, 30])
def test_a_file_that_ends_early_is_an_error(path: Path, cut: int) -> None:
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ValueError) as caught:
        read(path)
    assert str(caught.value) == "x-00000-of-00001, record 2: cut off"

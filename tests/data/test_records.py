"""TFRecord files: whole or not there, readable by TensorFlow, read at random."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from t2t_multimodel.data.example_proto import to_bytes
from t2t_multimodel.data.records import RecordFile, write_records, written_by_rename

RECORDS = [b"first", b"", b"third record", bytes(range(256)) * 300]


def test_records_are_read_at_random(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    offsets, sha256 = write_records(path, RECORDS)
    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (offsets[0], offsets[-1]) == (0, path.stat().st_size)
    file = RecordFile(path, offsets)
    assert len(file) == 4
    assert [file[i] for i in (3, 0, 2, 1)] == [RECORDS[i] for i in (3, 0, 2, 1)]


def test_a_file_without_records_is_read_too(tmp_path: Path) -> None:
    offsets, _ = write_records(tmp_path / "a", [])
    assert (offsets.tolist(), len(RecordFile(tmp_path / "a", offsets))) == ([0], 0)


def test_tensorflow_reads_the_files_and_finds_their_checksums_right(tmp_path: Path) -> None:
    import tensorflow as tf

    path = tmp_path / "a.tfrecord"
    write_records(path, RECORDS)
    assert list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator()) == RECORDS
    damaged = bytearray(path.read_bytes())
    damaged[14] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(tf.errors.DataLossError):
        list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())


def test_the_files_equal_those_that_tensorflow_writes(tmp_path: Path) -> None:
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(tmp_path / "theirs")) as writer:
        for record in RECORDS:
            writer.write(record)
    write_records(tmp_path / "ours", RECORDS)
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


def test_tensorflow_parses_the_examples(tmp_path: Path) -> None:
    import tensorflow as tf

    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    record = to_bytes({"inputs": pixels, "targets": np.array([7, 9, 1], np.int32)})
    write_records(tmp_path / "a", [record])
    (read,) = tf.data.TFRecordDataset(str(tmp_path / "a")).as_numpy_iterator()
    parsed = tf.io.parse_single_example(
        read,
        {"inputs": tf.io.FixedLenFeature((), tf.string), "targets": tf.io.VarLenFeature(tf.int64)},
    )
    assert parsed["targets"].values.numpy().tolist() == [7, 9, 1]
    assert tf.io.decode_raw(parsed["inputs"], tf.uint8).numpy().tolist() == list(range(12))


def test_an_exception_leaves_nothing_behind(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"first"
        raise RuntimeError("the source is gone")

    with pytest.raises(RuntimeError, match="^the source is gone$"):
        write_records(tmp_path / "a", broken())
    assert list(tmp_path.iterdir()) == []


def test_an_older_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.txt"
    with written_by_rename(path) as file:
        file.write(b"old")
    with pytest.raises(ValueError), written_by_rename(path) as file:
        file.write(b"half")
        raise ValueError
    assert path.read_bytes() == b"old"
    with written_by_rename(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    offsets, _ = write_records(path, [b"first", b"second"])
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ValueError) as caught:
        RecordFile(path, offsets)
    assert str(caught.value) == f"{path} has 40 bytes, but its index says 43"

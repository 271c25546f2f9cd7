"""TFRecord files: whole or not there, readable by TensorFlow, read at random."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from t2t_multimodel.data.example_proto import to_bytes
from t2t_multimodel.data.records import MOST_OPEN, RecordFile, walk, write_records
from t2t_multimodel.errors import UserError

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


def test_many_files_take_few_descriptors(tmp_path: Path) -> None:
    files = []
    for n in range(MOST_OPEN + 40):
        path = tmp_path / f"{n}.tfrecord"
        frame, _ = write_records(tmp_path / "a", [str(n).encode()])
        (tmp_path / "a").rename(path)
        files.append(RecordFile(path, frame))
    before = len(os.listdir("/dev/fd"))
    for _ in range(2):
        assert [file[0] for file in files] == [str(n).encode() for n in range(len(files))]
    assert len(os.listdir("/dev/fd")) <= before + MOST_OPEN


def test_a_file_that_took_the_place_of_another_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "a"
    offsets, _ = write_records(path, [b"one"])
    assert RecordFile(path, offsets)[0] == b"one"
    write_records(path, [b"two"])
    assert RecordFile(path, offsets)[0] == b"two"


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


MEND = "\nmm-datagen --problem=... --verify finds what is damaged and makes it again."


def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    offsets, _ = write_records(path, [b"first", b"second"])
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(UserError) as caught:
        RecordFile(path, offsets)
    assert str(caught.value) == f"{path} has 40 bytes, but its index says 43.{MEND}"


def test_a_flipped_bit_is_found_when_its_record_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    offsets, _ = write_records(path, RECORDS)
    flip(path, int(offsets[2]) + 12)
    file = RecordFile(path, offsets)
    assert [file[i] for i in (0, 1, 3)] == [RECORDS[i] for i in (0, 1, 3)]
    with pytest.raises(UserError) as caught:
        file[2]
    assert str(caught.value) == f"{path}: record 2 is damaged: wrong checksum.{MEND}"


def flip(path: Path, at: int) -> None:
    contents = bytearray(path.read_bytes())
    contents[at] ^= 1
    path.write_bytes(contents)


def test_records_are_found_without_an_index(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    offsets, _ = write_records(path, RECORDS)
    begins = offsets[:-1].tolist()
    assert list(walk(path)) == [(a, b, "") for a, b in zip(begins, RECORDS, strict=True)]


def test_a_walk_names_what_is_damaged_and_goes_on_where_it_can(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    offsets, _ = write_records(path, RECORDS)
    first, second, third, fourth, _ = offsets.tolist()
    whole = path.read_bytes()
    flip(path, second + 13)
    assert list(walk(path))[1:3] == [(second, None, "wrong checksum"), (third, RECORDS[2], "")]
    path.write_bytes(whole)
    flip(path, second)
    lost = (second, None, "its length has a wrong checksum")
    assert list(walk(path)) == [(first, RECORDS[0], ""), lost]
    for size in (fourth + 3, fourth + 20, len(whole) - 1):
        path.write_bytes(whole[:size])
        assert list(walk(path))[3:] == [(fourth, None, "cut off")]

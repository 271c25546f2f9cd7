"""TFRecord files of `tf.train.Example` that others wrote, read without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from t2t_multimodel.data.example_proto import Example
from t2t_multimodel.data.records import WRONG_CHECKSUM, walk
from t2t_multimodel.features import BadValue


def read_tfrecords(path: Path) -> Iterator[dict[str, list[Any]] | BadValue]:
    """The examples of a TFRecord file in their order.

    Yields:
        key -> its list of bytes, int or float; or, for a record that is damaged, a `BadValue`
        that says how.

    Raises:
        ValueError: a length is damaged or the file ends early, so no more records can be found.
    """
    for number, (_, record, fault) in enumerate(walk(path)):
        if record is not None:
            yield _parsed(record)
        elif fault == WRONG_CHECKSUM:
            yield BadValue(f"TFRecord: {fault}")
        else:
            raise ValueError(f"{path.name}, record {number}: {fault}")


def _parsed(record: bytes) -> dict[str, list[Any]] | BadValue:
    try:
        features = Example.FromString(record).features.feature
    except DecodeError:
        return BadValue("TFRecord: no tf.train.Example")
    return {
        name: list(getattr(feature, kind).value) if (kind := feature.WhichOneof("kind")) else []
        for name, feature in features.items()
    }

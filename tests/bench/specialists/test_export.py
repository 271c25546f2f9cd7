"""What a specialist reads is what the records hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from helpers import tiny_records

from bench.specialists.export import export
from bench.specialists.records import Records, load


def exported(name: str, folder: Path) -> Records:
    tiny_records.add(folder / "user")
    prepared = tiny_records.prepared(name, folder / "data")
    export(prepared, "test", np.asarray([1, 0]), folder / "records.npz")
    return load(folder / "records.npz")


def test_texts_with_their_ends_and_the_shared_vocabulary(tmp_path: Path) -> None:
    records = exported("tiny_words", tmp_path)
    assert records.test.texts == ["drei", "zwei", "zwei", "eins", "eins"]
    assert records.train.texts == ["eins", "zwei", "drei", "zwei"]
    assert [ids[-1] for ids in records.train.targets] == [1, 1, 1, 1]
    assert records.test.targets[1].tolist() == records.test.targets[2].tolist()
    assert len({*map(bytes, records.train.inputs)}) == 4
    assert (records.shared, records.longest) == (True, 256)
    assert records.input_size == records.target_size > 10
    assert records.decoded.tolist() == [1, 0]


def test_images_and_classes(tmp_path: Path) -> None:
    records = exported("tiny_shades", tmp_path)
    assert np.stack(records.test.inputs).shape == (4, 4, 4, 1)
    assert [int(image[0, 0, 0]) for image in records.test.inputs] == [0, 0, 80, 160]
    assert [int(label) for label in records.test.targets] == [0, 0, 1, 2]
    assert (records.input_size, records.target_size, records.test.texts) == (0, 6, [])


def test_sounds_keep_their_lengths(tmp_path: Path) -> None:
    records = exported("tiny_tones", tmp_path)
    shapes = sorted(one.shape for one in records.train.inputs)
    assert shapes == [(28, 80)] * 3 + [(48, 80)] * 3
    assert [one.shape for one in records.test.inputs] == [(38, 80)] * 3
    assert records.test.texts == ["low", "middle", "high"]

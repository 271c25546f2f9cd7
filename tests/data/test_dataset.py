"""Encoded examples, read at random over several files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel import Audio, ClassLabel, Image, Problem, Text, register_problem
from t2t_multimodel.data.datagen import DatagenOptions, generate
from t2t_multimodel.data.dataset import DataSet


def dataset(problem: type[Problem], data_dir: Path) -> DataSet:
    prepared = generate(
        [problem.name], data_dir, options=DatagenOptions(vocab_size=300, report=lambda _: None)
    )
    return prepared[problem.name].dataset("train")


def test_examples_of_all_shards_are_read_in_their_types_and_shapes(tmp_path: Path) -> None:
    @register_problem("made_squares")
    class Squares(Problem):
        inputs = Image(2, 3, 1)
        targets = ClassLabel(12)
        train_shards = 4

        def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
            for n in range(10):
                yield {"inputs": np.full((2, 3, 1), n, np.uint8), "targets": n}

    data = dataset(Squares, tmp_path)
    assert len(data) == 10
    labels = []
    for i in range(10):
        example = data[i]
        assert (example["inputs"].shape, example["inputs"].dtype) == ((2, 3, 1), np.uint8)
        assert (example["targets"].shape, example["targets"].dtype) == ((), np.int32)
        assert (example["inputs"] == example["targets"]).all()
        labels.append(int(example["targets"]))
    assert labels == [0, 4, 8, 1, 5, 9, 2, 6, 3, 7]  # shard after shard, every fourth example
    assert data.lengths["inputs"].tolist() == [6] * 10
    assert {unit: lengths.tolist() for unit, lengths in data.unit_lengths().items()} == {
        "pixels": [6] * 10
    }


def test_more_shards_than_examples_leave_some_empty(tmp_path: Path) -> None:
    @register_problem("made_few")
    class Few(Problem):
        inputs = Image(1, 1, 1)
        targets = ClassLabel(4)
        train_shards = 4

        def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
            for n in (0, 3):
                yield {"inputs": np.full((1, 1, 1), n, np.uint8), "targets": n}

    data = dataset(Few, tmp_path)
    assert [int(data[i]["targets"]) for i in range(len(data))] == [0, 3]


def test_lengths_are_known_in_units_of_the_budgets(tmp_path: Path) -> None:
    @register_problem("made_sounds")
    class Sounds(Problem):
        inputs = Audio(8000, form="waveform")
        targets = Text()
        train_shards = 1

        def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
            for n in (1, 2, 3):
                yield {"inputs": (np.zeros(800 * n), 8000), "targets": "a" * n}

    data = dataset(Sounds, tmp_path)
    assert data.lengths["inputs"].tolist() == [800, 1600, 2400]
    assert data.unit_lengths()["frames"].tolist() == [10, 20, 30]
    assert data.unit_lengths()["tokens"].tolist() == [len(data[i]["targets"]) for i in range(3)]
    assert data[2]["inputs"].shape == (2400,)


def test_the_longer_of_two_texts_counts(tmp_path: Path) -> None:
    @register_problem("made_texts")
    class Texts(Problem):
        inputs = Text()
        targets = Text()
        train_shards = 1

        def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
            yield {"inputs": "q z q z", "targets": "z"}
            yield {"inputs": "q", "targets": "z q z q z q"}

    data = dataset(Texts, tmp_path)
    lengths = [[len(data[i][name]) for name in ("inputs", "targets")] for i in range(2)]
    assert data.unit_lengths()["tokens"].tolist() == [max(pair) for pair in lengths]


def test_examples_without_any_length_count_one_by_one(tmp_path: Path) -> None:
    @register_problem("made_labels")
    class Labels(Problem):
        inputs = ClassLabel(2)
        targets = ClassLabel(2)

        def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
            yield from [{"inputs": 0, "targets": 1}] * 3

    units = dataset(Labels, tmp_path).unit_lengths()
    assert {unit: lengths.tolist() for unit, lengths in units.items()} == {"examples": [1, 1, 1]}

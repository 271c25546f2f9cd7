"""TensorFlow Datasets opens the records as what they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from t2t_multimodel import Audio, ClassLabel, Image, Problem, Text, register_problem
from t2t_multimodel.data import tfds_metadata
from t2t_multimodel.data.datagen import DatagenOptions, Prepared, generate


def made(data_dir: Path, inputs: Any, targets: Any, examples: list[Any]) -> Prepared:
    class Made(Problem):
        """Made of a few examples."""

        train_shards = 2

        def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
            for one, other in examples[: 1 if split == "test" else None]:
                yield {"inputs": one, "targets": other}

    Made.inputs, Made.targets = inputs, targets
    register_problem("made_kinds")(Made)
    generated = generate(
        ["made_kinds"], data_dir, options=DatagenOptions(vocab_size=300, report=lambda line: None)
    )
    tfds_metadata.write(generated["made_kinds"])
    return generated["made_kinds"]


def read(prepared: Prepared, split: str) -> list[dict[str, np.ndarray]]:
    import tensorflow_datasets as tfds

    builder = tfds.builder_from_directory(prepared.folder)
    assert builder.info.description == "Made of a few examples."
    return list(tfds.as_numpy(builder.as_dataset(split, shuffle_files=False)))


PIXELS = np.arange(3 * 2 * 2 * 3, dtype=np.uint8).reshape(3, 2, 2, 3)
TONE = np.sin(np.arange(2000) / 5)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("inputs", "targets", "examples"),
    [
        (Text(), Text(), [("one", "eins"), ("two and more", "zwei"), ("three", "drei")]),
        (Image(2, 2), ClassLabel(3), [(pixels, n) for n, pixels in enumerate(PIXELS)]),
        (
            Audio(4000, n_mels=8),
            ClassLabel(3),
            [((TONE[: 1000 + 400 * n], 4000), n) for n in range(3)],
        ),
    ],
    ids=["text", "image", "audio"],
)
def test_every_kind_of_feature_is_read_back(
    tmp_path: Path, inputs: Any, targets: Any, examples: list[Any]
) -> None:
    prepared = made(tmp_path, inputs, targets, examples)
    for split, count in (("train", 3), ("test", 1)):
        ours, theirs = prepared.dataset(split), read(prepared, split)
        assert (len(ours), len(theirs)) == (count, count)
        for i, example in enumerate(theirs):
            for name, array in ours[i].items():
                assert example[name].shape == array.shape
                np.testing.assert_array_equal(example[name], array)


@pytest.mark.filterwarnings("default")
def test_a_part_of_a_split_may_be_asked_for(tmp_path: Path) -> None:
    examples = [(pixels, n) for n, pixels in enumerate(PIXELS)]
    prepared = made(tmp_path, Image(2, 2), ClassLabel(3), examples)
    assert [int(one["targets"]) for one in read(prepared, "train[1:]")] == [2, 1]

"""Examples are padded and stacked."""

from __future__ import annotations

import numpy as np

from t2t_multimodel import Audio, ClassLabel, Image, Text
from t2t_multimodel.data.collate import collate, fill_up, placed


def ids(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


def test_texts_are_padded_with_zeros_to_the_longest() -> None:
    examples = [
        {"inputs": ids(5, 6, 1), "targets": ids(7, 1)},
        {"inputs": ids(8, 1), "targets": ids(1)},
    ]
    batch = collate(examples, {"inputs": Text(), "targets": Text()})
    assert batch["inputs"].tolist() == [[5, 6, 1], [8, 1, 0]]
    assert batch["targets"].tolist() == [[7, 1], [1, 0]]
    assert batch["inputs_length"].tolist() == [3, 2]
    assert batch["targets_length"].tolist() == [2, 1]
    assert {array.dtype for array in batch.values()} == {np.dtype(np.int32)}


def test_a_fixed_length_pads_further() -> None:
    features = {"inputs": Text(), "targets": ClassLabel(3)}
    examples = [{"inputs": ids(5, 1), "targets": np.int32(2)}]
    batch = collate(examples, features, {"inputs": 4})
    assert batch["inputs"].tolist() == [[5, 1, 0, 0]]
    assert (batch["targets"].tolist(), batch["targets_length"].tolist()) == ([2], [1])


def test_sound_is_padded_in_time_and_becomes_float32() -> None:
    features = {"inputs": Audio(8000, n_mels=2), "targets": Text()}
    clips = [np.ones((n, 2), np.float16) for n in (1, 3)]
    batch = collate([{"inputs": clip, "targets": ids(1)} for clip in clips], features)
    assert batch["inputs"].shape == (2, 3, 2)
    assert batch["inputs"].dtype == np.float32
    assert batch["inputs"].sum(axis=(1, 2)).tolist() == [2, 6]
    assert batch["inputs_length"].tolist() == [1, 3]


def test_samples_become_fractions_of_full_scale() -> None:
    features = {"inputs": Audio(8000, form="waveform"), "targets": ClassLabel(2)}
    examples = [{"inputs": np.array([16384, -32768], np.int16), "targets": np.int32(0)}]
    assert collate(examples, features)["inputs"].tolist() == [[0.5, -1.0]]


def test_images_are_stacked_and_stay_bytes() -> None:
    features = {"inputs": Image(2, 3, 1), "targets": ClassLabel(3)}
    picture = np.full((2, 3, 1), 9, np.uint8)
    batch = collate([{"inputs": picture, "targets": np.int32(i)} for i in range(3)], features)
    assert (batch["inputs"].shape, batch["inputs"].dtype) == ((3, 2, 3, 1), np.uint8)
    assert batch["inputs_length"].tolist() == [6, 6, 6]
    assert batch["targets"].tolist() == [0, 1, 2]


def test_a_batch_is_filled_up_with_rows_that_have_no_lengths() -> None:
    features = {"inputs": Text(), "targets": ClassLabel(3)}
    examples = [{"inputs": ids(5, 1), "targets": np.int32(2)} for _ in range(2)]
    filled = fill_up(collate(examples, features), 4)
    assert filled["inputs"].tolist() == [[5, 1]] * 4
    assert filled["targets"].tolist() == [2] * 4
    assert filled["inputs_length"].tolist() == [2, 2, 0, 0]
    assert filled["targets_length"].tolist() == [1, 1, 0, 0]


def test_a_full_batch_stays_as_it_is() -> None:
    batch = collate(
        [{"inputs": ids(5, 1), "targets": ids(1)}], {"inputs": Text(), "targets": Text()}
    )
    filled = fill_up(batch, 1)
    assert {name: array.tolist() for name, array in filled.items()} == {
        name: array.tolist() for name, array in batch.items()
    }


def test_several_texts_give_the_first_and_its_length() -> None:
    features = {"inputs": Text(), "targets": Text(several=True)}
    batch = collate([{"inputs": ids(5, 1), "targets": ids(7, 1, 8, 9, 1)}], features)
    assert (batch["targets"].tolist(), batch["targets_length"].tolist()) == ([[7, 1]], [2])


def test_rows_are_placed_among_empty_ones() -> None:
    batch = {"inputs": np.array([[1, 2], [3, 0]]), "inputs_length": np.array([2, 1])}
    found = placed(batch, range(1, 3), 4)
    assert found["inputs"].tolist() == [[0, 0], [1, 2], [3, 0], [0, 0]]
    assert found["inputs_length"].tolist() == [0, 2, 1, 0]

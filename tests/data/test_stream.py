"""Streams of batches: those of training by number, those of evaluation each example once."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.words_and_dots import CONFIG, streams_of, words_and_dots

from t2t_multimodel import Audio, DataConfig, Image
from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.data.dataset import DataSet
from t2t_multimodel.data.row_share import RowShare
from t2t_multimodel.data.stream import BatchStream, eval_stream


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Prepared]:
    return words_and_dots(tmp_path_factory.mktemp("data"))


def test_a_batch_holds_its_examples_padded(prepared: dict[str, Prepared]) -> None:
    stream = streams_of(prepared)["made_words"]
    for n in range(20):
        batch = stream[n]
        rows, longest = batch["inputs"].shape
        assert longest == batch["inputs_length"].max()
        assert rows * max(longest, batch["targets"].shape[1]) <= 60
        ends = batch["inputs"][np.arange(rows), batch["inputs_length"] - 1]
        assert (ends == 1).all()
        after = np.arange(longest) >= batch["inputs_length"][:, None]
        assert (batch["inputs"][after] == 0).all()


def test_six_epochs_of_labels_are_every_label_six_times(prepared: dict[str, Prepared]) -> None:
    stream = streams_of(prepared)["made_dots"]
    batches = [stream[n] for n in range(17)]  # of 6 rows: 6 epochs of 17 examples
    labels = np.concatenate([batch["targets"] for batch in batches])
    assert np.bincount(labels).tolist() == [6] * 17
    assert all((batch["inputs"][:, 0, 0, 0] == batch["targets"]).all() for batch in batches)


def test_static_shapes_are_those_of_the_buckets(prepared: dict[str, Prepared]) -> None:
    dataset = prepared["made_words"].dataset("train")
    stream = BatchStream(dataset, CONFIG.replace(static_shapes=True), 0, "made_words")
    shapes = {
        (stream[n]["inputs"].shape, stream[n]["targets"].shape)
        for n in range(3 * stream.plan.first_batch(1))
    }
    assert len(shapes) == len(stream.plan.buckets)
    loose = streams_of(prepared)["made_words"]
    for n in range(10):
        tight = loose[n]["inputs"]
        assert np.array_equal(stream[n]["inputs"][:, : tight.shape[1]], tight)


@pytest.mark.parametrize("static_shapes", [False, True])
def test_shares_of_the_rows_are_those_of_the_whole_batch(
    prepared: dict[str, Prepared], static_shapes: bool
) -> None:
    config = CONFIG.replace(static_shapes=static_shapes)
    for name, one in prepared.items():
        dataset = one.dataset("train")
        whole = BatchStream(dataset, config, 0, name)
        shares = [RowShare(0, 1, 3), RowShare(1, 3, 3)]
        parts = [BatchStream(dataset, config, 0, name, share) for share in shares]
        for n in range(20):
            batch = whole[n]
            rows = len(batch["targets_length"])
            for share, part in zip(shares, parts, strict=True):
                own = share.own(rows)
                for key, array in part[n].items():
                    assert array.shape == batch[key].shape and array.dtype == batch[key].dtype
                    assert (array[own.start : own.stop] == batch[key][own.start : own.stop]).all()


def test_a_share_reads_no_other_rows(
    prepared: dict[str, Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = prepared["made_words"].dataset("train")
    stream = BatchStream(dataset, CONFIG, 0, "made_words", RowShare(1, 2, 2))
    read = []
    whole = DataSet.__getitem__
    monkeypatch.setattr(DataSet, "__getitem__", lambda d, i: read.append(i) or whole(d, i))
    chosen = stream.plan.bucket_and_examples(0)[1]
    assert len(chosen) > 2
    _ = stream[0]
    assert read == [int(i) for i in chosen[RowShare(1, 2, 2).own(len(chosen)).start :]]


@pytest.mark.parametrize("static", [False, True])
@pytest.mark.parametrize("count", [1, 11, 17])
def test_evaluation_takes_each_example_once(
    prepared: dict[str, Prepared], static: bool, count: int
) -> None:
    dataset = prepared["made_dots"].dataset("train")
    examples = np.random.default_rng(0).permutation(17)[:count]
    config = CONFIG.replace(static_shapes=static)
    numbered = list(eval_stream(dataset, config, examples, np.arange(17)))
    assert [int(dataset[int(i)]["targets"]) for numbers, _ in numbered for i in numbers] == [
        int(label) for numbers, batch in numbered for label in batch["targets"][: len(numbers)]
    ]
    batches = [batch for _, batch in numbered]
    real = [batch["targets_length"] > 0 for batch in batches]
    labels = [batch["targets"][rows] for batch, rows in zip(batches, real, strict=True)]
    expected = [int(dataset[int(i)]["targets"]) for i in examples]
    assert sorted(np.concatenate(labels).tolist()) == sorted(expected)
    if static:
        assert {len(batch["targets"]) for batch in batches} == {6}
    for batch in batches:
        assert (batch["inputs"][:, 0, 0, 0] == batch["targets"]).all()


def test_exchanged_sources_take_the_place_of_an_examples_own(prepared: dict[str, Prepared]) -> None:
    dataset = prepared["made_dots"].dataset("train")
    sources = np.roll(np.arange(17), 1)
    own = {int(dataset[i]["targets"]): int(dataset[int(sources[i])]["targets"]) for i in range(17)}
    for _, batch in eval_stream(dataset, CONFIG, np.arange(17), sources):
        for inputs, label in zip(batch["inputs"], batch["targets"], strict=True):
            assert inputs[0, 0, 0] == own[int(label)]


def test_static_evaluation_has_a_shape_for_each_bucket(prepared: dict[str, Prepared]) -> None:
    dataset = prepared["made_words"].dataset("train")
    config = CONFIG.replace(static_shapes=True)
    everything = np.arange(len(dataset))
    batches = [b for _, b in eval_stream(dataset, config, everything, everything[::-1])]
    assert {batch["inputs"].shape[1] for batch in batches} == {dataset.lengths["inputs"].max()}
    shapes = {(batch["inputs"].shape, batch["targets"].shape) for batch in batches}
    assert len(shapes) <= len(streams_of(prepared)["made_words"].plan.buckets) < len(batches)
    assert sum((batch["targets_length"] > 0).sum() for batch in batches) == len(dataset)


def test_a_run_may_augment_inputs_more_than_their_problem_does() -> None:
    sound, dots = Audio(8000, n_mels=20, mask=0.1), Image(2, 2, 1, distort=0.1)
    as_declared, sounds = DataConfig(), DataConfig(sound_mask=0.3, sound_warp=0.2)
    assert sound.with_augmentation(as_declared) == sound
    assert sound.with_augmentation(sounds) == Audio(8000, n_mels=20, mask=0.3, warp=0.2)
    assert sound.with_augmentation(DataConfig(sound_mask=0.0)).mask == 0.0
    assert dots.with_augmentation(sounds) == dots
    assert dots.with_augmentation(DataConfig(image_distort=0.3)) == Image(2, 2, 1, distort=0.3)
    assert dots.with_augmentation(DataConfig(image_distort=0.0)) == Image(2, 2, 1)


def test_targets_are_not_augmented_by_a_run(
    prepared: dict[str, Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, image = prepared["made_dots"].dataset("train"), Image(1, 1, 1)
    monkeypatch.setattr(dataset, "features", {"inputs": image, "targets": image})
    stream = BatchStream(dataset, DataConfig(image_distort=0.5), 0, "made_dots")
    assert stream._features == {"inputs": Image(1, 1, 1, distort=0.5), "targets": image}

"""Streams of batches: by number, for step after step, read ahead."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from t2t_multimodel import Audio, ClassLabel, DataConfig, Image, Problem, Text, register_problem
from t2t_multimodel.data.datagen import DatagenOptions, Prepared, generate
from t2t_multimodel.data.mixture import Mixture
from t2t_multimodel.data.strategies import Constant
from t2t_multimodel.data.stream import (
    BatchStream,
    StepBatches,
    eval_stream,
    read_ahead,
    step_batches,
)
from t2t_multimodel.registry import problems

CONFIG = DataConfig(tokens_per_batch=60, examples_per_batch=6)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Prepared]:
    @register_problem("made_words")
    class Words(Problem):
        inputs = Text()
        targets = Text()

        def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
            for n in range(40):
                yield {"inputs": "q " * (1 + n % 9), "targets": f"z {n}"}

    @register_problem("made_dots")
    class Dots(Problem):
        inputs = Image(2, 2, 1)
        targets = ClassLabel(17)

        def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
            for n in range(17):
                yield {"inputs": np.full((2, 2, 1), n, np.uint8), "targets": n}

    folder, names = tmp_path_factory.mktemp("data"), ["made_words", "made_dots"]
    made = generate(names, folder, options=DatagenOptions(vocab_size=300, report=lambda _: None))
    for name in names:  # other modules' tests shall not see them
        del problems._objects[name], problems._run_time[name]
    return made


def streams_of(prepared: dict[str, Prepared], seed: int = 0) -> dict[str, BatchStream]:
    return {
        name: BatchStream(one.dataset("train"), CONFIG, seed, name)
        for name, one in prepared.items()
    }


def steps(
    prepared: dict[str, Prepared], step: int, positions: dict[str, int], seed: int = 0
) -> Iterator[StepBatches]:
    mixture = Mixture(["made_words", "made_dots"], Constant([3.0, 1.0]), 1, seed)
    return step_batches(streams_of(prepared, seed), mixture, step, positions)


def assert_equal(first: StepBatches, second: StepBatches) -> None:
    assert (first.step, first.problems) == (second.step, second.problems)
    assert first.positions == second.positions
    for one, other in zip(first.batches, second.batches, strict=True):
        assert one.keys() == other.keys()
        for name in one:
            assert np.array_equal(one[name], other[name])


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


def test_positions_count_the_batches_of_each_problem(prepared: dict[str, Prepared]) -> None:
    used = {"made_words": 0, "made_dots": 0}
    for n, item in enumerate(itertools.islice(steps(prepared, 0, {}), 40)):
        assert item.step == n
        for name in item.problems:
            used[name] += 1
        assert item.positions == used
    assert used["made_words"] > used["made_dots"] > 0


def test_a_run_goes_on_from_any_step_with_equal_batches(prepared: dict[str, Prepared]) -> None:
    whole = list(itertools.islice(steps(prepared, 0, {}), 40))
    for stop in (1, 17, 30):
        rest = steps(prepared, stop, whole[stop - 1].positions)
        for first, second in zip(whole[stop:], rest, strict=False):
            assert_equal(first, second)


def test_another_seed_is_another_order(prepared: dict[str, Prepared]) -> None:
    first, second = (next(steps(prepared, 0, {}, seed)).batches[0] for seed in (0, 1))
    assert not np.array_equal(first["inputs_length"], second["inputs_length"]) or (
        not np.array_equal(first["inputs"], second["inputs"])
    )


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


def items(n: int) -> StepBatches:
    return StepBatches(n, [], [], {})


def test_reading_ahead_keeps_the_order() -> None:
    ahead = read_ahead(map(items, itertools.count()), depth=3)
    assert [next(ahead).step for _ in range(50)] == list(range(50))
    ahead.close()


def test_reading_ahead_stays_within_its_depth() -> None:
    made = []

    def source() -> Iterator[StepBatches]:
        for n in itertools.count():
            made.append(n)
            yield items(n)

    ahead = read_ahead(source(), depth=3)
    next(ahead)
    deadline = threading.Event()
    while len(made) < 5:
        deadline.wait(0.01)
    deadline.wait(0.3)
    assert len(made) == 5  # one taken, three waiting, one in hand
    ahead.close()


def test_an_error_of_the_reading_thread_is_raised_in_its_place() -> None:
    def source() -> Iterator[StepBatches]:
        yield items(0)
        raise OSError("the disk is gone")

    ahead = read_ahead(source())
    assert next(ahead).step == 0
    with pytest.raises(OSError, match="^the disk is gone$"):
        next(ahead)


def test_closing_ends_the_reading_thread() -> None:
    def running() -> int:
        return sum(thread.name == "read_ahead" for thread in threading.enumerate())

    before = running()
    ahead = read_ahead(map(items, itertools.count()))
    next(ahead)
    assert running() == before + 1
    ahead.close()
    assert running() == before


def test_a_run_may_augment_sounds_more_than_their_problem_does() -> None:
    sound, dots = Audio(8000, n_mels=20, mask=0.1), Image(2, 2, 1)
    assert sound.with_augmentation(None, None) is sound
    assert sound.with_augmentation(0.3, 0.2) == Audio(8000, n_mels=20, mask=0.3, warp=0.2)
    assert sound.with_augmentation(0.0, None).mask == 0.0
    assert dots.with_augmentation(0.3, 0.2) is dots

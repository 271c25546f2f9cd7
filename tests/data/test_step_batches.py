"""The batches of step after step: the same in the same order, however many threads make them."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from helpers.words_and_dots import CONFIG, streams_of, words_and_dots

from t2t_multimodel import Config, DataConfig, Image, TrainConfig
from t2t_multimodel.config import AdaptiveMixtureConfig, rates
from t2t_multimodel.config.mixture import READ_AHEAD
from t2t_multimodel.cores import cores
from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.data.mixture import Mixture
from t2t_multimodel.data.step_batches import (
    MOST_WORKERS,
    StepBatches,
    StepPlan,
    made_ahead,
    step_plans,
    steps_ahead,
    workers_of,
)
from t2t_multimodel.data.strategies import Constant
from t2t_multimodel.data.stream import BatchStream


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Prepared]:
    return words_and_dots(tmp_path_factory.mktemp("data"))


def steps(
    prepared: dict[str, Prepared],
    step: int,
    positions: dict[str, int],
    seed: int = 0,
    workers: int = 1,
) -> Iterator[StepBatches]:
    mixture = Mixture(["made_words", "made_dots"], Constant([3.0, 1.0]), 1, seed)
    return made_ahead(step_plans(mixture, step, positions), streams_of(prepared, seed), workers)


def assert_equal(first: StepBatches, second: StepBatches) -> None:
    assert (first.step, first.problems) == (second.step, second.problems)
    assert first.positions == second.positions
    for one, other in zip(first.batches, second.batches, strict=True):
        assert one.keys() == other.keys()
        for name in one:
            assert np.array_equal(one[name], other[name])


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


@pytest.mark.parametrize("workers", [2, 4])
def test_more_threads_make_the_same_batches(prepared: dict[str, Prepared], workers: int) -> None:
    alone = itertools.islice(steps(prepared, 0, {}), 60)
    for one, other in zip(alone, steps(prepared, 0, {}, workers=workers), strict=False):
        assert_equal(one, other)


def test_batches_that_take_longer_keep_their_place() -> None:
    def batch(number: int) -> dict[str, Any]:
        time.sleep(0.03 if number % 3 == 0 else 0.0)
        return {"number": number}

    with closing(made_ahead(plans(), streams(batch), workers=3)) as items:
        assert [next(items).batches for _ in range(12)] == [[{"number": n}] for n in range(12)]


def plans() -> Iterator[StepPlan]:
    return (StepPlan(n, ["made"], [n], {"made": n + 1}) for n in itertools.count())


class _Stream:
    def __init__(self, batch: Any) -> None:
        self._batch = batch

    def __getitem__(self, number: int) -> Any:
        return self._batch(number)


def streams(batch: Any) -> Any:
    return {"made": _Stream(batch)}


def test_no_more_than_the_depth_is_made_ahead() -> None:
    made = []
    with closing(made_ahead(plans(), streams(made.append), workers=2, depth=3)) as items:
        next(items)
        deadline = threading.Event()
        while len(made) < 4:
            deadline.wait(0.01)
        deadline.wait(0.3)
        assert sorted(made) == [0, 1, 2, 3]  # one taken, three ahead


def test_an_error_is_raised_in_the_place_of_its_step() -> None:
    def batch(number: int) -> dict[str, Any]:
        if number == 2:
            raise OSError("the disk is gone")
        return {}

    items = made_ahead(plans(), streams(batch), workers=2)
    assert [next(items).step for _ in range(2)] == [0, 1]
    with pytest.raises(OSError, match="^the disk is gone$"):
        next(items)


def test_closing_ends_the_threads() -> None:
    def running() -> int:
        return sum(thread.name.startswith("made_ahead") for thread in threading.enumerate())

    before = running()
    items = made_ahead(plans(), streams(lambda number: {}), workers=2)
    next(items)
    assert running() > before
    items.close()
    assert running() == before


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions take notes from 3.11 on")
def test_what_fails_names_its_example(prepared: dict[str, Prepared]) -> None:
    class Failing(Image):
        def augment(self, array: np.ndarray, draws: np.random.Generator) -> np.ndarray:
            raise ZeroDivisionError

    dataset = prepared["made_dots"].dataset("train")
    dataset.features = {**dataset.features, "inputs": Failing(2, 2, 1)}
    with pytest.raises(ZeroDivisionError) as caught:
        BatchStream(dataset, CONFIG, 0, "made_dots")[0]
    (note,) = caught.value.__notes__
    assert note.startswith("In problem 'made_dots', train, example ")


def test_the_threads_are_as_many_as_cores_unless_named() -> None:
    assert workers_of(DataConfig()) == min(cores(), MOST_WORKERS)
    assert workers_of(DataConfig(workers=3)) == 3


def test_each_thread_has_a_batch_to_make() -> None:
    one = Config(problems=rates("a"), data=DataConfig(workers=12))
    assert steps_ahead(one) == 12
    of_eight = one.replace(train=TrainConfig(accumulate=8))
    assert steps_ahead(of_eight) == READ_AHEAD
    assert steps_ahead(one.replace(mixture=AdaptiveMixtureConfig())) == READ_AHEAD

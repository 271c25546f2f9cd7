"""Batches of like lengths within a budget."""

from __future__ import annotations

import itertools

import numpy as np

from bench.specialists.batches import by_length, endless, padded

LENGTHS = np.asarray([3, 9, 4, 30, 9, 3, 4, 10])


def test_an_epoch_has_each_example_once_and_keeps_to_the_budget() -> None:
    batches = by_length(LENGTHS, 20, np.random.default_rng(0))
    assert sorted(np.concatenate(batches).tolist()) == list(range(8))
    sizes = [len(batch) * int(LENGTHS[batch].max()) for batch in batches]
    assert sorted(sizes)[-1] == 30  # longer than a batch may be: alone
    assert all(size <= 20 for size in sizes if size != 30)
    assert len(batches) <= 5


def test_epochs_differ_and_repeat_by_their_seed() -> None:
    def first(seed: int) -> list[list[int]]:
        found = endless(LENGTHS, 20, np.random.default_rng(seed))
        return [batch.tolist() for batch in itertools.islice(found, 12)]

    assert first(1) == first(1)
    assert first(1) != first(2)
    assert first(1)[:3] != first(1)[-3:]


def test_rows_are_filled_with_zeros() -> None:
    rows = padded([np.asarray([[1, 2]]), np.asarray([[3, 4], [5, 6]])])
    assert rows.tolist() == [[[1, 2], [0, 0]], [[3, 4], [5, 6]]]

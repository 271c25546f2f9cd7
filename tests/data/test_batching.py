"""The n-th batch: full, within budget, every example once an epoch, from its number alone."""

from __future__ import annotations

import numpy as np
import pytest

from t2t_multimodel import DataConfig
from t2t_multimodel.data.batching import (
    BatchPlan,
    Bucket,
    batch_share,
    buckets,
    eval_batches,
    make_buckets,
)

GROWTH = 1.15


def random_lengths(n: int, longest: int = 90) -> np.ndarray:
    return np.random.default_rng(n).integers(1, longest, n)


def plan_of(n: int, budget: int = 200, seed: int = 0, purpose: str = "p") -> BatchPlan:
    shares = batch_share({"tokens": random_lengths(n)}, DataConfig(tokens_per_batch=budget))
    return BatchPlan(buckets(shares, GROWTH), seed, purpose)


def chosen(plan: BatchPlan, batch: int) -> list[int]:
    return plan.bucket_and_examples(batch)[1].tolist()


def test_the_scarcest_budget_decides_the_share() -> None:
    config = DataConfig(
        tokens_per_batch=100, frames_per_batch=1000, pixels_per_batch=5000, examples_per_batch=20
    )
    lengths = {"tokens": np.array([10, 1, 200]), "frames": np.array([50, 500, 10])}
    assert batch_share(lengths, config).tolist() == [0.1, 0.5, 1.0]
    assert batch_share({"pixels": np.array([100, 1000])}, config).tolist() == [0.05, 0.2]


@pytest.mark.parametrize("n", [1, 2, 7, 50, 500, 3000])
@pytest.mark.parametrize("budget", [100, 1000])
def test_every_example_comes_once_in_each_pass_over_its_bucket(n: int, budget: int) -> None:
    plan = plan_of(n, budget)
    epochs = 3
    streams: dict[int, list[int]] = {}
    order = sorted(
        (bucket, chunk, batch)
        for epoch in range(epochs + 1)
        for batch, (bucket, chunk) in enumerate(
            plan._order(epoch).reshape(-1, 2).tolist(), plan.first_batch(epoch)
        )
    )
    for bucket, _, batch in order:
        assert plan.bucket_and_examples(batch)[0] == bucket
        streams.setdefault(bucket, []).extend(chosen(plan, batch))
    for number, bucket in enumerate(plan.buckets):
        size = len(bucket.members)
        for epoch in range(epochs):
            once = streams[number][epoch * size : (epoch + 1) * size]
            assert sorted(once) == bucket.members.tolist()


@pytest.mark.parametrize("n", [1, 7, 500])
@pytest.mark.parametrize("budget", [50, 200, 5000])
def test_every_batch_is_full_and_within_its_budget(n: int, budget: int) -> None:
    lengths = random_lengths(n)
    plan = plan_of(n, budget)
    for batch in range(plan.first_batch(2)):
        number, examples = plan.bucket_and_examples(batch)
        rows, longest = len(examples), lengths[plan.buckets[number].members].max()
        assert rows == plan.buckets[number].rows
        assert rows * longest <= budget or rows == 1
        assert (rows + 1) * longest > budget or rows == 256  # one more would not fit


def test_examples_of_a_batch_are_of_like_length() -> None:
    lengths = random_lengths(3000)
    plan = plan_of(3000)
    for batch in range(plan.first_batch(1)):
        in_batch = lengths[chosen(plan, batch)]
        assert in_batch.max() <= max(in_batch.min() * GROWTH + 1e-9, in_batch.min())


def test_no_more_rows_than_allowed() -> None:
    config = DataConfig(tokens_per_batch=10_000, examples_per_batch=12)
    shares = batch_share({"tokens": np.full(100, 3)}, config)
    (bucket,) = buckets(shares, GROWTH)
    assert (bucket.rows, bucket.members.tolist()) == (12, list(range(100)))


def test_an_example_above_the_budget_is_a_batch_of_its_own() -> None:
    shares = batch_share({"tokens": np.array([500, 10])}, DataConfig(tokens_per_batch=100))
    short, long = buckets(shares, GROWTH)
    assert (short.members.tolist(), short.rows) == ([1], 10)
    assert (long.members.tolist(), long.rows) == ([0], 1)
    plan = BatchPlan([short, long], 0, "p")
    assert [0] in [chosen(plan, batch) for batch in range(plan.first_batch(2))]


def test_a_batch_depends_on_its_number_alone() -> None:
    forth = [chosen(plan_of(500), batch) for batch in range(0, 200, 7)]
    plan = plan_of(500)
    back = [chosen(plan, batch) for batch in reversed(range(0, 200, 7))]
    assert back[::-1] == forth


def test_seeds_and_problems_draw_their_own_orders() -> None:
    def first(plan: BatchPlan) -> list[list[int]]:
        return [chosen(plan, batch) for batch in range(20)]

    assert first(plan_of(500, seed=0)) != first(plan_of(500, seed=1))
    assert first(plan_of(500, purpose="p")) != first(plan_of(500, purpose="q"))


def test_epochs_differ_in_the_examples_that_meet() -> None:
    plan = plan_of(500)
    begins = [plan.first_batch(epoch) for epoch in range(3)]
    first, second = (
        {frozenset(chosen(plan, batch)) for batch in range(begin, end)}
        for begin, end in zip(begins, begins[1:], strict=False)
    )
    assert len(first & second) < 0.1 * len(first)


@pytest.mark.parametrize(("n", "budget"), [(1, 5000), (3, 5000), (40, 200), (500, 200)])
def test_a_batch_belongs_to_the_epoch_that_begins_last_before_it(n: int, budget: int) -> None:
    plan = plan_of(n, budget)
    assert plan.examples == n
    begins = [plan.first_batch(epoch) for epoch in range(2000)]
    assert begins[0] == 0
    assert begins == sorted(begins)
    for batch in [*range(min(300, begins[-1])), begins[-1] - 1]:
        epoch = plan.epoch_of(batch)
        assert begins[epoch] <= batch < begins[epoch + 1]


def test_the_epoch_of_a_far_batch_of_few_examples_is_found_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = BatchPlan([Bucket(np.arange(32), rows=256)], 0, "p")
    asked = []
    counted = plan.first_batch
    monkeypatch.setattr(plan, "first_batch", lambda epoch: asked.append(epoch) or counted(epoch))
    assert plan.epoch_of(1_000_000) == 8_000_000
    assert len(asked) < 10


def pairs_of(n: int) -> dict[str, np.ndarray]:
    """Lengths of sentences and their translations, which are about as long."""
    rng = np.random.default_rng(n)
    inputs = rng.integers(1, 60, n)
    return {
        "inputs": inputs,
        "targets": np.maximum(1, inputs * rng.uniform(0.6, 1.6, n)).astype(int),
    }


def padding(made: list[Bucket], lengths: dict[str, np.ndarray]) -> float:
    """Part of all positions that is padding when each bucket is padded to its longest."""
    cells = [
        len(bucket.members) * values[bucket.members].max()
        for bucket in made
        for values in lengths.values()
    ]
    return 1 - sum(map(np.sum, lengths.values())) / sum(cells)


@pytest.mark.parametrize("n", [1, 5, 300, 20_000])
def test_buckets_by_both_lengths_hold_every_example_once_and_pad_little(n: int) -> None:
    lengths = pairs_of(n)
    units = {"tokens": np.maximum(lengths["inputs"], lengths["targets"])}
    config = DataConfig(tokens_per_batch=500)
    by_both = make_buckets(units, lengths, config)
    by_longest = make_buckets(units, lengths, config.replace(bucket_by="longest"))
    for made in (by_both, by_longest):
        members = np.concatenate([bucket.members for bucket in made])
        assert sorted(members.tolist()) == list(range(n))
        assert all(np.all(np.diff(bucket.members) > 0) for bucket in made)
        for bucket in made:
            longest = units["tokens"][bucket.members].max()
            assert bucket.rows == max(1, min(256, 500 // longest))
    if n == 20_000:
        assert padding(by_both, lengths) < 0.08 < 0.13 < padding(by_longest, lengths)
        small = [bucket for bucket in by_both if len(bucket.members) < bucket.rows]
        assert len(small) <= 1  # the longest examples of all


def test_examples_too_few_for_a_batch_join_the_next_longer_ones() -> None:
    lengths = {"inputs": np.array([2, 2, 3, 3, *[10] * 30]), "targets": np.full(34, 2)}
    config = DataConfig(tokens_per_batch=100)
    (bucket,) = make_buckets({"tokens": lengths["inputs"]}, lengths, config)
    assert (len(bucket.members), bucket.rows) == (34, 10)


@pytest.mark.parametrize(("n", "budget"), [(1, 500), (40, 200), (500, 200)])
def test_times_seen_are_those_of_the_batches(n: int, budget: int) -> None:
    plan = plan_of(n, budget)
    seen = np.zeros(n, int)
    for batch in range(2 * plan.first_batch(1) + 7):
        assert plan.times_seen(batch).tolist() == seen.tolist()
        np.add.at(seen, chosen(plan, batch), 1)


@pytest.mark.parametrize("n", [1, 10, 777])
def test_evaluation_scores_each_chosen_example_once(n: int) -> None:
    lengths = random_lengths(1000)
    shares = batch_share({"tokens": lengths}, DataConfig(tokens_per_batch=300))
    examples = np.random.default_rng(0).permutation(1000)[:n]
    batches = list(eval_batches(shares, examples))
    assert sorted(np.concatenate(batches).tolist()) == sorted(examples.tolist())
    for batch in batches:
        assert len(batch) * lengths[batch].max() <= 300


def test_evaluation_of_nothing_is_no_batch() -> None:
    assert list(eval_batches(np.ones(3), np.array([], int))) == []

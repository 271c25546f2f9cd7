"""Says which examples form the n-th batch: length buckets under a budget, without any state."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from t2t_multimodel.config import DataConfig
from t2t_multimodel.data.draws import generator


def length_share(lengths: dict[str, np.ndarray], config: DataConfig) -> np.ndarray:
    """The part of the scarcest budget that each example's length takes: float [n] above 0.

    Args:
        lengths: unit -> int [n], for the units that the problem has: tokens, frames, pixels; or
            examples.
        config: the budgets.
    """
    budgets = {
        "tokens": config.tokens_per_batch,
        "frames": config.frames_per_batch,
        "pixels": config.pixels_per_batch,
        "examples": config.examples_per_batch,
    }
    return np.max([lengths[unit] / budgets[unit] for unit in lengths], axis=0)


def batch_share(lengths: dict[str, np.ndarray], config: DataConfig) -> np.ndarray:
    """The part of a batch that each example takes, `examples_per_batch` counted: (0, 1]."""
    return np.clip(length_share(lengths, config), 1 / config.examples_per_batch, 1.0)


@dataclass(frozen=True)
class Bucket:
    """Examples of like length."""

    members: np.ndarray
    """Numbers of the examples, ascending."""
    rows: int
    """A batch has so many rows: what the budget allows for the longest member."""


def make_buckets(
    unit_lengths: dict[str, np.ndarray], feature_lengths: dict[str, np.ndarray], config: DataConfig
) -> list[Bucket]:
    """The buckets that the config asks for.

    Args:
        unit_lengths: unit -> int [n], `DataSet.unit_lengths`.
        feature_lengths: "inputs" and "targets" -> int [n].
        config: budgets and `bucket_by`.
    """
    shares = batch_share(unit_lengths, config)
    if config.bucket_by == "longest":
        return buckets(shares, config.bucket_growth)
    groups = _like(length_share(unit_lengths, config), config.bucket_growth)
    ratio = np.log(feature_lengths["inputs"] / feature_lengths["targets"])
    made, waiting = [], np.array([], int)
    for group in groups:
        members = np.concatenate([waiting, group])
        rows, waiting = rows_of(shares[members].max()), members
        if len(members) >= rows or group is groups[-1]:  # else they join the next longer ones
            parts = _cut(members, ratio, np.log(config.bucket_growth), 2 * rows)
            made += [Bucket(part, rows_of(shares[part].max())) for part in parts]
            waiting = np.array([], int)
    return made


def _cut(members: np.ndarray, values: np.ndarray, width: float, least: int) -> list[np.ndarray]:
    """Cuts members into parts whose values span about `width`, with `least` members or more."""
    order = members[np.argsort(values[members], kind="stable")]
    sorted_values = values[order]
    cuts: list[int] = []
    begin = 0
    while True:
        end = int(np.searchsorted(sorted_values, sorted_values[begin] + width, "right"))
        end = max(end, begin + least)
        if len(order) - end < least:
            return [np.sort(part) for part in np.split(order, cuts)]
        cuts.append(end)
        begin = end


def buckets(shares: np.ndarray, growth: float) -> list[Bucket]:
    """Groups examples whose shares lie within a factor.

    Args:
        shares: float [n], what each example takes of a batch (`batch_share`).
        growth: ratio of the bounds of neighbouring buckets.
    """
    return [Bucket(group, rows_of(shares[group].max())) for group in _like(shares, growth)]


def _like(shares: np.ndarray, growth: float) -> list[np.ndarray]:
    """The numbers of examples whose shares lie within a factor, from short to long."""
    number = np.ceil(np.log(shares / shares.min()) / np.log(growth) - 1e-9).astype(int)
    return [np.flatnonzero(number == one) for one in np.unique(number)]


def rows_of(share: float) -> int:
    """Rows of a batch whose longest example takes this share of the budget."""
    return max(1, int(1 / share + 1e-9))


class BatchPlan:
    """An endless sequence of batches of example numbers; the n-th is computed from n alone.

    Examples are put in buckets of like length. Each bucket is an endless stream: one seeded
    permutation of its members for each epoch, one after the other, cut into batches of a fixed
    number of rows. The batches whose first example belongs to an epoch are that epoch's,
    in a seeded order. So every example comes once an epoch, every batch is full, and a run can
    go on from any batch by its number.
    """

    def __init__(self, buckets: list[Bucket], seed: int, purpose: str) -> None:
        """
        Args:
            buckets: of all examples.
            seed: of the run.
            purpose: what the draws are for, the problem's name say.
        """
        self.buckets = buckets
        self._seed, self._purpose = seed, purpose
        self._order = functools.lru_cache(maxsize=2)(self._draw_order)
        self._permutation = functools.lru_cache(maxsize=3 * len(buckets))(self._draw_members)

    @property
    def examples(self) -> int:
        """Examples of an epoch."""
        return sum(len(bucket.members) for bucket in self.buckets)

    @property
    def batches(self) -> float:
        """Batches of an epoch, in the mean."""
        return sum(len(bucket.members) / bucket.rows for bucket in self.buckets)

    def first_batch(self, epoch: int) -> int:
        """The number of the batch with which an epoch begins."""
        return sum(_chunks(bucket, epoch) for bucket in self.buckets)

    def epoch_of(self, batch: int) -> int:
        """The epoch that a batch belongs to."""
        epoch = int(batch / self.batches)  # it may be one too many or too few
        while self.first_batch(epoch) > batch:
            epoch -= 1
        while self.first_batch(epoch + 1) <= batch:
            epoch += 1
        return epoch

    def bucket_and_examples(self, batch: int) -> tuple[int, np.ndarray]:
        """The bucket of the n-th batch, and the numbers of its examples: int [rows]."""
        epoch = self.epoch_of(batch)
        number, chunk = map(int, self._order(epoch)[batch - self.first_batch(epoch)])
        size, rows = len(self.buckets[number].members), self.buckets[number].rows
        positions = range(chunk * rows, (chunk + 1) * rows)
        chosen = [self._permutation(number, place // size)[place % size] for place in positions]
        return number, np.asarray(chosen)

    def times_seen(self, batches: int) -> np.ndarray:
        """Counts how often each example was in the first `batches`: int [largest number + 1]."""
        epoch = self.epoch_of(batches)
        drawn = self._order(epoch)[: batches - self.first_batch(epoch)].reshape(-1, 2)
        seen = np.zeros(1 + max(int(bucket.members.max()) for bucket in self.buckets), int)
        for number, bucket in enumerate(self.buckets):
            size, before = len(bucket.members), _chunks(bucket, epoch) * bucket.rows
            passes, rest = divmod(before, size)  # earlier epochs took the stream's first
            seen[bucket.members] += passes
            seen[self._permutation(number, passes)[:rest]] += 1
            chunks = drawn[drawn[:, 0] == number, 1].astype(int)
            places = chunks[:, None] * bucket.rows + np.arange(bucket.rows)
            for one in np.unique(places // size):
                inside = places[places // size == one] % size
                seen[self._permutation(number, int(one))[inside]] += 1  # none comes twice
        return seen

    def _draw_order(self, epoch: int) -> np.ndarray:
        """int [batches, 2]: (bucket, chunk of its stream), shuffled."""
        pairs = [
            (number, chunk)
            for number, bucket in enumerate(self.buckets)
            for chunk in range(_chunks(bucket, epoch), _chunks(bucket, epoch + 1))
        ]
        return generator(self._seed, f"order/{self._purpose}", epoch).permutation(np.array(pairs))

    def _draw_members(self, bucket: int, epoch: int) -> np.ndarray:
        draws = generator(self._seed, f"examples/{self._purpose}", epoch, bucket)
        return draws.permutation(self.buckets[bucket].members)


def _chunks(bucket: Bucket, epochs: int) -> int:
    """Batches of a bucket's stream that begin before so many epochs have passed."""
    return -(-epochs * len(bucket.members) // bucket.rows)


def eval_batches(shares: np.ndarray, examples: np.ndarray) -> Iterator[np.ndarray]:
    """Cuts the given examples into batches of like length, each example once.

    Args:
        shares: float [n], what each example of the split takes of a batch.
        examples: int [m], the numbers of those to be scored.
    """
    order = examples[np.argsort(shares[examples], kind="stable")[::-1]]
    begin = 0
    while begin < len(order):
        rows = rows_of(shares[order[begin]])  # the longest comes first
        yield order[begin : begin + rows]
        begin += rows

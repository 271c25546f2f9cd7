"""Which examples form the n-th batch: length buckets under a budget, without any state."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np

from t2t_multimodel.config import DataConfig
from t2t_multimodel.data.draws import generator


def batch_share(lengths: dict[str, np.ndarray], config: DataConfig) -> np.ndarray:
    """The part of a batch's budget that each example takes: float [n] in (0, 1].

    Args:
        lengths: unit -> int [n], for the units that the problem has: tokens, frames, pixels.
        config: the budgets.
    """
    budgets = {
        "tokens": config.tokens_per_batch,
        "frames": config.frames_per_batch,
        "pixels": config.pixels_per_batch,
    }
    n = len(next(iter(lengths.values())))
    shares = [np.full(n, 1 / config.examples_per_batch)]
    shares += [lengths[unit] / budgets[unit] for unit in lengths]
    return np.minimum(np.max(shares, axis=0), 1.0)


class BatchPlan:
    """An endless sequence of batches of example numbers; the n-th is computed from n alone.

    Examples are put in buckets of like length. Each bucket is an endless stream: one seeded
    permutation of its members for each epoch, one after the other, cut into batches of a fixed
    number of rows. The batches whose first example belongs to an epoch are that epoch's,
    in a seeded order. So every example comes once an epoch, every batch is full, and a run can
    go on from any batch by its number.
    """

    def __init__(self, shares: np.ndarray, growth: float, seed: int, purpose: str) -> None:
        """
        Args:
            shares: float [n], what each example takes of a batch (`batch_share`).
            growth: ratio of the bounds of neighbouring buckets.
            seed: of the run.
            purpose: what the draws are for, the problem's name say.
        """
        smallest = shares.min()
        bucket_of = np.ceil(np.log(shares / smallest) / np.log(growth) - 1e-9).astype(int)
        self.buckets = [np.flatnonzero(bucket_of == b) for b in np.unique(bucket_of)]
        longest = [shares[members].max() for members in self.buckets]
        self.rows = [max(1, int(1 / share + 1e-9)) for share in longest]
        self._seed, self._purpose = seed, purpose
        self._order = functools.lru_cache(maxsize=2)(self._draw_order)
        self._permutation = functools.lru_cache(maxsize=3 * len(self.buckets))(self._draw_members)

    @property
    def examples(self) -> int:
        """Examples of an epoch."""
        return sum(map(len, self.buckets))

    def first_batch(self, epoch: int) -> int:
        """The number of the batch with which an epoch begins."""
        counts = zip(self.buckets, self.rows, strict=True)
        return sum(-(-epoch * len(members) // rows) for members, rows in counts)

    def epoch_of(self, batch: int) -> int:
        """The epoch that a batch belongs to."""
        counts = zip(self.buckets, self.rows, strict=True)
        epoch = int(batch / sum(len(members) / rows for members, rows in counts))  # or next to it
        while self.first_batch(epoch) > batch:
            epoch -= 1
        while self.first_batch(epoch + 1) <= batch:
            epoch += 1
        return epoch

    def bucket_and_examples(self, batch: int) -> tuple[int, np.ndarray]:
        """The bucket of the n-th batch, and the numbers of its examples: int [rows]."""
        epoch = self.epoch_of(batch)
        bucket, chunk = self._order(epoch)[batch - self.first_batch(epoch)]
        size, rows = len(self.buckets[bucket]), self.rows[bucket]
        positions = chunk * rows + np.arange(rows)
        chosen = [self._permutation(bucket, int(p) // size)[int(p) % size] for p in positions]
        return int(bucket), np.asarray(chosen)

    def _draw_order(self, epoch: int) -> np.ndarray:
        """int [batches, 2]: (bucket, chunk of its stream), shuffled."""
        pairs = [
            (bucket, chunk)
            for bucket, (members, rows) in enumerate(zip(self.buckets, self.rows, strict=True))
            for chunk in range(
                -(-epoch * len(members) // rows), -(-(epoch + 1) * len(members) // rows)
            )
        ]
        return generator(self._seed, f"order/{self._purpose}", epoch).permutation(np.array(pairs))

    def _draw_members(self, bucket: int, epoch: int) -> np.ndarray:
        draws = generator(self._seed, f"examples/{self._purpose}", epoch, bucket)
        return draws.permutation(self.buckets[bucket])


def eval_batches(shares: np.ndarray, examples: np.ndarray) -> Iterator[np.ndarray]:
    """Cuts the given examples into batches of like length, each example once.

    Args:
        shares: float [n], what each example of the split takes of a batch.
        examples: int [m], the numbers of those to be scored.
    """
    order = examples[np.argsort(shares[examples], kind="stable")[::-1]]
    begin = 0
    while begin < len(order):
        rows = max(1, int(1 / shares[order[begin]] + 1e-9))  # the longest comes first
        yield order[begin : begin + rows]
        begin += rows

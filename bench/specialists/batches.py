"""Batches of examples that are about as long as each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np


def by_length(lengths: np.ndarray, most: int, draws: np.random.Generator) -> list[np.ndarray]:
    """The batches of one epoch, in an order that is drawn.

    Args:
        lengths: int [n], of the examples.
        most: rows times longest length of a batch; an example that is longer makes one of its own.
        draws: of the order; lengths that differ by less than a tenth are exchanged.

    Returns:
        Numbers of examples, each example once.
    """
    batches: list[list[int]] = [[]]
    for number in np.argsort(lengths * (1 + 0.1 * draws.random(len(lengths)))):
        longest = max(lengths[[*batches[-1], number]])
        if batches[-1] and longest * (len(batches[-1]) + 1) > most:
            batches.append([])
        batches[-1].append(int(number))
    return [np.asarray(batches[i]) for i in draws.permutation(len(batches))]


def endless(lengths: np.ndarray, most: int, draws: np.random.Generator) -> Iterator[np.ndarray]:
    """The batches of one epoch after the other; see `by_length`."""
    while True:
        yield from by_length(lengths, most, draws)


def padded(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays [length, ...] as one [rows, longest, ...], zeros behind each."""
    longest = max(map(len, arrays))
    rows = np.zeros((len(arrays), longest, *arrays[0].shape[1:]), arrays[0].dtype)
    for row, array in zip(rows, arrays, strict=True):
        row[: len(array)] = array
    return rows

"""Room for outputs: what a decoder's caches take, compared with the memory that is free."""

from __future__ import annotations

from collections.abc import Callable

import keras

from t2t_multimodel.backend import free_memory
from t2t_multimodel.errors import UserError
from t2t_multimodel.layers.base_body import Body

_UNSEEN = 1 << 28
"""Bytes that are given without a look at what is free."""


class Room:
    """Refuses outputs whose caches do not fit into memory, before any of it is taken.

    The caches of all positions are laid out at the start, so their size is known.

    Args:
        body: of the model.
        longest: positions of an output.
        beams: outputs that are followed for each input.
        copies: memory that a step takes over that of the caches.
        free: bytes that may still be taken, or None where that is not known: then nothing is
            refused. By default what the backend says.
    """

    def __init__(
        self,
        body: Body,
        longest: int,
        beams: int,
        copies: float,
        free: Callable[[], int | None] | None = None,
    ) -> None:
        self.longest, self._beams, self._free = longest, beams, free or free_memory
        one, two = (_bytes(body, length) for length in (1, 2))
        self.each_position = round(copies * (two - one))
        """Bytes of a position of one output."""
        self.rest = round(copies * (2 * one - two))
        """Bytes of one output, whatever its length."""
        self._given = _UNSEEN

    def check(self, rows: int) -> None:
        """Is asked before each batch.

        Args:
            rows: inputs that are decoded together.

        Raises:
            UserError: their outputs do not fit; it says how long they may be.
        """
        outputs = rows * self._beams
        needed = outputs * (self.rest + self.longest * self.each_position)
        if needed <= self._given:  # memory that was taken once is kept for the next batch
            return
        free = self._free()
        if free is not None and needed > free:
            fitting = (free // outputs - self.rest) // max(1, self.each_position)
            shorter = f"Give --max_length={fitting} or less, or a" if fitting > 0 else "Give a"
            raise UserError(
                f"Outputs of up to {self.longest:,} tokens need {needed / 1e9:,.1f} GB of memory "
                f"for {outputs:,} of them at once, but {free / 1e9:,.1f} GB are free.",
                f"{shorter} smaller --batch_size.",
            )
        self._given = needed


def _bytes(body: Body, length: int) -> int:
    """Of the caches of one output of that length."""
    caches = keras.tree.flatten(body.cache(1, length))
    return sum(keras.ops.convert_to_numpy(tensor).nbytes for tensor in caches)

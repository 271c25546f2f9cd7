"""RowShare: the rows of a micro-batch that one of several processes reads and computes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RowShare:
    """A run of neighbouring slots out of those that share the rows of each micro-batch.

    Empty rows fill a micro-batch up to a multiple of the slots, and each slot gets as many rows
    as the others.
    """

    first: int
    """The first slot of this process."""
    end: int
    """The slot behind its last one."""
    slots: int
    """Slots of all processes: devices along the axis "data" of the mesh."""

    def filled(self, rows: int) -> int:
        """The rows of a micro-batch with those that fill it up."""
        return -(-rows // self.slots) * self.slots

    def own(self, rows: int) -> range:
        """The rows of this process among all that a micro-batch has, those included that fill it.

        Args:
            rows: of the micro-batch, without those that fill it up.
        """
        each = self.filled(rows) // self.slots
        return range(self.first * each, self.end * each)

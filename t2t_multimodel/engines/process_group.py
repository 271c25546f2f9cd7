"""ProcessGroup: the processes of a run, as the training loop sees them. Mostly it is one alone."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from contextlib import AbstractContextManager

import numpy as np

from t2t_multimodel.data.row_share import RowShare
from t2t_multimodel.engines.micro_batch import Observed
from t2t_multimodel.errors import UserError

Scores = dict[str, dict[str, float]]
"""Problem -> name of a score -> its value."""


class ProcessGroup:
    """One process. `WorkerProcessGroup` is several, which all make the same calls in order."""

    chief = True
    """Whether this process writes and says what happens."""
    workers = 1
    worker = 0
    together = False
    """Whether all workers must take part in whatever the model computes."""

    @property
    def row_share(self) -> RowShare | None:
        """The rows of each micro-batch that this process reads; None: all."""
        return None

    def watching(self) -> AbstractContextManager[None]:
        """A context in which errors that tell of a worker that is gone become a `UserError`."""
        return contextlib.nullcontext()

    def owns(self, draw: int) -> bool:
        """Whether this process computes the micro-batch of that number in the run."""
        return draw % self.workers == self.worker

    def gather(self, values: np.ndarray) -> np.ndarray:
        """Numbers [n] of each worker, float64 [workers, n]; waits for all of them."""
        return np.asarray(values, np.float64)[None]

    def any(self, flag: bool) -> bool:
        """Whether the flag is set on any worker."""
        return bool(self.gather(np.array([flag])).any())

    def share(self, observed: Sequence[Observed | None]) -> list[Observed]:
        """The numbers of all micro-batches of a step, whoever computed them.

        Args:
            observed: for each micro-batch its numbers, or None where another worker has them.
        """
        if self.workers == 1:
            return [one for one in observed if one is not None]
        packed = pack({i: one for i, one in enumerate(observed) if one is not None})
        lengths = self.gather(np.array([len(packed)]))[:, 0].astype(int)
        table = self.gather(np.pad(packed, (0, lengths.max() - len(packed))))
        everyone: dict[int, Observed] = {}
        for row, length in zip(table, lengths, strict=True):
            everyone |= unpack(row[:length])
        return [everyone[i] for i in range(len(observed))]

    def wait(self) -> None:
        """Returns when every worker has come here."""
        self.any(False)

    def as_chief(self, scores: Scores) -> Scores:
        """The chief's scores, so that all decide alike, however their last digits differ."""
        self.wait()
        flat = [value for one in scores.values() for value in one.values()]
        first = iter(self.gather(np.array(flat))[0].tolist())
        return {name: {key: next(first) for key in one} for name, one in scores.items()}

    def check_same(self, facts: dict[str, int]) -> None:
        """Raises `UserError` unless all workers have the same numbers, as at a run's start."""
        table = self.gather(np.array(list(facts.values())))
        for name, column in zip(facts, table.T, strict=True):
            if len(set(column)) > 1:
                listed = ", ".join(f"{value:.0f} on worker {i}" for i, value in enumerate(column))
                raise UserError(
                    f"The workers do not start alike: {name} is {listed}.",
                    fix="Give all of them the same flags and packages, and a --data_dir and "
                    "--output_dir with the same contents, on a shared disk say.",
                )

    def leave(self) -> None:
        """Lets the others finish what they read from this process."""


ALONE = ProcessGroup()


def pack(observed: dict[int, Observed]) -> np.ndarray:
    """Numbers of micro-batches as bytes, one float64 each; exact for float32."""
    plain = {
        number: [
            {name: np.asarray(value, np.float64).tolist() for name, value in part.items()}
            for part in one
        ]
        for number, one in observed.items()
    }
    return np.frombuffer(json.dumps(plain).encode(), np.uint8).astype(np.float64)


def unpack(values: np.ndarray) -> dict[int, Observed]:
    """Inverse of `pack`."""
    plain = json.loads(values.astype(np.uint8).tobytes())
    return {
        int(number): Observed(
            *({name: np.asarray(v, np.float32) for name, v in part.items()} for part in parts)
        )
        for number, parts in plain.items()
    }

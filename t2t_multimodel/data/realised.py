"""Counts what a mixture came to: shares of batches, examples, tokens, epochs of each problem."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from t2t_multimodel.data.mixture import Mixture
from t2t_multimodel.data.stream import BatchStream


@dataclasses.dataclass(frozen=True)
class Realised:
    """One problem's part in a run so far."""

    problem: str
    asked: float
    """Micro-batches that the mixture's shares make."""
    batches: int
    """Micro-batches trained on."""
    examples: int
    inputs: int
    """Tokens, frames, samples or pixels of the inputs, padding not counted."""
    targets: int
    """Tokens of the targets with the ends, padding not counted; 1 for a class label."""
    train_examples: int
    """`train_examples` counts the train examples of the data set that the run uses."""

    @property
    def epochs(self) -> float:
        """Tells how often each train example was seen, in the mean."""
        return self.examples / self.train_examples

    def to_dict(self) -> dict[str, Any]:
        """JSON-able values."""
        return {**dataclasses.asdict(self), "epochs": self.epochs}


def realised(
    mixture: Mixture, streams: Mapping[str, BatchStream], steps: int, positions: Mapping[str, int]
) -> list[Realised]:
    """Counts what each problem got in the first `steps` steps.

    Counted from the positions alone, since the n-th batch of a stream is a function of n.

    Args:
        mixture: of the run.
        streams: of the run.
        steps: steps done.
        positions: problem -> batches used in them.
    """
    asked = mixture.asked(steps)
    rows = []
    for name, stream in streams.items():
        seen = stream.plan.times_seen(positions.get(name, 0))
        lengths = {key: values[: len(seen)] for key, values in stream.lengths.items()}
        rows.append(
            Realised(
                problem=name,
                asked=asked[name],
                batches=positions.get(name, 0),
                examples=int(seen.sum()),
                inputs=int(seen @ lengths["inputs"].astype(int)),
                targets=int(seen @ lengths["targets"].astype(int)),
                train_examples=stream.plan.examples,
            )
        )
    return rows

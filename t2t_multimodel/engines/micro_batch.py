"""Results of one micro-batch, on their way from the engine to the training loop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

Gradients = dict[int, Any]
"""Index into `model.trainable_variables` -> gradient, for those that the problem touches."""
Loads = dict[str, np.ndarray]
"""Path of a router's balancing bias -> number of tokens that each expert got, [E]."""


class Observed(NamedTuple):
    """Numbers that a micro-batch showed, see `ProblemLoss`."""

    scalars: dict[str, Any]
    loads: dict[str, Any]


class Computed(NamedTuple):
    """One micro-batch, computed."""

    gradients: Gradients
    observed: Observed | None
    """None where another worker computes it, see `WorkerEngine`."""


def on_host(observed: Observed | None) -> Observed | None:
    """The same numbers as arrays of numpy; waits until they are computed."""
    if observed is None:
        return None
    return Observed(
        *({name: np.asarray(value) for name, value in part.items()} for part in observed)
    )


def summed_loads(observed: Iterable[Observed]) -> Loads:
    """The loads of all micro-batches of a step; sums of counts, so their order does not matter."""
    total: Loads = {}
    for one in observed:
        for path, tokens_E in one.loads.items():
            total[path] = total.get(path, 0.0) + np.asarray(tokens_E, np.float64)
    return total

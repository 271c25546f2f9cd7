"""Load balancing without a loss: the routers' biases move once a step (arXiv 2408.15664)."""

from __future__ import annotations

import numpy as np

from t2t_multimodel.engines.engine import value_of
from t2t_multimodel.engines.micro_batch import Loads
from t2t_multimodel.multimodel import MultiModel


def move_biases(model: MultiModel, loads: Loads, rate: float) -> None:
    """Moves each bias by `rate` up where an expert got fewer tokens than the mean, else down.

    A bias that no load is given for stands still: no micro-batch of the step met its router, or
    its part is frozen.

    Args:
        model: whose routers they are.
        loads: of the whole step.
        rate: `model.moe.balance_rate`.
    """
    if not loads:
        return
    biases = {variable.path: variable for variable in model.non_trainable_variables}
    for path, tokens_E in loads.items():
        behind_E = np.sign(tokens_E.mean() - tokens_E).astype(np.float32)
        biases[path].assign(value_of(biases[path]) + np.float32(rate) * behind_E)

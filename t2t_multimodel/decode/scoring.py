"""Computes how probable given targets are."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from t2t_multimodel import backend
from t2t_multimodel.data.collate import Batch
from t2t_multimodel.errors import UserError
from t2t_multimodel.layers.loss import TokenScores
from t2t_multimodel.losses import score
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.types import Tensor


class Scorer:
    """Log-probabilities of the targets of one problem's batches; compiled once.

    Args:
        model, problem: see `Decoder`.
    """

    def __init__(self, model: MultiModel, problem: str) -> None:
        def run(batch: dict[str, Any]) -> Tensor:
            return _log_probability(model, problem, batch)

        self._compiled = backend.compile_for(model, model.signature(problem), run)

    def __call__(self, batch: Batch) -> np.ndarray:
        """float32 [B], the end's included; 0 for rows without targets."""
        return np.asarray(self._compiled(batch))


def score_targets(model: MultiModel, problem: str, batch: Batch) -> np.ndarray:
    """Does the same as `Scorer` for a single batch: nothing is compiled."""
    return np.asarray(_log_probability(model, problem, batch))


def _log_probability(model: MultiModel, problem: str, batch: Any) -> Tensor:
    scores, weights_BT, _ = score(model, batch, problem)
    if not isinstance(scores, TokenScores):
        raise UserError(f"Targets of {problem} are values, which have no probability.")
    return -ops.sum(scores.nats * weights_BT, axis=1)

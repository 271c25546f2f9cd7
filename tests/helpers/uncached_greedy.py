"""Greedy output that computes the whole prefix anew for each token: what caches must equal."""

from __future__ import annotations

import numpy as np

from t2t_multimodel.features import EOS_ID, PAD_ID
from t2t_multimodel.multimodel import Batch, MultiModel


def recomputed(
    model: MultiModel,
    problem: str,
    batch: Batch,
    longest: int,
    prefix: np.ndarray | None = None,
) -> np.ndarray:
    """int32 [B, longest], zero after the end. Ids of `prefix` that are not 0 are taken."""
    encoded = model.encode(batch, problem)
    rows = len(batch["inputs"])
    ids = np.zeros((rows, longest), np.int32)
    done = np.zeros(rows, bool)
    for t in range(longest):
        h = model.decode(encoded, ids, np.full(rows, longest, np.int32), problem)
        best = np.asarray(model.logits(h, problem))[:, t].argmax(axis=-1)
        if prefix is not None and t < prefix.shape[1]:
            best = np.where(prefix[:, t] > 0, prefix[:, t], best)
        ids[:, t] = np.where(done, PAD_ID, best)
        done |= ids[:, t] == EOS_ID
    return ids

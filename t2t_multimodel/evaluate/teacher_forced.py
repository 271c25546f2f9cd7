"""Teacher-forced scores: what the model makes of the targets when it is given those before.

They are the paper's own (tables 2 to 4): log-perplexity, accuracy per token, fully correct
sequences. They say little about free-running output, whose scores are named `decoded/...`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from t2t_multimodel.data.collate import Batch

Sums = dict[str, float]


def token_scores(logits: Any, targets: Any) -> dict[str, Any]:
    """What the scores need of the logits, small enough to leave the device.

    Args:
        logits: [rows, T, size]; T = 1 for class labels.
        targets: int [rows, T], or [rows] for class labels.

    Returns:
        log_prob: of the targets, in their shape; rank: how many entries score higher.
    """
    logits = ops.cast(logits if len(targets.shape) == 2 else logits[:, 0], "float32")
    chosen = ops.take_along_axis(logits, ops.expand_dims(targets, -1), axis=-1)
    # "not lower or equal" counts logits that are no numbers, so that they are never right
    higher = ops.sum(ops.cast(ops.logical_not(logits <= chosen), "int32"), axis=-1)
    log_prob = ops.squeeze(chosen, -1) - ops.logsumexp(logits, axis=-1)
    return {"log_prob": log_prob, "rank": higher}


def sums(scores: dict[str, np.ndarray], batch: Batch) -> Sums:
    """Sums over the real targets of a batch; sums of batches add up.

    Args:
        scores: from `token_scores`.
        batch: with `targets_length`, 0 for filler rows.
    """
    length = batch["targets_length"]
    if scores["rank"].ndim == 1:
        mask = length > 0
        top5 = {"top5": float(((scores["rank"] < 5) & mask).sum())}
    else:
        mask = np.arange(scores["rank"].shape[1]) < length[:, None]
        top5 = {}
    right = (scores["rank"] == 0) & mask
    wrong_rows = ((scores["rank"] > 0) & mask).reshape(len(length), -1).any(axis=1)
    return {
        "nats": -float(np.where(mask, scores["log_prob"], 0.0).sum(dtype=np.float64)),
        "tokens": float(mask.sum()),
        "right": float(right.sum()),
        "examples": float((length > 0).sum()),
        "right_examples": float(((length > 0) & ~wrong_rows).sum()),
        **top5,
    }


def scores_from(total: Sums) -> dict[str, float]:
    """Named scores out of sums over a whole split.

    Text: tf/log_ppl (nats a token, the end included), tf/accuracy, tf/sequence_accuracy.
    Class labels, which have no prefix to be forced: log_ppl, top1, top5.
    """
    log_ppl, accuracy = total["nats"] / total["tokens"], total["right"] / total["tokens"]
    if "top5" in total:
        return {"log_ppl": log_ppl, "top1": accuracy, "top5": total["top5"] / total["examples"]}
    return {
        "tf/log_ppl": log_ppl,
        "tf/accuracy": accuracy,
        "tf/sequence_accuracy": total["right_examples"] / total["examples"],
    }

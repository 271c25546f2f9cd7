"""Teacher-forced scores: what the model makes of the targets when it is given those before.

They are the paper's own (tables 2 to 4): log-perplexity, accuracy per token, fully correct
sequences. They say little about free-running output, whose scores are named `decoded/...`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from keras import ops

from t2t_multimodel.data.collate import Batch
from t2t_multimodel.metrics.score import Score, SummedScore, ratio
from t2t_multimodel.metrics.text import FIRST

TOKENS = 1
"""The column of `counts` that holds the number of tokens."""


def token_scores(logits: Any, targets: Any) -> dict[str, Any]:
    """Computes what the scores need of the logits; it is small enough to leave the device.

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


def counts(scores: dict[str, np.ndarray], batch: Batch, size: int) -> np.ndarray:
    """Counts what each real example of a batch adds: float [examples, columns].

    Columns: nats, tokens, right tokens, whether all are right; for class labels, which are one
    token, also whether the label is among the first five. Of no more than five classes the first
    three columns are all that there is to know.

    Args:
        scores: from `token_scores`.
        size: tokens or classes that there are.
        batch: with `targets_length`, 0 for filler rows.
    """
    length = batch["targets_length"]
    rank = scores["rank"].reshape(len(length), -1)
    log_prob = scores["log_prob"].reshape(rank.shape)
    mask = np.arange(rank.shape[1]) < length[:, None]
    right = (rank == 0) & mask
    columns = [
        -np.where(mask, log_prob, 0.0).sum(axis=1, dtype=np.float64),
        mask.sum(axis=1),
        right.sum(axis=1),
        right.sum(axis=1) == length,
    ]
    if scores["rank"].ndim == 1:
        columns.append(((rank < FIRST) & mask).any(axis=1))
        columns = columns if size > FIRST else columns[:3]
    return np.stack(columns, axis=1).astype(np.float64)[length > 0]


def nats_at(logits: Any, targets: Any, length: Any, temperatures: Sequence[float]) -> Any:
    """Computes the nats of each example at several temperatures: float [rows, temperatures].

    Args:
        logits: [rows, T, size]; T = 1 for class labels.
        targets: int [rows, T], or [rows] for class labels.
        length: int [rows], of the targets; 0 for filler rows.
        temperatures: the logits are divided by each.
    """
    labels = targets if len(targets.shape) == 2 else targets[:, None]
    logits = ops.cast(logits, "float32")
    chosen = ops.squeeze(ops.take_along_axis(logits, labels[:, :, None], axis=-1), -1)
    mask = ops.arange(ops.shape(labels)[1])[None] < length[:, None]
    rows = []
    for temperature in temperatures:
        nats = ops.logsumexp(logits / temperature, axis=-1) - chosen / temperature
        rows.append(ops.sum(ops.where(mask, nats, 0.0), axis=1))
    return ops.stack(rows, axis=1)


def tempered_scores(nats: np.ndarray, tokens: np.ndarray, known: Iterable[str]) -> dict[str, Score]:
    """The loss at a fitted temperature, under the name of the loss among `known` scores.

    Args:
        nats, tokens: of each example.
        known: the full names of the other teacher-forced scores.
    """
    loss = next(name for name in known if name.endswith("log_ppl"))
    return {f"{loss}_tempered": SummedScore(np.stack([nats, tokens], axis=1), ratio)}


def error_counts(error: np.ndarray, batch: Batch) -> np.ndarray:
    """Returns what each real example of values adds: float [examples, 2], error and targets.

    Args:
        error: [rows, T], see `ValueScores`.
        batch: with `targets_length`, 0 for filler rows.
    """
    length = batch["targets_length"]
    rows = np.stack([error.sum(axis=1), np.full(len(error), error.shape[1])], axis=1)
    return rows.astype(np.float64)[length > 0]


def scores_of(rows: np.ndarray, loss: str = "") -> dict[str, Score]:
    """Named scores out of the `counts` or `error_counts` of a whole split.

    Tokens: teacher_forced/log_ppl (nats a token, the end included), teacher_forced/accuracy,
    teacher_forced/sequence_accuracy.
    Classes, which have no prefix to be forced: log_ppl, top1, and of more than five top5.
    Values: their loss.

    Args:
        loss: the name of the loss of values, such as squared_error; "" for tokens and classes.
    """
    if loss:
        return {f"loss/{loss}": SummedScore(rows, ratio)}
    nats, tokens, right, *more = rows.T
    examples = np.ones(len(rows))
    parts = {"log_ppl": (nats, tokens), "top1": (right, tokens)}
    if len(more) == 1:
        parts = {"log_ppl": (nats, tokens), "accuracy": (right, tokens)}
        parts = {f"teacher_forced/{name}": part for name, part in parts.items()}
        parts["teacher_forced/sequence_accuracy"] = (more[0], examples)
    elif more:
        parts["top5"] = (more[1], examples)
    return {name: SummedScore(np.stack(part, axis=1), ratio) for name, part in parts.items()}

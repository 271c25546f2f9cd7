"""Losses of targets: cross entropy with label smoothing as Tensor2Tensor defines it, and errors."""

from __future__ import annotations

import math
from typing import NamedTuple

from keras import ops

from t2t_multimodel.features.signature import CROSS_ENTROPY, VALUE_LOSS
from t2t_multimodel.layers import fast
from t2t_multimodel.types import Tensor


class TokenScores(NamedTuple):
    """Tells what a set of logits is worth, position by position."""

    loss: Tensor
    """Smoothed cross entropy, nats; the best possible prediction costs 0."""
    nats: Tensor
    """Unsmoothed cross entropy, -log p(label)."""
    correct: Tensor
    """1.0 where the label has the largest logit, else 0.0."""

    @property
    def measures(self) -> dict[str, Tensor]:
        """Name in the logs of training -> values whose mean over the targets is logged."""
        return {CROSS_ENTROPY: self.nats, "accuracy": self.correct}


class ValueScores(NamedTuple):
    """Tells what predicted values are worth, position by position."""

    loss: Tensor
    """The loss that training makes smaller."""
    error: Tensor
    """The same, without what is added for training alone."""
    name: str
    """The name of the error: squared_error."""

    @property
    def measures(self) -> dict[str, Tensor]:
        """Name in the logs of training -> values whose mean over the targets is logged."""
        return {VALUE_LOSS + self.name: self.error}


Scores = TokenScores | ValueScores


def squared_error(predicted: Tensor, values: Tensor) -> ValueScores:
    """Mean of the squared differences of each target: [B, T, ...] to [B, T]."""
    predicted, values = ops.cast(predicted, "float32"), ops.cast(values, "float32")
    axes = tuple(range(2, len(values.shape)))
    error = ops.mean(ops.square(predicted - values), axis=axes)
    return ValueScores(error, error, "squared_error")


def cross_entropy(
    logits: Tensor, labels: Tensor, label_smoothing: float = 0.0, label_logit: Tensor | None = None
) -> TokenScores:
    """Scores `labels` [...] under `logits` [..., V]; no mask is applied.

    The label keeps 1 - s of the target distribution, each other class gets s / (V - 1). The
    entropy of that distribution is subtracted, so that the best loss is 0.

    Args:
        label_logit: the label's logit [...], from a caller who has it at less cost: the gradient
            of picking it out of `logits` is as large as these.
    """
    logits = ops.cast(logits, "float32")
    labels = ops.cast(labels, "int32")
    n_classes = logits.shape[-1]
    if label_logit is None:
        label_logit = ops.take_along_axis(logits, labels[..., None], axis=-1)[..., 0]
    log_z, logit_sum = fast.partition(logits)
    nats = log_z - label_logit
    correct = ops.cast(ops.equal(fast.argmax(logits), labels), "float32")
    if label_smoothing == 0.0:
        return TokenScores(nats, nats, correct)
    low = label_smoothing / (n_classes - 1)
    high = 1.0 - label_smoothing
    expected = (high - low) * label_logit + low * logit_sum
    baseline = -(high * math.log(high) + (n_classes - 1) * low * math.log(low + 1e-20))
    return TokenScores(log_z - expected - baseline, nats, correct)

"""Drawing tokens. Each draw is a function of seed and position: nothing is kept in between.

Legend: R rows, V tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from t2t_multimodel.config.decode import DecodeConfig
from t2t_multimodel.layers.random import StepSeed
from t2t_multimodel.types import Tensor

OUT = -1e9
"""Logit of tokens that are not drawn."""


def sampler(config: DecodeConfig) -> Callable[[Any, Any], Any]:
    """(logits [R, V], t) -> ids [R], drawn after temperature, then top_k, then top_p."""

    def draw(logits_RV: Tensor, t: Tensor) -> Tensor:
        logits_RV = logits_RV / config.temperature
        if config.top_k:
            logits_RV = among_best(logits_RV, config.top_k)
        if config.top_p < 1:
            logits_RV = in_nucleus(logits_RV, config.top_p)
        seed = StepSeed(config.seed, draws=t)
        uniform = keras.random.uniform(ops.shape(logits_RV), 1e-20, 1.0, seed=seed)
        gumbel = -ops.log(-ops.log(uniform))
        return ops.cast(ops.argmax(logits_RV + gumbel, axis=-1), "int32")

    return draw


def among_best(logits_RV: Tensor, k: int) -> Tensor:
    """Logits with all but the k largest out; equals of the k-th stay."""
    kth = ops.top_k(logits_RV, min(k, logits_RV.shape[-1]))[0][:, -1:]
    return ops.where(logits_RV < kth, OUT, logits_RV)


def in_nucleus(logits_RV: Tensor, p: float) -> Tensor:
    """Logits with all out but the fewest that have probability p together."""
    sorted_RV = ops.flip(ops.sort(logits_RV, axis=-1), axis=-1)
    probability_RV = ops.softmax(sorted_RV, axis=-1)
    before_RV = ops.cumsum(probability_RV, axis=-1) - probability_RV
    least = ops.min(ops.where(before_RV < p, sorted_RV, -OUT), axis=-1, keepdims=True)
    return ops.where(logits_RV < least, OUT, logits_RV)

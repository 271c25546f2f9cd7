"""Noisy top-k gating (Shazeer et al. 2017, arXiv 1701.06538, section 2.1 and appendix A).

Legend: N tokens, D model width, E experts, k experts a token.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import keras
from keras import ops

from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.random import StepSeed

NOISE_EPSILON = 1e-2


class Gates(NamedTuple):
    """Where tokens go, and how evenly."""

    experts_Nk: Any
    """int32 ids of each token's experts, the best first."""
    weights_Nk: Any
    """Softmax over the chosen logits."""
    importance_E: Any
    """Sum of gate weights over tokens."""
    load_E: Any
    """Expected number of tokens, smooth in the logits while noise is on; a count without."""
    tokens_E: Any
    """Number of tokens really sent."""


class NoisyTopKGating(Block):
    """Chooses k of E experts for each token.

        clean = x Wg,   noisy = clean + N(0, 1) * (softplus(x Wn) + 0.01)  (noise in training)
        G(x) = softmax over the k largest of noisy, 0 elsewhere

    Both matrices start at zero, as in the source, so that the noise alone spreads the tokens
    at first. Router arithmetic is float32 whatever the compute type.

    Args:
        channels: D.
        experts: E.
        k: experts a token.
    """

    def __init__(self, channels: int, experts: int, k: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.channels, self.experts, self.k = channels, experts, k

    def make_weights(self) -> None:
        shape = (self.channels, self.experts)
        self.gate = self.add_weight(shape=shape, initializer="zeros", name="gate", autocast=False)
        self.noise = self.add_weight(shape=shape, initializer="zeros", name="noise", autocast=False)

    def call(
        self,
        x_ND: Any,
        mask_N: Any = None,
        training: bool = False,
        seed: StepSeed | None = None,
    ) -> Gates:
        """Tokens where `mask_N` is 0 count in none of the sums.

        Raises:
            ValueError: training without a seed.
        """
        x_ND = ops.cast(x_ND, "float32")
        clean_NE = ops.matmul(x_ND, self.gate)
        if not training:
            return top_k_gates(clean_NE, clean_NE, None, self.k, mask_N)
        if seed is None:
            raise ValueError("Training with noisy gating needs a StepSeed.")
        stddev_NE = ops.softplus(ops.matmul(x_ND, self.noise)) + NOISE_EPSILON
        draws_NE = keras.random.normal(ops.shape(clean_NE), seed=seed)
        noisy_NE = clean_NE + draws_NE * stddev_NE
        return top_k_gates(clean_NE, noisy_NE, stddev_NE, self.k, mask_N)


def top_k_gates(clean_NE: Any, noisy_NE: Any, stddev_NE: Any, k: int, mask_N: Any) -> Gates:
    """Gates from logits before and after the noise; `stddev_NE` is None where there is none."""
    n_experts = clean_NE.shape[1]
    top_logits, top_ids = ops.top_k(noisy_NE, min(k + 1, n_experts))
    weights_Nk = ops.softmax(top_logits[:, :k], axis=-1)
    experts_Nk = ops.cast(top_ids[:, :k], "int32")

    live_N1 = 1.0 if mask_N is None else ops.cast(mask_N, "float32")[:, None]
    chosen_NkE = ops.one_hot(experts_Nk, n_experts, dtype="float32")
    gates_NE = ops.sum(chosen_NkE * weights_Nk[:, :, None], axis=1) * live_N1
    sent_NE = ops.sum(chosen_NkE, axis=1) * live_N1
    if k < n_experts:
        load_NE = _chance_to_stay(clean_NE, noisy_NE, stddev_NE, top_logits, k) * live_N1
    else:
        load_NE = ops.cast(gates_NE > 0, "float32")
    return Gates(
        experts_Nk,
        weights_Nk,
        ops.sum(gates_NE, axis=0),
        ops.sum(load_NE, axis=0),
        ops.sum(sent_NE, axis=0),
    )


def _chance_to_stay(clean_NE: Any, noisy_NE: Any, stddev_NE: Any, top_Nk1: Any, k: int) -> Any:
    """P(expert is in the top k if its own noise is drawn again), normal distribution function.

    An expert in the top k must beat the (k+1)-th logit, the others the k-th.
    """
    if_in, if_out = top_Nk1[:, k : k + 1], top_Nk1[:, k - 1 : k]
    margin = clean_NE - ops.where(noisy_NE > if_in, if_in, if_out)
    if stddev_NE is None:  # the limit of no noise; a tie counts one half
        return 0.5 * (1.0 + ops.sign(margin))
    return 0.5 * (1.0 + ops.erf(margin / (stddev_NE * math.sqrt(2.0))))


def cv_squared(v_E: Any) -> Any:
    """Squared coefficient of variation: var(v) / (mean(v)^2 + 1e-10), biased variance."""
    mean = ops.mean(v_E)
    return ops.mean(ops.square(v_E - mean)) / (ops.square(mean) + 1e-10)

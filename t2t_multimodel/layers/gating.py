"""Noisy top-k gating (Shazeer et al. 2017, arXiv 1701.06538, section 2.1 and appendix A).

Legend: N tokens, D model width, E experts, k experts a token.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from keras import ops

from t2t_multimodel.layers import fast
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.mode import EVAL, Mode
from t2t_multimodel.layers.random import StepSeed
from t2t_multimodel.types import Tensor

NOISE_EPSILON = 1e-2


class Gates(NamedTuple):
    """Tells where tokens go, and how evenly."""

    experts_Nk: Tensor
    """int32 ids of each token's experts."""
    weights_Nk: Tensor
    """Their gates G(x)."""
    importance_E: Tensor
    """Sum of gates over tokens."""
    load_E: Tensor
    """Expected number of tokens, smooth in the logits while noise is on; a count without."""
    tokens_E: Tensor
    """Number of tokens really sent."""
    logits_NE: Tensor
    """Clean logits; of the groups, with two levels."""


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
        balanced: whether there is a bias on the choice, not on the gates, by which the trainer
            balances the loads without a loss (arXiv 2408.15664).
    """

    def __init__(
        self, channels: int, experts: int, k: int, *, balanced: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.channels, self.experts, self.k, self.balanced = channels, experts, k, balanced

    def make_weights(self) -> None:
        shape = (self.channels, self.experts)
        self.gate = self.add_weight(shape=shape, initializer="zeros", name="gate", autocast=False)
        self.noise = self.add_weight(shape=shape, initializer="zeros", name="noise", autocast=False)
        self.bias = (
            self.add_weight(
                shape=(self.experts,),
                initializer="zeros",
                name="bias",
                trainable=False,
                autocast=False,
            )
            if self.balanced
            else None
        )

    def call(
        self,
        x_ND: Tensor,
        mask_N: Tensor | None = None,
        mode: Mode = EVAL,
    ) -> Gates:
        """Tokens where `mask_N` is 0 count in none of the sums.

        Raises:
            ValueError: training without a seed.
        """
        x_ND = router_input(x_ND, mode)
        clean_NE = ops.matmul(x_ND, self.gate)
        stddev_NE = noise_stddev(x_ND, self.noise) if mode.training else None
        choice = top_k_gates(clean_NE, stddev_NE, self.k, mode.seed, self.bias)
        live_N1 = 1.0 if mask_N is None else ops.cast(mask_N, "float32")[:, None]
        return Gates(
            choice.experts,
            choice.weights,
            ops.sum(choice.gates * live_N1, axis=0),
            ops.sum(choice.load * live_N1, axis=0),
            ops.sum(choice.sent * live_N1, axis=0),
            clean_NE,
        )


def router_input(x: Tensor, mode: Mode) -> Tensor:
    """x in float32, with the command's embedding added if there is one (arXiv 2206.04674)."""
    x = ops.cast(x, "float32")
    return x if mode.task_D is None else x + ops.cast(mode.task_D, "float32")


def noise_stddev(x: Tensor, noise: Tensor) -> Tensor:
    """softplus(x Wn) + 0.01"""
    return ops.softplus(ops.matmul(x, noise)) + NOISE_EPSILON


class Choice(NamedTuple):
    """The k chosen of the last axis of some logits, token by token."""

    experts: Tensor
    """int32 [..., k], the best first."""
    weights: Tensor
    """[..., k]: softmax over the chosen logits."""
    gates: Tensor
    """[..., E]: the weights, 0 for experts not chosen."""
    sent: Tensor
    """[..., E]: 1 for the chosen."""
    load: Tensor
    """[..., E]: chance to be chosen if an expert's own noise is drawn again."""


def top_k_gates(
    clean: Tensor,
    stddev: Tensor | None,
    k: int,
    seed: StepSeed | None = None,
    bias: Tensor | None = None,
) -> Choice:
    """Adds noise of deviation `stddev` (None: no noise) to logits [..., E] and takes the top k.

    A `bias` [E] is added for the choice alone; the gates do not know it.

    Raises:
        ValueError: noise without a seed.
    """
    n_experts = clean.shape[-1]
    noisy = clean
    if stddev is not None:
        if seed is None:
            raise ValueError("Training with noisy gating needs a StepSeed.")
        noisy = clean + seed.normal(ops.shape(clean)) * stddev
    unbiased = noisy
    if bias is not None:
        clean, noisy = clean + bias, noisy + bias
    top, top_ids = fast.top_k(noisy, min(k + 1, n_experts))
    experts = ops.cast(top_ids[..., :k], "int32")
    kept = top[..., :k] if bias is None else ops.take_along_axis(unbiased, experts, axis=-1)
    weights = ops.softmax(kept, axis=-1) if k > 1 else ops.ones_like(kept)
    chosen = ops.one_hot(experts, n_experts, dtype="float32")
    gates = ops.sum(chosen * weights[..., None], axis=-2)
    if k < n_experts:
        load = _chance_to_stay(clean, noisy, stddev, top[..., k - 1 : k], top[..., k : k + 1])
    else:
        load = ops.cast(gates > 0, "float32")
    return Choice(experts, weights, gates, ops.sum(chosen, axis=-2), load)


def _chance_to_stay(
    clean: Tensor, noisy: Tensor, stddev: Tensor | None, kth: Tensor, next_one: Tensor
) -> Tensor:
    """Normal distribution function of the margin to the logit that an expert must beat.

    That is the (k+1)-th for experts in the top k, the k-th for the others.
    """
    margin = clean - ops.where(noisy > next_one, next_one, kth)
    if stddev is None:  # the limit of no noise; a tie counts one half
        return 0.5 * (1.0 + ops.sign(margin))
    return 0.5 * (1.0 + ops.erf(margin / (stddev * math.sqrt(2.0))))


def cv_squared(v_E: Tensor) -> Tensor:
    """Squared coefficient of variation: var(v) / (mean(v)^2 + 1e-10), biased variance."""
    mean = ops.mean(v_E)
    return ops.mean(ops.square(v_E - mean)) / (ops.square(mean) + 1e-10)

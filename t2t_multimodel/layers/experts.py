"""The mixture-of-experts layer (paper, section 2.3; Shazeer et al. 2017, arXiv 1701.06538).

Legend: B batch, L length, D model width, N = B * L tokens, E experts, k experts a token.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
from keras import ops

from t2t_multimodel.layers import capture
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.fast_experts import expert_ffn
from t2t_multimodel.layers.gating import Gates, NoisyTopKGating, cv_squared
from t2t_multimodel.layers.hierarchical_gating import HierarchicalGating
from t2t_multimodel.layers.mode import EVAL, Mode
from t2t_multimodel.types import Tensor


@dataclass(frozen=True)
class MixtureSpec:
    """The form of a mixture of experts, and how its router is kept in balance."""

    experts: int
    """E, the number of experts."""
    k: int
    """Experts a token; with groups, choices of each level."""
    hidden: tuple[int, ...]
    """Widths of an expert's hidden layers."""
    groups: int = 1
    """Above 1, the experts are chosen in two levels, in groups of equal size."""
    loss_weight: float = 1e-2
    """Weight of CV^2(importance) + CV^2(load) in the loss."""
    z_loss_weight: float = 0.0
    """Weight of the mean square of the log of the router's partition function
    (arXiv 2202.08906)."""
    balanced: bool = False
    """Whether each expert has a bias on the choice, by which the trainer balances the loads
    (arXiv 2408.15664)."""
    autoscale: bool = False
    """Whether the output is multiplied by Tensor2Tensor's factor, (width / D)^-0.5 for each
    hidden layer."""

    def __post_init__(self) -> None:
        if self.groups > 1 and self.balanced:
            raise ValueError("A router of two levels has no balancing bias.")


class Routing(NamedTuple):
    """Tells what one mixture layer did with one batch."""

    loss: Tensor
    """Weighted losses of the router, to be added to the training loss."""
    share_E: Tensor
    """Part of all assignments that each expert got; sums to 1."""
    entropy: Tensor
    """`entropy` is that of `share_E` in nats: log E when all experts get the same."""
    max_violation: Tensor
    """(largest load - mean load) / mean load; 0 when all get the same (arXiv 2408.15664)."""
    loads: dict[str, Any]
    """Path of the balancing bias -> number of tokens that each expert got, float32 [E].

    It is empty for a router without a bias, and for one that is frozen."""


class MixtureOfExperts(Block):
    """y = sum over the chosen experts of G(x)_i * E_i(x), E_i(x) = ReLU(x W0_i) W1_i, no biases.

    Expert weights are stacked [E, in, out], so that a distribution can shard the first axis.
    No token is dropped; tokens at padding go nowhere and count nowhere.

    `call` changes nothing: a balancing bias is moved after the step, by the engine, from the
    loads that the micro-batches' routings hold.

    Args:
        channels: D.
        spec: the form of the mixture.
    """

    def __init__(self, channels: int, spec: MixtureSpec, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.channels, self.spec, self.scale = channels, spec, 1.0
        if spec.autoscale:
            self.scale = math.prod((width / channels) ** -0.5 for width in spec.hidden)
        self.gating = (
            HierarchicalGating(
                channels, spec.groups, spec.experts // spec.groups, spec.k, name="gating"
            )
            if spec.groups > 1
            else NoisyTopKGating(
                channels, spec.experts, spec.k, balanced=spec.balanced, name="gating"
            )
        )

    def make_weights(self) -> None:
        sizes = (self.channels, *self.spec.hidden, self.channels)
        self.kernels = [
            self.add_weight(
                shape=(self.spec.experts, fan_in, fan_out),
                initializer=keras.initializers.RandomNormal(stddev=fan_in**-0.5),
                name=f"experts_kernel{i}",
            )
            for i, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes))
        ]

    def call(
        self, x_BLD: Tensor, mask_BL: Tensor | None = None, mode: Mode = EVAL
    ) -> tuple[Tensor, Routing]:
        """Returns the mixture's output [B, L, D], zeros at padding, and what it did."""
        x_ND = ops.reshape(x_BLD, (-1, self.channels))
        mask_N = None if mask_BL is None else ops.reshape(mask_BL, (-1,))
        gates = self.gating(x_ND, mask_N=mask_N, mode=mode)
        capture.capture(self.path, gates.experts_Nk)
        kernels = tuple(map(ops.convert_to_tensor, self.kernels))
        y_ND = expert_ffn(x_ND, gates.experts_Nk, gates.weights_Nk, kernels, mask_N)
        y_BLD = ops.reshape(y_ND * self.scale, ops.shape(x_BLD))
        return y_BLD, self._routing(gates, mask_N)

    def _routing(self, gates: Gates, mask_N: Tensor | None) -> Routing:
        spec = self.spec
        loss = spec.loss_weight * (cv_squared(gates.importance_E) + cv_squared(gates.load_E))
        if spec.z_loss_weight:
            squares_N = ops.square(ops.logsumexp(gates.logits_NE, axis=-1))
            live_N = ops.ones_like(squares_N) if mask_N is None else ops.cast(mask_N, "float32")
            mean = ops.sum(squares_N * live_N) / ops.maximum(1.0, ops.sum(live_N))
            loss = loss + spec.z_loss_weight * mean
        share_E = gates.tokens_E / ops.maximum(1.0, ops.sum(gates.tokens_E))
        entropy = -ops.sum(share_E * ops.log(ops.maximum(share_E, 1e-9)))
        bias = self.gating.bias if spec.balanced and self.trainable else None
        loads = {} if bias is None else {bias.path: gates.tokens_E}
        return Routing(loss, share_E, entropy, spec.experts * ops.max(share_E) - 1.0, loads)

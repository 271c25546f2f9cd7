"""Two levels of noisy top-k gating (Shazeer et al. 2017, arXiv 1701.06538, appendix B).

Legend: N tokens, D model width, G groups, E experts of one group, k choices of each level.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.gating import Gates, noise_stddev, router_input, top_k_gates
from t2t_multimodel.layers.mode import EVAL, Mode
from t2t_multimodel.types import Tensor


class HierarchicalGating(Block):
    """Chooses k of G groups, then k of E experts in each: k * k experts a token.

    The gate of an expert is the product of its group's gate and its own in the group. Its load
    is its own, times the group's smooth load over the group's true number of tokens. Experts
    are numbered group * E + expert.

    Args:
        channels: D.
        groups: G.
        experts: E.
        k: choices of each level.
    """

    def __init__(self, channels: int, groups: int, experts: int, k: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.channels, self.groups, self.experts, self.k = channels, groups, experts, k

    def make_weights(self) -> None:
        for name, shape in (
            ("gate", (self.channels, self.groups)),
            ("noise", (self.channels, self.groups)),
            ("secondary_gate", (self.groups, self.channels, self.experts)),
            ("secondary_noise", (self.groups, self.channels, self.experts)),
        ):
            weight = self.add_weight(shape=shape, initializer="zeros", name=name, autocast=False)
            setattr(self, name, weight)

    def call(
        self,
        x_ND: Tensor,
        mask_N: Tensor | None = None,
        mode: Mode = EVAL,
    ) -> Gates:
        """Tokens where `mask_N` is 0 count in none of the sums."""
        x_ND = router_input(x_ND, mode)
        clean_NG = ops.matmul(x_ND, self.gate)
        stddev_NG = noise_stddev(x_ND, self.noise) if mode.training else None
        primary = top_k_gates(clean_NG, stddev_NG, self.k, mode.seed)
        x_GND = ops.broadcast_to(x_ND[None], (self.groups, *ops.shape(x_ND)))
        clean_GNE = ops.matmul(x_GND, self.secondary_gate)
        stddev_GNE = noise_stddev(x_GND, self.secondary_noise) if mode.training else None
        secondary = top_k_gates(clean_GNE, stddev_GNE, self.k, mode.seed)
        live_N1 = 1.0 if mask_N is None else ops.cast(mask_N, "float32")[:, None]
        in_group_GN1 = ops.transpose(primary.sent * live_N1)[:, :, None]
        group_gate_GN1 = ops.transpose(primary.gates * live_N1)[:, :, None]
        group_load_G = ops.sum(primary.load * live_N1, axis=0)
        group_count_G = ops.sum(primary.sent * live_N1, axis=0)
        load_GE = ops.sum(secondary.load * in_group_GN1, axis=1)
        load_GE = load_GE * (group_load_G / (group_count_G + 1e-10))[:, None]
        experts_Nk, weights_Nk = self._joined(primary, secondary)
        return Gates(
            experts_Nk,
            weights_Nk,
            ops.reshape(ops.sum(secondary.gates * group_gate_GN1, axis=1), (-1,)),
            ops.reshape(load_GE, (-1,)),
            ops.reshape(ops.sum(secondary.sent * in_group_GN1, axis=1), (-1,)),
            clean_NG,
        )

    def _joined(self, primary: Any, secondary: Any) -> tuple[Tensor, Tensor]:
        """Ids and gates of the k * k experts of each token, [N, k * k]."""
        groups_Nk1 = primary.experts[:, :, None]
        picked = [
            ops.take_along_axis(ops.transpose(values, (1, 0, 2)), groups_Nk1, axis=1)
            for values in (secondary.experts, secondary.weights)
        ]
        experts = groups_Nk1 * self.experts + picked[0]
        weights = primary.weights[:, :, None] * picked[1]
        return (
            ops.reshape(experts, (-1, self.k * self.k)),
            ops.reshape(weights, (-1, self.k * self.k)),
        )

"""A mixture of experts with its surroundings, and what may stand in its place."""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel.config.body import PaperBodyConfig
from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.config.moe import DenseComputeConfig, DenseParamsConfig, NoExpertsConfig
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.experts import MixtureOfExperts, MixtureSpec, Routing
from t2t_multimodel.layers.linear import Linear
from t2t_multimodel.layers.mode import EVAL, Mode, dropout
from t2t_multimodel.layers.norm import LayerNorm
from t2t_multimodel.types import Tensor


class ExpertsAndNorm(Block):
    """LN(x + MoE(x)), as Tensor2Tensor wires it; the paper leaves the surroundings open."""

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config = config
        body = config.body
        self.drops = isinstance(body, PaperBodyConfig) and body.dropout_place == "branch"
        self.mixture = mixture(config, name="mixture")
        self.norm = LayerNorm(config.hidden_size, name="norm")

    def call(
        self, x_BLD: Tensor, mask_BL: Tensor | None = None, mode: Mode = EVAL
    ) -> tuple[Tensor, Routing | None]:
        """[B, L, D] to the same shape; the routing is None where nothing is routed."""
        routed = None if self.config.routes_padding else mask_BL
        y_BLD, routing = self.mixture(x_BLD, mask_BL=routed, mode=mode)
        if self.drops:
            y_BLD = dropout(y_BLD, self.config.dropout, mode)
        return self.norm(x_BLD + y_BLD), routing


class DenseInstead(Block):
    """ReLU(x W0) W1 for all tokens alike, in the place of a mixture.

    Args:
        channels: of x and of the result.
        hidden: width of the hidden layer.
    """

    def __init__(self, channels: int, hidden: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.layer0 = Linear(channels, hidden, name="layer0")
        self.layer1 = Linear(hidden, channels, name="layer1")

    def call(
        self, x_BLD: Tensor, mask_BL: Tensor | None = None, mode: Mode = EVAL
    ) -> tuple[Tensor, None]:
        """[B, L, D] to the same shape; padding is computed too."""
        return self.layer1(ops.relu(self.layer0(x_BLD))), None


class NothingInstead(Block):
    """Zeros, in the place of a mixture: its skip and its norm stay."""

    def call(
        self, x_BLD: Tensor, mask_BL: Tensor | None = None, mode: Mode = EVAL
    ) -> tuple[Tensor, None]:
        """Zeros of the shape of x."""
        return ops.zeros_like(x_BLD), None


def mixture(config: ModelConfig, *, hidden: int | None = None, name: str) -> Block:
    """A mixture layer of the body with one hidden layer, or what `config.moe` has instead.

    It returns its output and a `Routing`, or None where nothing is routed.

    Args:
        config: of the model.
        hidden: width of an expert's hidden layer, if it is not `config.moe.hidden`.
        name: of the layer.
    """
    width, moe = config.hidden_size, config.moe
    if isinstance(moe, NoExpertsConfig):
        return NothingInstead(name=name)
    hidden = hidden or moe.hidden
    if isinstance(moe, DenseParamsConfig):
        return DenseInstead(width, moe.experts * hidden, name=name)
    if isinstance(moe, DenseComputeConfig):
        return DenseInstead(width, moe.per_token * hidden, name=name)
    spec = MixtureSpec(
        moe.experts,
        moe.per_token,
        (hidden,),
        groups=moe.groups,
        loss_weight=moe.loss_weight,
        z_loss_weight=moe.z_loss_weight,
        balanced=moe.balance_rate > 0,
        autoscale=not isinstance(config.body, PaperBodyConfig),
    )
    return MixtureOfExperts(width, spec, name=name)


def by_name(**routing: Routing | None) -> dict[str, Routing]:
    """Collects those that are not None."""
    return {name: layer for name, layer in routing.items() if layer is not None}

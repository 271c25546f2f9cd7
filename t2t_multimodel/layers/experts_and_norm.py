"""A mixture of experts with its surroundings: a skip and a layer normalisation."""

from __future__ import annotations

from typing import Any

from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.experts import MixtureOfExperts, Routing
from t2t_multimodel.layers.norm import LayerNorm
from t2t_multimodel.layers.random import StepSeed, dropout


class ExpertsAndNorm(Block):
    """LN(x + MoE(x)), as Tensor2Tensor wires it; the paper leaves the surroundings open."""

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config = config
        self.mixture = mixture(config, config.expert_hidden, name="mixture")
        self.norm = LayerNorm(config.hidden_size, name="norm")

    def call(
        self,
        x_BLD: Any,
        mask_BL: Any = None,
        training: bool = False,
        seed: StepSeed | None = None,
    ) -> tuple[Any, Routing]:
        y_BLD, routing = self.mixture(
            x_BLD,
            mask_BL=None if self.config.route_padding else mask_BL,
            training=training,
            seed=seed,
        )
        if self.config.dropout_place == "branch":
            y_BLD = dropout(y_BLD, self.config.dropout, training, seed)
        return self.norm(x_BLD + y_BLD), routing


def mixture(config: ModelConfig, hidden: int, *, name: str) -> MixtureOfExperts:
    """A mixture layer of the body with the config's sizes and one hidden layer."""
    return MixtureOfExperts(
        config.hidden_size,
        config.experts,
        config.experts_per_token,
        (hidden,),
        groups=config.expert_groups,
        loss_weight=config.moe_loss_weight,
        autoscale=config.variant != "paper",
        name=name,
    )

"""The body that Tensor2Tensor called multimodel_base (2017-07 to 2018-09).

Legend: B batch, L source length, T target length, D width, F filter size.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel.config.base import of_kind
from t2t_multimodel.config.body import T2TV2BodyConfig
from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.layers.attention import SelfAttention, SourceAttention
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.base_body import Body, Routings
from t2t_multimodel.layers.convolution import ConvStep
from t2t_multimodel.layers.decode_state import EncodedSource
from t2t_multimodel.layers.experts import Routing
from t2t_multimodel.layers.experts_and_norm import by_name, mixture
from t2t_multimodel.layers.linear import Linear
from t2t_multimodel.layers.mode import EVAL, Mode, dropout
from t2t_multimodel.layers.norm import LayerNorm
from t2t_multimodel.layers.timing import timing_halves
from t2t_multimodel.t2t.slicenet import TIMESCALES
from t2t_multimodel.types import Tensor


class T2TV2Body(Body):
    """Convolutions beside experts in the encoder, a Transformer decoder with some experts.

    There is no mixer.

    Args:
        config: sizes and switches.
    """

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(config, **kwargs)
        own = of_kind(config.body, T2TV2BodyConfig)
        self.encoder = [EncoderLayer(config, name=f"encoder{i}") for i in range(own.encoder_layers)]
        self.decoder = [
            DecoderLayer(config, i in own.moe_layers, name=f"decoder{i}")
            for i in range(own.decoder_layers)
        ]

    def encode(self, x_BLD: Tensor, mask_BL: Tensor, mode: Mode) -> tuple[Tensor, Routings]:
        signal = timing_halves(ops.shape(x_BLD)[1], self.config.hidden_size, TIMESCALES)
        x_BLD = x_BLD + ops.cast(signal, x_BLD.dtype)
        routing: dict[str, Routing | None] = {}
        for i, layer in enumerate(self.encoder):
            x_BLD, routing[f"encoder{i}"] = layer(x_BLD, mask_BL=mask_BL, mode=mode)
        return x_BLD, by_name(**routing)

    def decode(
        self, targets_BTD: Tensor, mask_BT: Tensor | None, source: EncodedSource, mode: Mode
    ) -> tuple[Tensor, Routings]:
        length = ops.shape(targets_BTD)[1]
        signal = timing_halves(length, self.config.hidden_size, start=mode.start)
        x_BTD = targets_BTD + ops.cast(signal, targets_BTD.dtype)
        x_BTD = dropout(x_BTD, self.config.dropout, mode)
        routing: dict[str, Routing | None] = {}
        for i, layer in enumerate(self.decoder):
            x_BTD, routing[f"decoder{i}"] = layer(x_BTD, mask_BT=mask_BT, source=source, mode=mode)
        return x_BTD, by_name(**routing)


class EncoderLayer(Block):
    """LN(x + drop(MoE(x)) + drop(conv(x))): two branches side by side.

    conv: steps 3 (to F), 3, dropout, 15 (to D), 15 with dilation 4.
    """

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config = config
        width, inner = config.hidden_size, of_kind(config.body, T2TV2BodyConfig).filter_size
        sizes = [(width, inner), (inner, inner), (inner, width), (width, width)]
        scales = (1.0, 1.0, 1.0, config.branch_scale)
        self.steps = [
            ConvStep(
                *size,
                config.block_kernels[i],
                dilation=config.block_dilations[i],
                begins_at=scales[i],
                name=f"step{i + 1}",
            )
            for i, size in enumerate(sizes)
        ]
        self.mixture = mixture(config, hidden=inner, name="mixture")
        self.norm = LayerNorm(width, name="norm")

    def call(
        self, x_BLD: Tensor, mask_BL: Tensor, mode: Mode = EVAL
    ) -> tuple[Tensor, Routing | None]:
        """Returns [B, L, D], and where tokens went."""
        rate = self.config.dropout
        routed = None if self.config.routes_padding else mask_BL
        experts, routing = self.mixture(x_BLD, mask_BL=routed, mode=mode)
        y = x_BLD
        for i, step in enumerate(self.steps):
            y = step(y, mask_BL=mask_BL)
            if i == 1:
                y = dropout(y, rate, mode)
        branches = dropout(experts, rate, mode) + dropout(y, rate, mode)
        return self.norm(x_BLD + branches), routing


class DecoderLayer(Block):
    """x = LN(x + self(x) + source(self(x))), then LN(x + f(x)).

    f is a feed-forward layer with biases, or a mixture of experts.
    """

    def __init__(self, config: ModelConfig, has_experts: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config, self.has_experts = config, has_experts
        own = of_kind(config.body, T2TV2BodyConfig)
        width, heads, inner = config.hidden_size, own.heads, own.filter_size
        self.self_attention = SelfAttention(width, heads, maps="qkvo", name="self_attention")
        self.source_attention = SourceAttention(width, heads, maps="qkvo", name="source_attention")
        self.attention_norm = LayerNorm(width, name="attention_norm")
        self.feed_forward = (
            mixture(config, name="mixture")
            if has_experts
            else FeedForward(width, inner, name="feed_forward")
        )
        self.feed_forward_norm = LayerNorm(width, name="feed_forward_norm")

    def call(
        self, x_BTD: Tensor, mask_BT: Tensor | None, source: EncodedSource, mode: Mode = EVAL
    ) -> tuple[Tensor, Routing | None]:
        """Returns [B, T, D], and where tokens went; None without experts."""
        rate = self.config.dropout
        y = self.self_attention(x_BTD, mode=mode)
        z = self.source_attention(y, source=source, mode=mode)
        branches = dropout(y, rate, mode) + dropout(z, rate, mode)
        x_BTD = self.attention_norm(x_BTD + branches)
        routing = None
        if self.has_experts:
            routed = None if self.config.routes_padding else mask_BT
            f, routing = self.feed_forward(x_BTD, mask_BL=routed, mode=mode)
        else:
            f = self.feed_forward(x_BTD)
        return self.feed_forward_norm(x_BTD + dropout(f, rate, mode)), routing


class FeedForward(Block):
    """ReLU(x W1 + b1) W2 + b2."""

    def __init__(self, channels: int, hidden: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.layer1 = Linear(channels, hidden, use_bias=True, name="layer1")
        self.layer2 = Linear(hidden, channels, use_bias=True, name="layer2")

    def call(self, x: Tensor) -> Tensor:
        """[..., D] to [..., D]"""
        return self.layer2(ops.relu(self.layer1(x)))

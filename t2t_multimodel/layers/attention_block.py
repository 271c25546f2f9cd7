"""The attention block: what has been written so far looks at itself, then at the source."""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.layers.attention import MultiHeadAttention, causal, real
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.convolution import ConvBlock
from t2t_multimodel.layers.norm import LayerNorm
from t2t_multimodel.layers.random import StepSeed, dropout
from t2t_multimodel.layers.timing import timing


class AttentionBlock(Block):
    """Paper, section 2.2. Legend: B batch, T target length, L source length, D width.

        m = ConvBlock( ... ConvBlock(target + timing))      causal
        q = MultiHead(m, m, m)                              causal mask
        out = MultiHead(q, K(source), V(source))            source padding masked

    Without convolution blocks m is the target itself. The paper's equations have no skip around
    either attention; `attention_residual`, `attention_norm` and `attention_projection` add them.

    Args:
        config: sizes and switches.
        pre_blocks: number of convolution blocks on the target.
    """

    def __init__(self, config: ModelConfig, pre_blocks: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config = config
        width, heads = config.hidden_size, config.attention_heads
        self.pre_blocks = [
            conv_block(config, causal=True, name=f"pre_block{i}") for i in range(pre_blocks)
        ]
        output = "o" if config.attention_projection else ""
        self.self_attention = MultiHeadAttention(width, heads, maps=output, name="self_attention")
        # queries and sources have no norm of their own: with an ordinary key map their products
        # would saturate the softmax, and the first gradients be hundreds of times too large
        self.source_attention = MultiHeadAttention(
            width, heads, maps="kv" + output, key_scale=0.1, name="source_attention"
        )
        self.norms = [
            LayerNorm(width, name=name)
            for name in (("self_norm", "source_norm") if config.attention_norm else ())
        ]

    def call(
        self,
        target_BTD: Any,
        source_BLD: Any,
        source_mask_BL: Any = None,
        training: bool = False,
        seed: StepSeed | None = None,
    ) -> Any:
        """Returns [B, T, D]."""
        m = target_BTD
        length = ops.shape(m)[1]
        if self.pre_blocks:
            m = m + timing(length, self.config.hidden_size, m.dtype)
        for block in self.pre_blocks:
            m = block(m, training=training, seed=seed)
        attended = self.self_attention(m, m, visible=causal(length))
        q = self._close(0, m, attended, training, seed)
        visible = None if source_mask_BL is None else real(source_mask_BL)
        attended = self.source_attention(q, source_BLD, visible=visible)
        return self._close(1, q, attended, training, seed)

    def _close(
        self, i: int, before: Any, attended: Any, training: bool, seed: StepSeed | None
    ) -> Any:
        """The additions to attention number `i` that are switched on."""
        if self.config.dropout_place == "branch":
            attended = dropout(attended, self.config.dropout, training, seed)
        out = before + attended if self.config.attention_residual else attended
        return self.norms[i](out) if self.norms else out


def conv_block(config: ModelConfig, *, causal: bool, name: str) -> ConvBlock:
    """A convolution block of the body with the config's sizes."""
    return ConvBlock(
        config.hidden_size,
        config.block_kernels,
        config.block_dilations,
        causal=causal,
        dropout_rate=config.dropout,
        dropout_place=config.dropout_place,
        name=name,
    )

"""The attention block: what has been written so far looks at itself, then at the source.

Legend: B batch, T target length, L source length, D width.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel.config.base import of_kind
from t2t_multimodel.config.body import AttentionConfig, PaperBodyConfig
from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.layers.attention import SelfAttention, SourceAttention
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.convolution import ConvBlock, masked
from t2t_multimodel.layers.decode_state import EncodedSource, LooksAtSource
from t2t_multimodel.layers.linear import Linear
from t2t_multimodel.layers.mode import EVAL, Mode, dropout
from t2t_multimodel.layers.norm import LayerNorm
from t2t_multimodel.layers.timing import timing
from t2t_multimodel.types import Tensor


class Premix(Block):
    """m = ConvBlock( ... ConvBlock(target + timing)), causal (paper, section 2.2).

    Without convolution blocks m is the target itself.

    Args:
        config: sizes and switches.
        blocks: number of convolution blocks.
    """

    def __init__(self, config: ModelConfig, blocks: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.blocks = [conv_block(config, causal=True, name=f"block{i}") for i in range(blocks)]

    def call(self, target_BTD: Tensor, mode: Mode = EVAL) -> Tensor:
        """[B, T, D] to [B, T, D]"""
        m = target_BTD
        if self.blocks:
            m = m + timing(ops.shape(m)[1], m.shape[2], m.dtype, start=mode.start)
        for block in self.blocks:
            m = block(m, mode=mode)
        return m


class AttentionBlock(Block):
    """Paper, section 2.2.

        m = Premix(target)
        q = MultiHead(m, m, m)                      causal mask
        out = MultiHead(q, K(source), V(source))    source padding masked

    The paper's equations have no skip around either attention, and no maps but those of the source;
    `residual`, `norm`, `projection` and `maps` of `AttentionConfig` add them.

    Args:
        config: sizes and switches.
        pre_blocks: number of convolution blocks on the target.
    """

    def __init__(self, config: ModelConfig, pre_blocks: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config, body = config, of_kind(config.body, PaperBodyConfig)
        self.own = own = of_kind(body.attention, AttentionConfig)
        self.drops = body.dropout_place == "branch"
        width, heads = config.hidden_size, own.heads
        self.premix = Premix(config, pre_blocks, name="premix")
        output = "o" if own.projection else ""
        qk_norm = own.qk_norm
        self.self_attention = SelfAttention(
            width,
            heads,
            maps=("qkv" if own.maps else "") + output,
            qk_norm=qk_norm,
            name="self_attention",
        )
        # queries and sources have no norm of their own: with an ordinary key map their products
        # would saturate the softmax, and the first gradients be hundreds of times too large
        self.source_attention = SourceAttention(
            width,
            heads,
            maps=("qkv" if own.maps else "kv") + output,
            qk_norm=qk_norm,
            key_scale=0.1,
            name="source_attention",
        )
        self.norms = [
            LayerNorm(width, name=name)
            for name in (("self_norm", "source_norm") if own.norm else ())
        ]

    def call(self, target_BTD: Tensor, source: EncodedSource, mode: Mode = EVAL) -> Tensor:
        """[B, T, D] to [B, T, D]"""
        m = self.premix(target_BTD, mode=mode)
        q = self._close(0, m, self.self_attention(m, mode=mode), mode)
        return self._close(1, q, self.source_attention(q, source=source, mode=mode), mode)

    def _close(self, i: int, before: Tensor, attended: Tensor, mode: Mode) -> Tensor:
        """The additions to attention number `i` that are switched on."""
        if self.drops:
            attended = dropout(attended, self.config.dropout, mode)
        out = before + attended if self.own.residual else attended
        return self.norms[i](out) if self.norms else out


class SourceMean(Block, LooksAtSource):
    """Stands in the place of an attention block: the mean of the source, the same at each position.

        out = Premix(target) + mean(source) W

    Args:
        config, pre_blocks: as in `AttentionBlock`.
    """

    def __init__(self, config: ModelConfig, pre_blocks: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.premix = Premix(config, pre_blocks, name="premix")
        self.projection = Linear(config.hidden_size, config.hidden_size, name="projection")

    def call(self, target_BTD: Tensor, source: EncodedSource, mode: Mode = EVAL) -> Tensor:
        """[B, T, D] to [B, T, D]"""
        m, mean_BD = self.premix(target_BTD, mode=mode), source.seen_by(self)
        if mode.state is None:
            return m + mean_BD[:, None]
        return mode.state.by_row(mode.state.by_source(m) + mean_BD[:, None])

    def memory(self, source_BLC: Tensor, mask_BL: Tensor) -> Tensor:
        """The projected mean [B, D] of the real positions."""
        count_B1 = ops.sum(ops.cast(mask_BL, "float32"), axis=1, keepdims=True)
        total_BD = ops.sum(masked(source_BLC, mask_BL), axis=1)
        mean_BD = total_BD / ops.cast(ops.maximum(1.0, count_B1), total_BD.dtype)
        return self.projection(mean_BD)


def attention_block(config: ModelConfig, pre_blocks: int, *, name: str) -> Block:
    """An attention block of the paper's body, or what its config has instead."""
    attention = of_kind(config.body, PaperBodyConfig).attention
    form = AttentionBlock if isinstance(attention, AttentionConfig) else SourceMean
    return form(config, pre_blocks, name=name)


def conv_block(config: ModelConfig, *, causal: bool, name: str) -> ConvBlock:
    """A convolution block of the paper's body with the config's sizes."""
    return ConvBlock(
        config.hidden_size,
        config.block_kernels,
        config.block_dilations,
        causal=causal,
        dropout_rate=config.dropout,
        dropout_place=of_kind(config.body, PaperBodyConfig).dropout_place,
        branch_scale=config.branch_scale,
        name=name,
    )

"""The attention block: what has been written so far looks at itself, then at the source.

Legend: B batch, T target length, L source length, D width.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.layers.attention import MultiHeadAttention, causal, real
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.convolution import ConvBlock, masked
from t2t_multimodel.layers.linear import Linear
from t2t_multimodel.layers.mode import EVAL, Mode, dropout
from t2t_multimodel.layers.norm import LayerNorm
from t2t_multimodel.layers.place import Place, caches, chain, joined
from t2t_multimodel.layers.timing import timing


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

    def call(self, target_BTD: Any, mode: Mode = EVAL) -> Any:
        """[B, T, D] to [B, T, D]"""
        m = target_BTD
        if self.blocks:
            m = m + timing(ops.shape(m)[1], m.shape[2], m.dtype)
        for block in self.blocks:
            m = block(m, mode=mode)
        return m

    def cache(self, rows: Any) -> dict[str, Any]:
        """The state of `step` before the first position."""
        return caches(self.blocks, rows)

    def step(self, x_RC: Any, cache: dict[str, Any], place: Place) -> tuple[Any, dict[str, Any]]:
        """One position of `call` [R, C], and the next state."""
        if self.blocks:
            x_RC = x_RC + timing(1, x_RC.shape[1], x_RC.dtype, start=place.t)[:, 0]
        return chain(self.blocks, x_RC, cache, place)


class AttentionBlock(Block):
    """Paper, section 2.2.

        m = Premix(target)
        q = MultiHead(m, m, m)                      causal mask
        out = MultiHead(q, K(source), V(source))    source padding masked

    The paper's equations have no skip around either attention; `attention_residual`,
    `attention_norm` and `attention_projection` add them.

    Args:
        config: sizes and switches.
        pre_blocks: number of convolution blocks on the target.
    """

    def __init__(self, config: ModelConfig, pre_blocks: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config = config
        width, heads = config.hidden_size, config.attention_heads
        self.premix = Premix(config, pre_blocks, name="premix")
        output = "o" if config.attention_projection else ""
        qk_norm = config.attention_qk_norm
        self.self_attention = MultiHeadAttention(
            width, heads, maps=output, qk_norm=qk_norm, name="self_attention"
        )
        # queries and sources have no norm of their own: with an ordinary key map their products
        # would saturate the softmax, and the first gradients be hundreds of times too large
        self.source_attention = MultiHeadAttention(
            width,
            heads,
            maps="kv" + output,
            qk_norm=qk_norm,
            key_scale=0.1,
            name="source_attention",
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
        mode: Mode = EVAL,
    ) -> Any:
        """Returns [B, T, D]."""
        m = self.premix(target_BTD, mode=mode)
        attended = self.self_attention(m, m, visible=causal(ops.shape(m)[1]))
        q = self._close(0, m, attended, mode)
        visible = None if source_mask_BL is None else real(source_mask_BL)
        attended = self.source_attention(q, source_BLD, visible=visible)
        return self._close(1, q, attended, mode)

    def memory(self, source_BLD: Any, source_mask_BL: Any) -> dict[str, Any]:
        """Keys and values of the source, and which positions of it are real."""
        visible = real(source_mask_BL)
        return {"keys": self.source_attention.keys(source_BLD), "visible": visible}

    def cache(self, rows: Any, length: int) -> dict[str, Any]:
        """The state of `step` before the first of at most `length` positions."""
        attended = self.self_attention.cache(rows, length)
        return {"premix": self.premix.cache(rows), "self_attention": attended}

    def step(
        self, x_RC: Any, cache: dict[str, Any], memory: dict[str, Any], place: Place
    ) -> tuple[Any, dict[str, Any]]:
        """One position of `call` [R, C], and the next state."""
        after: dict[str, Any] = {}
        m, after["premix"] = self.premix.step(x_RC, cache["premix"], place)
        attended, after["self_attention"] = self.self_attention.step(
            m, cache["self_attention"], place
        )
        q = self._close(0, m, attended, place.mode)
        attended = self.source_attention.look_step(q, memory["keys"], memory["visible"], place)
        return self._close(1, q, attended, place.mode), after

    def _close(self, i: int, before: Any, attended: Any, mode: Mode) -> Any:
        """The additions to attention number `i` that are switched on."""
        if self.config.dropout_place == "branch":
            attended = dropout(attended, self.config.dropout, mode)
        out = before + attended if self.config.attention_residual else attended
        return self.norms[i](out) if self.norms else out


class SourceMean(Block):
    """In the place of an attention block: the mean of the source, the same at each position.

        out = Premix(target) + mean(source) W

    Args:
        config, pre_blocks: as in `AttentionBlock`.
    """

    def __init__(self, config: ModelConfig, pre_blocks: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.premix = Premix(config, pre_blocks, name="premix")
        self.projection = Linear(config.hidden_size, config.hidden_size, name="projection")

    def call(
        self,
        target_BTD: Any,
        source_BLD: Any,
        source_mask_BL: Any = None,
        mode: Mode = EVAL,
    ) -> Any:
        """Returns [B, T, D]."""
        if source_mask_BL is None:
            source_mask_BL = ops.ones(ops.shape(source_BLD)[:2])
        mean_BD = self.memory(source_BLD, source_mask_BL)
        return self.premix(target_BTD, mode=mode) + mean_BD[:, None]

    def memory(self, source_BLD: Any, source_mask_BL: Any) -> Any:
        """The projected mean [B, D]."""
        count_B1 = ops.sum(ops.cast(source_mask_BL, "float32"), axis=1, keepdims=True)
        total_BD = ops.sum(masked(source_BLD, source_mask_BL), axis=1)
        mean_BD = total_BD / ops.cast(ops.maximum(1.0, count_B1), total_BD.dtype)
        return self.projection(mean_BD)

    def cache(self, rows: Any, length: int) -> dict[str, Any]:
        """The state of `step` before the first position, whatever the length."""
        return {"premix": self.premix.cache(rows)}

    def step(
        self, x_RC: Any, cache: dict[str, Any], memory: Any, place: Place
    ) -> tuple[Any, dict[str, Any]]:
        """One position of `call` [R, C], and the next state."""
        m, premix = self.premix.step(x_RC, cache["premix"], place)
        return joined(place.by_source(m) + memory[:, None]), {"premix": premix}


def attention_block(config: ModelConfig, pre_blocks: int, *, name: str) -> Block:
    """An attention block of the body, or what `config.attention` has instead."""
    form = AttentionBlock if config.attention else SourceMean
    return form(config, pre_blocks, name=name)


def conv_block(config: ModelConfig, *, causal: bool, name: str) -> ConvBlock:
    """A convolution block of the body with the config's sizes."""
    return ConvBlock(
        config.hidden_size,
        config.block_kernels,
        config.block_dilations,
        causal=causal,
        dropout_rate=config.dropout,
        dropout_place=config.dropout_place,
        branch_scale=config.branch_scale,
        name=name,
    )

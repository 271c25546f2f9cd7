"""Multi-head attention (paper, section 2.2).

Legend: B batch, T target length, L source length, C channels, H heads, d channels of a head.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from keras import ops

from t2t_multimodel.layers import capture
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.decode_state import EncodedSource, LooksAtSource, LooksBack
from t2t_multimodel.layers.linear import Linear
from t2t_multimodel.layers.mode import EVAL, Mode
from t2t_multimodel.layers.norm import LayerNorm
from t2t_multimodel.types import Size, Tensor

MASKED = -1e9


class Keys(NamedTuple):
    """Attention looks at these, [B, H, L, d] each."""

    key: Tensor
    value: Tensor


class SourceKeys(NamedTuple):
    """The memory of a layer that attends to the source."""

    keys: Keys
    visible: Tensor
    """[B, 1, 1, L]; see `real`."""


class MultiHeadAttention(Block):
    """softmax(Q_i K_i^T / sqrt(C / H)) V_i for each of H slices of the channels, joined again.

    Args:
        channels: C, of queries, of what they look at and of the output.
        heads: H.
        maps: which of query, key, value and output pass through a linear map, as letters of
            "qkvo". The paper's self-attention has none of them, its source attention "kv".
        use_bias: whether those maps have a bias.
        qk_norm: layer normalisation of each head's queries and keys (arXiv 2010.04245).
        key_scale: factor on the initial key map; small values begin with even attention.
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        *,
        maps: str = "",
        use_bias: bool = False,
        qk_norm: bool = False,
        key_scale: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channels, self.heads = channels, heads
        names = {"q": "query", "k": "key", "v": "value", "o": "output"}
        scales = {"k": key_scale}
        self.maps = {
            letter: Linear(
                channels,
                channels,
                use_bias=use_bias,
                scale=scales.get(letter, 1.0),
                name=names[letter],
            )
            for letter in maps
        }
        self.norms = {
            letter: LayerNorm(channels // heads, name=f"{names[letter]}_norm")
            for letter in ("qk" if qk_norm else "")
        }

    def keys(self, memory_BLC: Tensor) -> Keys:
        """Keys and values of what `look` looks at."""
        key = self._norm("k", self._heads(self._map("k", memory_BLC)))
        return Keys(key, self._heads(self._map("v", memory_BLC)))

    def look(self, query_BTC: Tensor, keys: Keys, visible: Tensor | None = None) -> Tensor:
        """Attends from `query_BTC` to what `keys` describes.

        Args:
            visible: bool, broadcast to [B, H, T, L]: where to look. A row without any looks
                everywhere.

        Returns:
            [B, T, C]
        """
        query = self._norm("q", self._heads(self._map("q", query_BTC)))
        key, value = keys
        scale = 1.0 / math.sqrt(self.channels // self.heads)
        logits = ops.matmul(query * scale, ops.swapaxes(key, -1, -2))
        logits = ops.cast(logits, "float32")
        if visible is not None:  # not a sum: TensorFlow would fuse it to a kernel 20 times slower
            logits = ops.where(visible, logits, MASKED)
        weights = _softmax(logits)
        capture.capture(self.path, weights)
        heads = ops.swapaxes(ops.matmul(ops.cast(weights, value.dtype), value), 1, 2)
        return self._map("o", ops.reshape(heads, (*ops.shape(query_BTC)[:2], self.channels)))

    def _map(self, letter: str, x: Tensor) -> Tensor:
        return self.maps[letter](x) if letter in self.maps else x

    def _norm(self, letter: str, x: Tensor) -> Tensor:
        return self.norms[letter](x) if letter in self.norms else x

    def _heads(self, x_BLC: Tensor) -> Tensor:
        """[B, H, L, d]"""
        batch, length = ops.shape(x_BLC)[:2]
        split = ops.reshape(x_BLC, (batch, length, self.heads, self.channels // self.heads))
        return ops.swapaxes(split, 1, 2)


class SelfAttention(MultiHeadAttention, LooksBack):
    """Attention of each position to itself and to all before it."""

    def call(self, x_BTC: Tensor, mode: Mode = EVAL) -> Tensor:
        """[B, T, C] to [B, T, C]; a step has T = 1."""
        keys, state = self.keys(x_BTC), mode.state
        if state is None:
            return self.look(x_BTC, keys, causal(ops.shape(x_BTC)[1]))
        so_far = Keys(
            *(
                ops.slice_update(old, (0, 0, state.t, 0), new)
                for old, new in zip(state.before(self), keys, strict=True)
            )
        )
        state.keep(self, so_far)
        return self.look(x_BTC, so_far, ops.arange(so_far.key.shape[2]) <= state.t)

    def empty(self, rows: Size, length: int) -> Keys:
        """Room for the keys and values of `length` positions."""
        shape = (rows, self.heads, length, self.channels // self.heads)
        return Keys(*(ops.zeros(shape, self.compute_dtype) for _ in range(2)))


class SourceAttention(MultiHeadAttention, LooksAtSource):
    """Attention of each position to the encoder's output."""

    def call(self, x_BTC: Tensor, source: EncodedSource, mode: Mode = EVAL) -> Tensor:
        """[B, T, C] to [B, T, C]; a step has T = 1."""
        keys, visible = source.seen_by(self)
        if mode.state is None:
            return self.look(x_BTC, keys, visible)
        return mode.state.by_row(self.look(mode.state.by_source(x_BTC), keys, visible))

    def memory(self, source_BLC: Tensor, mask_BL: Tensor) -> SourceKeys:
        """Keys and values of the source, and which positions of it are real."""
        return SourceKeys(self.keys(source_BLC), real(mask_BL))


def _softmax(logits: Tensor) -> Tensor:
    """Keras warns of a softmax over one position: it is 1, and right where a target has one."""
    return ops.ones_like(logits) if logits.shape[-1] == 1 else ops.softmax(logits, axis=-1)


def real(mask_BL: Tensor) -> Tensor:
    """Visibility [B, 1, 1, L] of what is not padding."""
    return ops.cast(mask_BL, "bool")[:, None, None, :]


def causal(length: Size) -> Tensor:
    """Visibility [1, 1, T, T] of the position itself and all before it."""
    positions = ops.arange(length)
    return (positions[None, :] <= positions[:, None])[None, None]

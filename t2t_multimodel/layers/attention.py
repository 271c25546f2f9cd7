"""Multi-head attention (paper, section 2.2).

Legend: B batch, T target length, L source length, C channels, H heads, d channels of a head.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from keras import ops

from t2t_multimodel.layers import watch
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.linear import Linear
from t2t_multimodel.layers.norm import LayerNorm
from t2t_multimodel.layers.place import Place, joined

MASKED = -1e9


class Keys(NamedTuple):
    """What attention looks at."""

    key: Any
    """[B, H, L, d]"""
    value: Any
    """[B, H, L, d]"""


class MultiHeadAttention(Block):
    """softmax(Q_i K_i^T / sqrt(C / H)) V_i for each of H slices of the channels, joined again.

    Args:
        channels: C, of query, memory and output.
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

    def call(self, query_BTC: Any, memory_BLC: Any, visible: Any = None) -> Any:
        """Attends from `query_BTC` to `memory_BLC`.

        Args:
            visible: bool, broadcast to [B, H, T, L]: where to look. A row without any looks
                everywhere.

        Returns:
            [B, T, C]
        """
        return self.look(query_BTC, self.keys(memory_BLC), visible)

    def keys(self, memory_BLC: Any) -> Keys:
        """Of a memory, for `look`."""
        key = self._norm("k", self._heads(self._map("k", memory_BLC)))
        return Keys(key, self._heads(self._map("v", memory_BLC)))

    def look(self, query_BTC: Any, keys: Keys, visible: Any = None) -> Any:
        """`call` on a memory whose keys and values are known."""
        query = self._norm("q", self._heads(self._map("q", query_BTC)))
        key, value = keys
        scale = 1.0 / math.sqrt(self.channels // self.heads)
        logits = ops.matmul(query * scale, ops.swapaxes(key, -1, -2))
        logits = ops.cast(logits, "float32")
        if visible is not None:  # not a sum: TensorFlow would fuse it to a kernel 20 times slower
            logits = ops.where(visible, logits, MASKED)
        weights = _softmax(logits)
        watch.show(self.path, weights)
        heads = ops.swapaxes(ops.matmul(ops.cast(weights, value.dtype), value), 1, 2)
        return self._map("o", ops.reshape(heads, (*ops.shape(query_BTC)[:2], self.channels)))

    def cache(self, rows: Any, length: int) -> Keys:
        """Room for the keys and values of `length` positions."""
        shape = (rows, self.heads, length, self.channels // self.heads)
        return Keys(*(ops.zeros(shape, self.compute_dtype) for _ in range(2)))

    def step(self, x_RC: Any, cache: Keys, place: Place) -> tuple[Any, Keys]:
        """Self-attention of one position to itself and all before it."""
        x_R1C = x_RC[:, None]
        own = zip(cache, self.keys(x_R1C), strict=True)
        cache = Keys(*(ops.slice_update(old, (0, 0, place.t, 0), new) for old, new in own))
        visible = ops.arange(cache.key.shape[2]) <= place.t
        return self.look(x_R1C, cache, visible)[:, 0], cache

    def look_step(self, x_RC: Any, source: Keys, visible: Any, place: Place) -> Any:
        """Attention of one position, in all beams, to what `keys` and `real` say of the source."""
        return joined(self.look(place.by_source(x_RC), source, visible))

    def _map(self, letter: str, x: Any) -> Any:
        return self.maps[letter](x) if letter in self.maps else x

    def _norm(self, letter: str, x: Any) -> Any:
        return self.norms[letter](x) if letter in self.norms else x

    def _heads(self, x_BLC: Any) -> Any:
        """[B, H, L, d]"""
        batch, length = ops.shape(x_BLC)[:2]
        split = ops.reshape(x_BLC, (batch, length, self.heads, self.channels // self.heads))
        return ops.swapaxes(split, 1, 2)


def _softmax(logits: Any) -> Any:
    """Keras warns of a softmax over one position: it is 1, and right where a target has one."""
    return ops.ones_like(logits) if logits.shape[-1] == 1 else ops.softmax(logits, axis=-1)


def real(mask_BL: Any) -> Any:
    """Visibility [B, 1, 1, L] of what is not padding."""
    return ops.cast(mask_BL, "bool")[:, None, None, :]


def causal(length: Any) -> Any:
    """Visibility [1, 1, T, T] of the position itself and all before it."""
    positions = ops.arange(length)
    return (positions[None, :] <= positions[:, None])[None, None]

"""Layers show what they did only to those who watch."""

from __future__ import annotations

import numpy as np
from keras import ops

from t2t_multimodel.layers import watch
from t2t_multimodel.layers.attention import MultiHeadAttention


def test_only_what_is_shown_inside_is_seen() -> None:
    watch.show("before", 1)
    with watch.watching() as outer:
        watch.show("a", 1)
        with watch.watching() as inner:
            watch.show("b", 2)
        watch.show("c", 3)
    watch.show("after", 4)
    assert (outer, inner) == ({"a": 1, "c": 3}, {"b": 2})


def test_attention_shows_weights_that_sum_to_one() -> None:
    layer = MultiHeadAttention(8, 2, name="attention")
    layer.build(None)
    query, memory = (np.random.default_rng(0).normal(size=(2, n, 8)) for n in (3, 5))
    with watch.watching() as seen:
        layer(ops.cast(query, "float32"), ops.cast(memory, "float32"))
    ((path, weights),) = seen.items()
    assert path.endswith("attention")
    assert weights.shape == (2, 2, 3, 5)
    np.testing.assert_allclose(ops.sum(weights, axis=-1), 1, rtol=1e-5)

"""Layers capture their intermediates only inside of `captured`."""

from __future__ import annotations

import numpy as np
from keras import ops

from t2t_multimodel.layers import capture
from t2t_multimodel.layers.attention import MultiHeadAttention


def test_only_what_is_captured_inside_is_there() -> None:
    capture.capture("before", 1)
    with capture.captured() as outer:
        capture.capture("a", 1)
        with capture.captured() as inner:
            capture.capture("b", 2)
        capture.capture("c", 3)
    capture.capture("after", 4)
    assert (outer, inner) == ({"a": 1, "c": 3}, {"b": 2})


def test_attention_captures_weights_that_sum_to_one() -> None:
    layer = MultiHeadAttention(8, 2, name="attention")
    layer.build(None)
    query, memory = (np.random.default_rng(0).normal(size=(2, n, 8)) for n in (3, 5))
    with capture.captured() as seen:
        layer.look(ops.cast(query, "float32"), layer.keys(ops.cast(memory, "float32")))
    ((path, weights),) = seen.items()
    assert path.endswith("attention")
    assert weights.shape == (2, 2, 3, 5)
    np.testing.assert_allclose(ops.sum(weights, axis=-1), 1, rtol=1e-5)

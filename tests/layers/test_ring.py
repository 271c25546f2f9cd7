"""One position after the other, a causal convolution gives what it gives at once."""

import numpy as np
import pytest

from t2t_multimodel.layers import fast
from t2t_multimodel.layers.base import sublayers
from t2t_multimodel.layers.decode_state import DecodeState, LooksBack
from t2t_multimodel.layers.mode import Mode
from t2t_multimodel.layers.ring import Ring, empty_ring
from t2t_multimodel.layers.separable import FullConv, GroupedConv, SeparableConv

X = np.random.default_rng(0).normal(size=(2, 40, 6)).astype(np.float32)


def in_steps(layer):
    parts = [layer, *sublayers(layer, all_levels=True)]
    kept = {one.path: one.empty(2, 40) for one in parts if isinstance(one, LooksBack)}
    outputs = []
    for t in range(X.shape[1]):
        state = DecodeState(np.int32(t), kept)
        outputs.append(np.asarray(layer(X[:, t : t + 1], mode=Mode(state=state))))
        kept = state.kept
    return np.concatenate(outputs, axis=1)


@pytest.mark.parametrize(("kernel", "dilation"), [(1, 1), (3, 1), (15, 1), (3, 4), (5, 8)])
@pytest.mark.parametrize("form", [SeparableConv, FullConv])
def test_steps_equal_the_whole(form, kernel, dilation):
    layer = form(6, 4, kernel, dilation=dilation, causal=True)
    layer.build()
    np.testing.assert_allclose(in_steps(layer), np.asarray(layer(X)), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("separability", [-3, 2])
def test_steps_of_groups_equal_the_whole(separability):
    layer = GroupedConv(6, 6, 3, separability=separability, dilation=2, causal=True)
    layer.build()
    np.testing.assert_allclose(in_steps(layer), np.asarray(layer(X)), rtol=1e-5, atol=1e-5)


def test_the_form_for_xla_gives_the_same():
    layer = SeparableConv(6, 4, 3, dilation=4, causal=True)
    layer.build()
    with fast.for_xla():
        np.testing.assert_allclose(in_steps(layer), np.asarray(layer(X)), rtol=1e-5, atol=1e-5)


def test_inputs_come_back_oldest_first():
    buffer = empty_ring(1, 3, 2, 1, "float32")
    for t in range(8):
        ring = Ring(3, 2, t)
        buffer = ring.write(buffer, np.full((1, 1), t + 1, np.float32))
    # position 7 sees 3, 5 and 7, which hold 4, 6 and 8
    assert np.asarray(ring.taps_in_order(buffer)).ravel().tolist() == [4, 6, 8]

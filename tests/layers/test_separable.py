import itertools

import numpy as np
import pytest
from golden import Golden, conv

from t2t_multimodel.layers.separable import FullConv, GroupedConv, SeparableConv


@pytest.mark.parametrize(
    "separability, padding", list(itertools.product((0, -1, -2, -3, 1, 2, 4), ("SAME", "LEFT")))
)
def test_groups_are_tensor2tensors(separability, padding):
    golden = Golden("03b_subseparable_conv_v1")
    form = {"kernel": 5, "dilation": 2, "causal": padding == "LEFT"}
    layer = (
        GroupedConv(24, 24, separability=separability, **form)
        if separability
        else SeparableConv(24, 24, **form)
    )
    layer.build()
    golden.put(conv(layer, f"sep{separability:+}/"))
    golden.check(layer(golden["in/x"][:, :, 0]), f"out/sep{separability:+}_{padding}")


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("length", [1, 2, 8, 9, 17, 40])
def test_taps_beyond_the_length_are_left_out_without_a_trace(causal, length):
    separable = SeparableConv(3, 3, 15, dilation=8, causal=causal)
    full = FullConv(3, 3, 15, dilation=8, causal=causal)
    separable.build()
    full.build()
    full.weight.assign(separable.depthwise[:, :, None] * separable.pointwise[None])
    x = np.random.default_rng(0).normal(size=(2, length, 3)).astype("float32")
    np.testing.assert_allclose(separable(x), full(x), atol=2e-6)

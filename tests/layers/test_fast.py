import contextlib

import numpy as np
import pytest
from keras import ops

from t2t_multimodel.layers import fast


def dense_ffn(x, experts, gates, weights):
    """The definition, token by token."""
    y = np.zeros_like(x)
    for n in range(len(x)):
        for expert, gate in zip(experts[n], gates[n], strict=True):
            h = x[n]
            for i, w in enumerate(weights):
                h = (np.maximum(h, 0) if i else h) @ w[expert]
            y[n] += gate * h
    return y


@pytest.fixture(params=["data-dependent shapes", "for XLA"])
def form(request):
    """Each form that TensorFlow has."""
    with fast.for_xla() if request.param == "for XLA" else contextlib.nullcontext():
        yield


@pytest.mark.parametrize("load", ["even", "one expert has half", "two experts have all"])
@pytest.mark.parametrize("tokens, n_experts", [(11, 5), (2, 5), (40, 12)])
def test_experts_compute_their_definition(load, tokens, n_experts, form):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(tokens, 4)).astype("float32")
    experts = np.stack([rng.permutation(n_experts)[:2] for _ in x]).astype("int32")
    if load == "one expert has half":
        experts[: tokens // 2] = [3, 1]
    elif load != "even":
        experts[:] = [3, 1]
    gates = rng.random((tokens, 2)).astype("float32")
    shapes = ((n_experts, 4, 6), (n_experts, 6, 4))
    weights = tuple(rng.normal(size=shape).astype("float32") for shape in shapes)
    mask = (np.arange(tokens) % 3 > 0).astype("float32")
    expected = dense_ffn(x, experts, gates, weights)
    tensors = [ops.convert_to_tensor(a) for a in (x, experts, gates)]
    kernels = tuple(map(ops.convert_to_tensor, weights))
    np.testing.assert_allclose(
        fast.expert_ffn(*tensors, kernels, None), expected, rtol=1e-5, atol=1e-5
    )
    np.testing.assert_allclose(
        fast.expert_ffn(*tensors, kernels, ops.convert_to_tensor(mask)),
        expected * mask[:, None],
        rtol=1e-5,
        atol=1e-5,
    )


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("taps, dilation", [(3, 1), (15, 1), (4, 3), (15, 8)])
def test_depthwise_convolution_computes_its_definition(taps, dilation, causal, form):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 12, 3)).astype("float32")
    kernel = rng.normal(size=(taps, 3)).astype("float32")
    reach = (taps - 1) * dilation
    before = reach if causal else reach // 2
    padded = np.pad(x, [[0, 0], [before, reach - before], [0, 0]])
    expected = sum(padded[:, i * dilation : i * dilation + 12] * kernel[i] for i in range(taps))
    actual = fast.depthwise_conv(
        ops.convert_to_tensor(x), ops.convert_to_tensor(kernel), dilation, causal
    )
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)

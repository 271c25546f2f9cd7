import contextlib

import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from t2t_multimodel.layers import fast
from t2t_multimodel.layers.fast_experts import expert_ffn


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
    np.testing.assert_allclose(expert_ffn(*tensors, kernels, None), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        expert_ffn(*tensors, kernels, ops.convert_to_tensor(mask)),
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


@pytest.mark.parametrize("form", ["library", "passes"])
def test_the_largest_come_in_order_and_of_equals_the_first(form, monkeypatch):
    monkeypatch.setattr(fast, "TENSORFLOW", fast.TENSORFLOW and form == "library")
    x = ops.convert_to_tensor([[3.0, -1.0, 5.0, 3.0], [0.0, 0.0, 0.0, 0.0]])
    values, places = fast.top_k(x, 3)
    np.testing.assert_array_equal(values, [[5, 3, 3], [0, 0, 0]])
    np.testing.assert_array_equal(places, [[2, 0, 3], [0, 1, 2]])


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("form", ["library", "shifts"])
def test_depthwise_convolution_over_two_axes_computes_its_definition(form, stride, monkeypatch):
    monkeypatch.setattr(fast, "TENSORFLOW", fast.TENSORFLOW and form == "library")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 8, 9, 3)).astype("float32")
    kernel = rng.normal(size=(3, 5, 3, 1)).astype("float32")
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 5), axis=(1, 2))
    expected = np.einsum("bhwcjk,jkc->bhwc", windows[:, ::stride, ::stride], kernel[..., 0])
    actual = fast.depthwise_conv2d(ops.convert_to_tensor(x), ops.convert_to_tensor(kernel), stride)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 1e3])
def test_partition_is_the_log_of_the_sum_of_exponentials(scale, form):
    logits = (np.random.default_rng(0).normal(size=(3, 2, 50)) * scale).astype("float32")
    log_z, total = fast.partition(ops.convert_to_tensor(logits))
    top = logits.max(axis=-1).astype("float64")
    expected = top + np.log(np.exp(logits - top[..., None]).sum(axis=-1))
    np.testing.assert_allclose(log_z, expected, rtol=1e-6)
    np.testing.assert_allclose(total, logits.sum(axis=-1, dtype="float64"), rtol=1e-4)


def test_partition_has_the_gradient_of_its_definition():
    rng = np.random.default_rng(0)
    logits = tf.constant(rng.normal(size=(4, 9)), tf.float32)
    weights = [tf.constant(rng.normal(size=4), tf.float32) for _ in range(2)]

    def gradient(log_z, total):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = tf.reduce_sum(log_z() * weights[0]) + tf.reduce_sum(total() * weights[1])
        return tape.gradient(loss, logits)

    ours = gradient(lambda: fast.partition(logits)[0], lambda: fast.partition(logits)[1])
    plain = gradient(
        lambda: tf.reduce_logsumexp(logits, axis=-1), lambda: tf.reduce_sum(logits, axis=-1)
    )
    np.testing.assert_allclose(ours, plain, rtol=1e-5, atol=1e-6)


def test_argmax_takes_the_first_of_equals():
    assert fast.argmax(tf.constant([[1.0, 3.0, 3.0], [-0.0, 0.0, -1.0]])).numpy().tolist() == [1, 0]


@pytest.mark.parametrize("shape", [(5, 3), (2, 5, 3)])
def test_a_transposed_kernel_is_the_same_map(shape):
    rng = np.random.default_rng(0)
    x = ops.convert_to_tensor(rng.normal(size=shape).astype("float32"))
    kernel = rng.normal(size=(3, 4)).astype("float32")
    expected = np.asarray(x) @ kernel
    np.testing.assert_allclose(fast.linear(x, kernel), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(fast.linear(x, kernel.T, transposed=True), expected, 1e-5, 1e-6)

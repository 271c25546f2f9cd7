"""The operations whose fastest form differs by backend. Elsewhere the model is keras.ops alone.

TensorFlow on a CPU wants library kernels over dynamic shapes; JAX wants static shapes and
element-wise code that XLA can fuse. Both forms compute the same sums. Those of mixtures of experts
are in `fast_experts.py`.

Legend: B batch, L length, H height, W width, C channels, J and K kernel taps, V classes,
U labels.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any

import keras
from keras import ops

from t2t_multimodel.types import Tensor, Tensors

TENSORFLOW = keras.backend.backend() == "tensorflow"
if TENSORFLOW:
    import tensorflow as tf

_XLA = contextvars.ContextVar("for_xla", default=not TENSORFLOW)


@contextlib.contextmanager
def for_xla() -> Iterator[None]:
    """What is traced inside can be compiled by XLA: `tf.function(jit_compile=True)`.

    Without it TensorFlow takes forms whose shapes depend on the data. JAX needs none of this.
    """
    token = _XLA.set(True)
    try:
        yield
    finally:
        _XLA.reset(token)


def is_for_xla() -> bool:
    """Whether what is traced now must suit XLA; on JAX it always must."""
    return _XLA.get()


def linear(x: Tensor, kernel: Tensor, transposed: bool = False) -> Tensor:
    """x [..., C] times a matrix [C, F], or [F, C] if `transposed`: [..., F]."""
    kernel = ops.convert_to_tensor(kernel)
    if not TENSORFLOW:
        return ops.matmul(x, ops.transpose(kernel) if transposed else kernel)
    channels, filters = reversed(kernel.shape) if transposed else kernel.shape
    # one flat matmul: the general form has ten times as many graph nodes
    y = tf.matmul(tf.reshape(x, [-1, channels]), kernel, transpose_b=transposed)
    if len(x.shape) == 2:
        return y
    if len(x.shape) == 3 and x.shape[1] == 1:  # one position of a decoder: no shape to work out
        return tf.expand_dims(y, 1)
    y = tf.reshape(y, tf.concat([tf.shape(x)[:-1], [filters]], axis=0))
    y.set_shape([*x.shape[:-1], filters])
    return y


def partition(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Log of the sum of exponentials over the last axis, and the plain sum; float32."""
    if not TENSORFLOW or is_for_xla():
        return ops.logsumexp(logits, axis=-1), ops.sum(logits, axis=-1)

    # few passes over the logits, which are the largest of all tensors
    @tf.custom_gradient
    def sums(logits: Tensor) -> tuple[Tensors, Any]:
        chances = tf.nn.softmax(logits)
        # the greatest chance is at least one part in all classes, so its log is exact
        log_z = tf.reduce_max(logits, axis=-1) - tf.math.log(tf.reduce_max(chances, axis=-1))

        def gradient(d_log_z: Tensor, d_sum: Tensor) -> Tensor:
            return chances * d_log_z[..., None] + d_sum[..., None]

        return (log_z, tf.reduce_sum(logits, axis=-1)), gradient

    return sums(logits)


def argmax(x: Tensor) -> Tensor:
    """int32 place of the largest of the last axis, the first one of equals."""
    if TENSORFLOW:  # Keras's own orders -0 and 0 too, in seven passes
        return tf.argmax(x, axis=-1, output_type=tf.int32)
    return ops.cast(ops.argmax(x, axis=-1), "int32")


def top_k(x: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k largest of the last axis and their places, int32; the first ones of equals first."""
    if TENSORFLOW:
        return ops.top_k(x, k)
    # JAX's own is a call that no compiler splits: each device would get the rows of all
    places, left = ops.arange(x.shape[-1], dtype="int32"), x
    found = []
    for _ in range(k):
        place = argmax(left)
        hit = places == place[..., None]
        found.append((ops.sum(ops.where(hit, x, 0.0), axis=-1), place))
        left = ops.where(hit, -float("inf"), left)
    values, chosen = zip(*found, strict=True)
    return ops.stack(values, axis=-1), ops.stack(chosen, axis=-1)


def layer_norm(x: Tensor, scale_C: Tensor, bias_C: Tensor, epsilon: float) -> Tensor:
    """(x - mean) / sqrt(variance + epsilon) * scale + bias over the last axis, in float32."""
    if not TENSORFLOW:
        return _normal(x, epsilon)[0] * scale_C + bias_C

    # the gradient as a formula: automatic differentiation makes five times as many graph nodes
    @tf.custom_gradient
    def norm(x: Tensor, scale_C: Tensor, bias_C: Tensor) -> tuple[Tensor, Any]:
        normal, inverse = _normal(x, epsilon)

        def gradient(dy: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            others = list(range(len(x.shape) - 1))
            dn = dy * scale_C
            along = tf.reduce_mean(dn * normal, axis=-1, keepdims=True)
            dx = inverse * (dn - tf.reduce_mean(dn, axis=-1, keepdims=True) - normal * along)
            return dx, tf.reduce_sum(dy * normal, axis=others), tf.reduce_sum(dy, axis=others)

        return normal * scale_C + bias_C, gradient

    return norm(x, scale_C, bias_C)


def _normal(x: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
    """(x - mean) / deviation, and 1 / deviation. Subtracting first keeps flat rows exact."""
    centred = x - ops.mean(x, axis=-1, keepdims=True)
    inverse = ops.rsqrt(ops.mean(ops.square(centred), axis=-1, keepdims=True) + epsilon)
    return centred * inverse, inverse


def depthwise_conv(
    x_BLC: Tensor, kernel_KC: Tensor, dilation: int = 1, causal: bool = False
) -> Tensor:
    """Depthwise convolution along the length, stride 1, zero padding.

    Dilated taps that reach beyond the length would meet zeros only: they are left out.

    Args:
        causal: output t sees positions up to t. Otherwise the padding is SAME: (K-1)*dilation
            zeros in all, the smaller half in front.

    Returns:
        [B, L, C]
    """
    taps = kernel_KC.shape[0]
    before = (taps - 1) * dilation if causal else (taps - 1) * dilation // 2
    first, last, length = 0, taps, ops.shape(x_BLC)[1]
    cuttable = isinstance(length, int) or not is_for_xla()  # XLA unrolls the taps
    if dilation > 1 and before % dilation == 0 and cuttable:
        # tap i looks at t + i * dilation - before
        reach = (length - 1) // dilation
        first = _maximum(0, before // dilation - reach)
        last = _minimum(taps, before // dilation + reach + 1)
        kernel_KC = kernel_KC[first:last]
    left = before - first * dilation
    right = (last - 1) * dilation - before
    return _depthwise(x_BLC, kernel_KC, dilation, left, right)


def _maximum(a: int, b: Any) -> Any:
    return max(a, b) if isinstance(b, int) else ops.maximum(a, b)


def _minimum(a: int, b: Any) -> Any:
    return min(a, b) if isinstance(b, int) else ops.minimum(a, b)


def _depthwise(x_BLC: Tensor, kernel_KC: Tensor, dilation: int, left: Any, right: Any) -> Tensor:
    if is_for_xla():  # shifted multiplies, which are fused to one loop
        length = ops.shape(x_BLC)[1]
        x_BLC = ops.pad(x_BLC, [[0, 0], [left, right], [0, 0]])
        return sum(
            x_BLC[:, i * dilation : i * dilation + length] * kernel_KC[i]
            for i in range(kernel_KC.shape[0])
        )
    # time on the height axis: twice as fast as on the width for long or dilated kernels
    x_BLC = tf.pad(x_BLC, [[0, 0], [left, right], [0, 0]])
    y_BL1C = tf.nn.depthwise_conv2d(
        tf.expand_dims(x_BLC, 2),
        tf.expand_dims(tf.expand_dims(kernel_KC, 1), 3),
        strides=[1, 1, 1, 1],
        padding="VALID",
        dilations=[dilation, 1],
    )
    return tf.squeeze(y_BL1C, 2)


def depthwise_conv2d(x_BHWC: Tensor, kernel_JKC1: Tensor, stride: int = 1) -> Tensor:
    """Depthwise convolution over two axes, without padding.

    Args:
        x_BHWC: padded before, as far as the borders want it.
        kernel_JKC1: J x K taps.
        stride: of both axes.

    Returns:
        [B, (H - J) // stride + 1, (W - K) // stride + 1, C]
    """
    if TENSORFLOW:
        return ops.depthwise_conv(x_BHWC, kernel_JKC1, strides=stride, padding="valid")
    # Shifted multiplies: on a mesh with both axes XLA gives a grouped convolution's kernel a
    # multiple of its gradient.
    kernel_JKC1 = ops.convert_to_tensor(kernel_JKC1)
    taps_J, taps_K = kernel_JKC1.shape[:2]
    high, wide = x_BHWC.shape[1] - taps_J + 1, x_BHWC.shape[2] - taps_K + 1
    return sum(
        x_BHWC[:, j : j + high : stride, k : k + wide : stride] * kernel_JKC1[j, k, :, 0]
        for j in range(taps_J)
        for k in range(taps_K)
    )


def tap_sum(x_RKC: Tensor, kernel_KC: Tensor) -> Tensor:
    """Sum over taps of input * kernel: one position of a depthwise convolution, [R, C]."""
    if is_for_xla():  # a reduction over K would not be vectorised
        return sum(x_RKC[:, i] * kernel_KC[i] for i in range(kernel_KC.shape[0]))
    return ops.sum(x_RKC * kernel_KC, axis=1)


def ctc_nats(logits_BLV: Tensor, lengths_B: Tensor, labels_BU: Tensor, counts_B: Tensor) -> Tensor:
    """-log P(labels) of each row over all alignments, class 0 the blank; [B].

    Args:
        lengths_B: int32 positions of each row.
        labels_BU: int32, zeros behind.
        counts_B: int32 labels of each row; they must fit into its positions.
    """
    if is_for_xla():
        return ops.ctc_loss(labels_BU, logits_BLV, counts_B, lengths_B, mask_index=0)
    # the kernel for sparse labels; that for dense ones is a loop of small operations, far slower
    return tf.nn.ctc_loss(
        tf.sparse.from_dense(labels_BU),
        tf.transpose(logits_BLV, [1, 0, 2]),
        label_length=None,
        logit_length=lengths_B,
        blank_index=0,
    )


def cumulative_logsumexp(x: Any) -> Any:
    """log of the cumulative sum of exp(x) along the last axis."""
    if TENSORFLOW:
        return tf.math.cumulative_logsumexp(x, axis=-1)
    import jax

    return jax.lax.cumlogsumexp(x, axis=x.ndim - 1)

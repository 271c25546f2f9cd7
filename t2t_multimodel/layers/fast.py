"""The operations whose fastest form differs by backend. Elsewhere the model is keras.ops alone.

TensorFlow on a CPU wants library kernels over dynamic shapes; JAX wants static shapes and
element-wise code that XLA can fuse. Both forms compute the same sums.

Legend: B batch, L length, C channels, K kernel taps, N tokens, E experts, D model width,
F expert width, S slots of an expert, k experts a token, V classes.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any

import keras
from keras import ops

TENSORFLOW = keras.backend.backend() == "tensorflow"
if TENSORFLOW:
    import tensorflow as tf
else:
    import jax

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


def linear(x: Any, kernel: Any, transposed: bool = False) -> Any:
    """x [..., C] times a matrix [C, F], or [F, C] if `transposed`: [..., F]."""
    kernel = ops.convert_to_tensor(kernel)
    if not TENSORFLOW:
        return ops.matmul(x, ops.transpose(kernel) if transposed else kernel)
    channels, filters = reversed(kernel.shape) if transposed else kernel.shape
    # one flat matmul: the general form has ten times as many graph nodes
    y = tf.matmul(tf.reshape(x, [-1, channels]), kernel, transpose_b=transposed)
    if len(x.shape) == 2:
        return y
    y = tf.reshape(y, tf.concat([tf.shape(x)[:-1], [filters]], axis=0))
    y.set_shape([*x.shape[:-1], filters])
    return y


def partition(logits: Any) -> tuple[Any, Any]:
    """Log of the sum of exponentials over the last axis, and the plain sum; float32."""
    if not TENSORFLOW or _XLA.get():
        return ops.logsumexp(logits, axis=-1), ops.sum(logits, axis=-1)

    # few passes over the logits, which are the largest of all tensors
    @tf.custom_gradient
    def sums(logits: Any) -> tuple[Any, Any]:
        chances = tf.nn.softmax(logits)
        # the greatest chance is at least one part in all classes, so its log is exact
        log_z = tf.reduce_max(logits, axis=-1) - tf.math.log(tf.reduce_max(chances, axis=-1))

        def gradient(d_log_z: Any, d_sum: Any) -> Any:
            return chances * d_log_z[..., None] + d_sum[..., None]

        return (log_z, tf.reduce_sum(logits, axis=-1)), gradient

    return sums(logits)


def argmax(x: Any) -> Any:
    """int32 place of the largest of the last axis, the first one of equals."""
    if TENSORFLOW:  # Keras's own orders -0 and 0 too, in seven passes
        return tf.argmax(x, axis=-1, output_type=tf.int32)
    return ops.cast(ops.argmax(x, axis=-1), "int32")


def layer_norm(x: Any, scale_C: Any, bias_C: Any, epsilon: float) -> Any:
    """(x - mean) / sqrt(variance + epsilon) * scale + bias over the last axis, in float32."""
    if not TENSORFLOW:
        return _normal(x, epsilon)[0] * scale_C + bias_C

    # the gradient as a formula: automatic differentiation makes five times as many graph nodes
    @tf.custom_gradient
    def norm(x: Any, scale_C: Any, bias_C: Any) -> tuple[Any, Any]:
        normal, inverse = _normal(x, epsilon)

        def gradient(dy: Any) -> tuple[Any, Any, Any]:
            others = list(range(len(x.shape) - 1))
            dn = dy * scale_C
            along = tf.reduce_mean(dn * normal, axis=-1, keepdims=True)
            dx = inverse * (dn - tf.reduce_mean(dn, axis=-1, keepdims=True) - normal * along)
            return dx, tf.reduce_sum(dy * normal, axis=others), tf.reduce_sum(dy, axis=others)

        return normal * scale_C + bias_C, gradient

    return norm(x, scale_C, bias_C)


def _normal(x: Any, epsilon: float) -> tuple[Any, Any]:
    """(x - mean) / deviation, and 1 / deviation. Subtracting first keeps flat rows exact."""
    centred = x - ops.mean(x, axis=-1, keepdims=True)
    inverse = ops.rsqrt(ops.mean(ops.square(centred), axis=-1, keepdims=True) + epsilon)
    return centred * inverse, inverse


def depthwise_conv(x_BLC: Any, kernel_KC: Any, dilation: int = 1, causal: bool = False) -> Any:
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
    cuttable = isinstance(length, int) or not _XLA.get()  # XLA unrolls the taps
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


def _depthwise(x_BLC: Any, kernel_KC: Any, dilation: int, left: Any, right: Any) -> Any:
    if _XLA.get():  # shifted multiplies, which are fused to one loop
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


def tap_sum(x_RKC: Any, kernel_KC: Any) -> Any:
    """Sum over taps of input * kernel: one position of a depthwise convolution, [R, C]."""
    if _XLA.get():  # a reduction over K would not be vectorised
        return sum(x_RKC[:, i] * kernel_KC[i] for i in range(kernel_KC.shape[0]))
    return ops.sum(x_RKC * kernel_KC, axis=1)


def expert_ffn(
    x_ND: Any, experts_Nk: Any, gates_Nk: Any, weights: tuple[Any, ...], mask_N: Any | None
) -> Any:
    """Sum over each token's experts of gate * expert(token). Exact: no token is dropped.

    Args:
        experts_Nk: int32 expert ids.
        gates_Nk: their weights; gradients flow through them.
        weights: stacked matrices [E, in, out], with a ReLU between each two.
        mask_N: tokens where it is 0 get zeros and are not computed where that saves time.

    Returns:
        [N, D]
    """
    if mask_N is not None:
        gates_Nk = gates_Nk * ops.cast(mask_N, gates_Nk.dtype)[:, None]
    tokens = x_ND.shape[0]
    if _XLA.get() and tokens is not None and tokens * experts_Nk.shape[1] <= weights[0].shape[0]:
        return _experts_by_token(x_ND, experts_Nk, gates_Nk, weights)
    if not TENSORFLOW:
        return _experts_by_blocks(x_ND, experts_Nk, gates_Nk, weights)
    if _XLA.get():
        return _experts_by_few_slots(x_ND, experts_Nk, gates_Nk, weights)
    return _experts_by_slots(x_ND, experts_Nk, gates_Nk, weights, mask_N)


def _experts_by_slots(
    x_ND: Any, experts_Nk: Any, gates_Nk: Any, weights: tuple[Any, ...], mask_N: Any | None
) -> Any:
    """Gathers each expert's tokens to [E, S, D], S = the greatest load, for one batched matmul."""
    n_experts = weights[0].shape[0]
    n_tokens, k = tf.shape(x_ND)[0], experts_Nk.shape[1]
    one_hot = tf.one_hot(tf.reshape(experts_Nk, [-1]), n_experts, dtype=tf.int32)  # [N*k, E]
    if mask_N is not None:
        one_hot *= tf.repeat(tf.cast(mask_N, tf.int32), k)[:, None]
    loads_E = tf.reduce_sum(one_hot, axis=0)
    slots = tf.maximum(1, tf.reduce_max(loads_E))
    place = tf.reduce_sum((tf.cumsum(one_hot, axis=0) - 1) * one_hot, axis=1)  # [N*k]
    place += tf.reshape(experts_Nk, [-1]) * slots

    # token of each slot; slot 0 of the padded table is a token of zeros for empty slots
    routed = tf.reduce_sum(one_hot, axis=1)
    token_ids = tf.repeat(tf.range(n_tokens), k) + 1
    size = n_experts * slots
    table = tf.scatter_nd(place[:, None], token_ids * routed, size[None])
    x_padded = tf.pad(x_ND, [[1, 0], [0, 0]])
    h = tf.reshape(tf.gather(x_padded, table), [n_experts, slots, x_ND.shape[1]])
    for i, w in enumerate(weights):
        h = tf.matmul(tf.nn.relu(h) if i else h, w)

    y = tf.gather(tf.reshape(h, [size, h.shape[2]]), tf.reshape(place, [n_tokens, k]))
    return tf.reduce_sum(y * tf.cast(gates_Nk, y.dtype)[:, :, None], axis=1)


def _experts_by_token(x_ND: Any, experts_Nk: Any, gates_Nk: Any, weights: tuple[Any, ...]) -> Any:
    """Copies each token's own experts: for fewer assignments than experts."""
    n_tokens, k = experts_Nk.shape
    h = ops.reshape(ops.repeat(x_ND, k, axis=0), (n_tokens * k, 1, x_ND.shape[1]))
    for i, w in enumerate(weights):
        own = ops.take(w, ops.reshape(experts_Nk, (-1,)), axis=0)
        h = ops.matmul(ops.relu(h) if i else h, own)
    y = ops.reshape(h, (n_tokens, k, h.shape[2]))
    return ops.sum(y * ops.cast(gates_Nk, y.dtype)[:, :, None], axis=1)


def _experts_by_few_slots(
    x_ND: Any,
    experts_Nk: Any,
    gates_Nk: Any,
    weights: tuple[Any, ...],
    room: tuple[int, ...] = (3, 5),
) -> Any:
    """As many slots as an even load needs, times the first of `room` that is enough.

    Sizes are static, so each is compiled and the load chooses; if none is enough, all experts do
    all tokens.
    """
    n_experts, (n_tokens, k) = weights[0].shape[0], experts_Nk.shape
    slots = -(-room[0] * n_tokens * k // n_experts) if room and n_tokens else 0
    if not 0 < slots < n_tokens:
        return _experts_all(x_ND, experts_Nk, gates_Nk, weights)
    expert_of = tf.reshape(experts_Nk, [-1])
    one_hot = tf.one_hot(expert_of, n_experts, dtype=tf.int32)
    rank = tf.reduce_sum((tf.cumsum(one_hot, axis=0) - 1) * one_hot, axis=1)

    def enough() -> Any:
        place = expert_of * slots + rank
        token_ids = tf.repeat(tf.range(n_tokens), k) + 1
        table = tf.scatter_nd(place[:, None], token_ids, [n_experts * slots])
        h = tf.gather(tf.pad(x_ND, [[1, 0], [0, 0]]), table)
        h = tf.reshape(h, [n_experts, slots, x_ND.shape[1]])
        for i, w in enumerate(weights):
            h = tf.matmul(tf.nn.relu(h) if i else h, w)
        y = tf.gather(tf.reshape(h, [n_experts * slots, h.shape[2]]), place)
        y = tf.reshape(y, [n_tokens, k, h.shape[2]])
        return tf.reduce_sum(y * tf.cast(gates_Nk, y.dtype)[:, :, None], axis=1)

    return tf.cond(
        tf.reduce_max(rank) < slots,
        enough,
        lambda: _experts_by_few_slots(x_ND, experts_Nk, gates_Nk, weights, room[1:]),
    )


def _experts_all(x_ND: Any, experts_Nk: Any, gates_Nk: Any, weights: tuple[Any, ...]) -> Any:
    """All experts on all tokens: E / k times the work, the one exact form that XLA takes here."""
    one_hot = ops.one_hot(experts_Nk, weights[0].shape[0], dtype=x_ND.dtype)  # [N, k, E]
    gates_NE = ops.sum(one_hot * ops.cast(gates_Nk, x_ND.dtype)[:, :, None], axis=1)
    h = ops.matmul(x_ND[None], weights[0])  # [E, N, F]
    for w in weights[1:]:
        h = ops.matmul(ops.relu(h), w)
    return ops.sum(h * ops.transpose(gates_NE)[:, :, None], axis=0)


def _experts_by_blocks(x_ND: Any, experts_Nk: Any, gates_Nk: Any, weights: tuple[Any, ...]) -> Any:
    """Sorts the tokens by expert into blocks of one expert each: shapes are static.

    Each expert's group is filled up to whole blocks with rows of zeros, so no token is dropped
    and a batched matmul with each block's own weights does the rest. `jax.lax.ragged_dot` means
    the same, but multiplies every token with every expert where it has no kernel of its own.
    Masked tokens are computed too (their gates are 0), since a static shape saves nothing.
    """
    n_experts, k = weights[0].shape[0], experts_Nk.shape[1]
    expert_of = experts_Nk.reshape(-1)
    assignments = expert_of.shape[0]
    rows = _block_rows(assignments, n_experts)
    blocks = (assignments + n_experts * (rows - 1)) // rows

    np = jax.numpy
    sizes_E = np.bincount(expert_of, length=n_experts)
    ends_E = np.cumsum(-(-sizes_E // rows))  # in blocks
    order = np.argsort(expert_of, stable=True)
    sorted_expert = expert_of[order]
    rank = np.arange(assignments) - (np.cumsum(sizes_E) - sizes_E)[sorted_expert]
    place = (ends_E - -(-sizes_E // rows))[sorted_expert] * rows + rank
    expert_of_block = np.minimum(
        np.searchsorted(ends_E, np.arange(blocks), side="right"), n_experts - 1
    )

    # token of each row; row 0 of the padded table is a token of zeros for rows without one
    token_of = np.zeros(blocks * rows, "int32").at[place].set(order // k + 1)
    x_padded = np.pad(x_ND, [[1, 0], [0, 0]])
    h = x_padded[token_of].reshape(blocks, rows, -1)
    for i, w in enumerate(weights):
        h = np.matmul(jax.nn.relu(h) if i else h, np.asarray(w)[expert_of_block])
    place_of = np.zeros(assignments, "int32").at[order].set(place)
    y = h.reshape(blocks * rows, -1)[place_of].reshape(-1, k, h.shape[2])
    return (y * gates_Nk.astype(h.dtype)[:, :, None]).sum(axis=1)


def _block_rows(assignments: int, n_experts: int) -> int:
    """Rows of a block: about half of an expert's even share, a power of two from 8 to 256."""
    share = max(1, assignments // (2 * n_experts))
    return min(256, max(8, 1 << (share.bit_length() - 1)))


def ctc_nats(logits_BLV: Any, lengths_B: Any, labels_BU: Any, counts_B: Any) -> Any:
    """-log P(labels) of each row over all alignments, class 0 the blank; [B].

    Args:
        lengths_B: int32 positions of each row.
        labels_BU: int32, zeros behind.
        counts_B: int32 labels of each row; they must fit into its positions.
    """
    if _XLA.get():
        return ops.ctc_loss(labels_BU, logits_BLV, counts_B, lengths_B, mask_index=0)
    # the kernel takes sparse labels and is ten times as fast as the form for dense ones
    return tf.nn.ctc_loss(
        tf.sparse.from_dense(labels_BU),
        tf.transpose(logits_BLV, [1, 0, 2]),
        label_length=None,
        logit_length=lengths_B,
        blank_index=0,
    )

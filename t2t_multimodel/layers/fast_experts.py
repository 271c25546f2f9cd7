"""The forms of a mixture of experts' layers, and which of them is the fastest where.

Legend: N tokens, E experts, D model width, F expert width, S slots of an expert, k experts a token.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel.layers import expert_exchange
from t2t_multimodel.layers.fast import TENSORFLOW, is_for_xla
from t2t_multimodel.types import Tensor

if TENSORFLOW:
    import tensorflow as tf
else:
    from t2t_multimodel.layers.experts_on_jax import experts_on_jax, spread


def expert_ffn(
    x_ND: Tensor, experts_Nk: Tensor, gates_Nk: Tensor, weights: tuple[Any, ...], mask_N: Any | None
) -> Tensor:
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
    mesh = expert_exchange.mesh_for(tokens)
    if mesh:
        return expert_exchange.exchanged(
            mesh, x_ND, experts_Nk, gates_Nk, weights, mask_N, experts_on_jax
        )
    if is_for_xla() and tokens is not None and tokens * experts_Nk.shape[1] <= weights[0].shape[0]:
        return _experts_by_token(x_ND, experts_Nk, gates_Nk, weights)
    if not TENSORFLOW:
        if mask_N is not None:
            experts_Nk = spread(experts_Nk, mask_N, weights[0].shape[0])
        return experts_on_jax(x_ND, experts_Nk, gates_Nk, weights)
    if is_for_xla():
        return _experts_by_few_slots(x_ND, experts_Nk, gates_Nk, weights)
    return _experts_by_slots(x_ND, experts_Nk, gates_Nk, weights, mask_N)


def _experts_by_slots(
    x_ND: Tensor, experts_Nk: Tensor, gates_Nk: Tensor, weights: tuple[Any, ...], mask_N: Any | None
) -> Tensor:
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


def _experts_by_token(
    x_ND: Tensor, experts_Nk: Tensor, gates_Nk: Tensor, weights: tuple[Any, ...]
) -> Tensor:
    """Copies each token's own experts: for fewer assignments than experts."""
    n_tokens, k = experts_Nk.shape
    h = ops.reshape(ops.repeat(x_ND, k, axis=0), (n_tokens * k, 1, x_ND.shape[1]))
    for i, w in enumerate(weights):
        own = ops.take(w, ops.reshape(experts_Nk, (-1,)), axis=0)
        h = ops.matmul(ops.relu(h) if i else h, own)
    y = ops.reshape(h, (n_tokens, k, h.shape[2]))
    return ops.sum(y * ops.cast(gates_Nk, y.dtype)[:, :, None], axis=1)


def _experts_by_few_slots(
    x_ND: Tensor,
    experts_Nk: Tensor,
    gates_Nk: Tensor,
    weights: tuple[Any, ...],
    room: tuple[int, ...] = (3, 5),
) -> Tensor:
    """Takes as many slots as an even load needs, times the first of `room` that is enough.

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

    def enough() -> Tensor:
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


def _experts_all(
    x_ND: Tensor, experts_Nk: Tensor, gates_Nk: Tensor, weights: tuple[Any, ...]
) -> Tensor:
    """All experts on all tokens: E / k times the work, the one exact form that XLA takes here."""
    one_hot = ops.one_hot(experts_Nk, weights[0].shape[0], dtype=x_ND.dtype)  # [N, k, E]
    gates_NE = ops.sum(one_hot * ops.cast(gates_Nk, x_ND.dtype)[:, :, None], axis=1)
    h = ops.matmul(x_ND[None], weights[0])  # [E, N, F]
    for w in weights[1:]:
        h = ops.matmul(ops.relu(h), w)
    return ops.sum(h * ops.transpose(gates_NE)[:, :, None], axis=0)

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
    import jax


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
            mesh, x_ND, experts_Nk, gates_Nk, weights, mask_N, _experts_by_blocks
        )
    if is_for_xla() and tokens is not None and tokens * experts_Nk.shape[1] <= weights[0].shape[0]:
        return _experts_by_token(x_ND, experts_Nk, gates_Nk, weights)
    if not TENSORFLOW:
        return _experts_by_blocks(x_ND, experts_Nk, gates_Nk, weights)
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


def _experts_by_blocks(
    x_ND: Tensor, experts_Nk: Tensor, gates_Nk: Tensor, weights: tuple[Any, ...]
) -> Tensor:
    """Sorts the tokens by expert into blocks of one expert each: shapes are static.

    Each expert's group is filled up to whole blocks with rows of zeros, so no token is dropped
    and a batched matmul with each block's own weights does the rest. `jax.lax.ragged_dot` means
    the same, but multiplies every token with every expert where it has no kernel of its own.
    Masked tokens are computed too (their gates are 0), since a static shape saves nothing.
    """
    n_experts, k = weights[0].shape[0], experts_Nk.shape[1]
    expert_of = jax.numpy.asarray(experts_Nk).reshape(-1)
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
    x_padded = np.pad(np.asarray(x_ND), [[1, 0], [0, 0]])
    h = x_padded[token_of].reshape(blocks, rows, -1)
    for i, w in enumerate(weights):
        h = np.matmul(jax.nn.relu(h) if i else h, np.asarray(w)[expert_of_block])
    place_of = np.zeros(assignments, "int32").at[order].set(place)
    y = h.reshape(blocks * rows, -1)[place_of].reshape(-1, k, h.shape[2])
    return (y * np.asarray(gates_Nk, h.dtype)[:, :, None]).sum(axis=1)


def _block_rows(assignments: int, n_experts: int) -> int:
    """Rows of a block: about half of an expert's even share, a power of two from 8 to 256."""
    share = max(1, assignments // (2 * n_experts))
    return min(256, max(8, 1 << (share.bit_length() - 1)))

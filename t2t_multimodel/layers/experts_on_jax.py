"""Mixtures of experts for XLA on JAX, where all shapes are static. No token is dropped.

Tokens are sorted by expert into groups of equally many rows, filled up with rows of zeros, for
batched products. `jax.lax.ragged_dot` means the same, but multiplies every token with every expert
where it has no kernel of its own.

Legend: N tokens, E experts, D model width, k experts a token, A = N * k assignments, G groups,
R rows of a group.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import jax

from t2t_multimodel.layers.expert_exchange import either
from t2t_multimodel.types import Tensor

ROOM = 2.0
"""Rows of an expert's own group over what an even load would take, on accelerators."""
SHORTEST, LONGEST = 8, 256
"""Rows of a block, at the least and at the most."""
np: Any = jax.numpy


def experts_on_jax(
    x_ND: Tensor, experts_Nk: Tensor, gates_Nk: Tensor, weights: tuple[Any, ...]
) -> Tensor:
    """As `fast_experts.expert_ffn`, but that masked tokens, whose gates are 0, are computed too.

    Accelerators are bound by memory here: a block's copy of a matrix takes as long as the products
    of some 450 rows. So they take one group for each expert, without copies, unless a load is too
    uneven for its rows. A processor has the copy in its cache, and saves the empty rows.
    """
    experts_Nk, weights = np.asarray(experts_Nk), tuple(map(np.asarray, weights))
    assignments, n_experts = math.prod(experts_Nk.shape), weights[0].shape[0]
    rows = -(-math.ceil(ROOM * assignments / n_experts) // SHORTEST) * SHORTEST
    if platform() == "cpu" or rows >= x_ND.shape[0]:
        return by_blocks(x_ND, experts_Nk, gates_Nk, weights)
    loads_E = np.bincount(np.ravel(experts_Nk), length=n_experts)
    fits = np.max(loads_E) <= rows
    usual = partial(by_expert, rows)
    return either(fits, usual, by_blocks, x_ND, experts_Nk, gates_Nk, weights)


def platform() -> str:
    """The kind of device for which the program is made: cpu, gpu, tpu."""
    return jax.default_backend()


def spread(experts_Nk: Tensor, mask_N: Tensor, n_experts: int) -> Tensor:
    """Masked tokens go to all experts evenly: alike as they are, all would choose the same."""
    anywhere = np.arange(math.prod(experts_Nk.shape), dtype="int32") % n_experts
    live_N1 = np.not_equal(mask_N, 0)[:, None]
    return np.where(live_N1, experts_Nk, anywhere.reshape(experts_Nk.shape))


def by_expert(
    rows: int, x_ND: Tensor, experts_Nk: Tensor, gates_Nk: Tensor, weights: tuple[Any, ...]
) -> Tensor:
    """One group for each expert; none may have more than `rows` tokens."""
    expert_A, order_A, rank_A, _ = _sorted(experts_Nk, weights[0].shape[0])
    place_A = expert_A * rows + rank_A
    return _grouped(x_ND, gates_Nk, order_A, place_A, (weights[0].shape[0], rows), weights)


def by_blocks(
    x_ND: Tensor, experts_Nk: Tensor, gates_Nk: Tensor, weights: tuple[Any, ...]
) -> Tensor:
    """Groups are blocks of few rows, as many of each expert as its tokens need."""
    n_experts, assignments = weights[0].shape[0], math.prod(experts_Nk.shape)
    rows = _block_rows(assignments, n_experts)
    blocks = (assignments + n_experts * (rows - 1)) // rows
    expert_A, order_A, rank_A, sizes_E = _sorted(experts_Nk, n_experts)
    needed_E = -(-sizes_E // rows)
    ends_E = np.cumsum(needed_E)
    place_A = (ends_E - needed_E)[expert_A] * rows + rank_A
    expert_of_block = np.searchsorted(ends_E, np.arange(blocks), side="right")
    own = partial(_copied, np.minimum(expert_of_block, n_experts - 1))
    return _grouped(x_ND, gates_Nk, order_A, place_A, (blocks, rows), weights, own)


def _sorted(experts_Nk: Tensor, n_experts: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Assignments in the order of their experts: expert, number, rank in it; the loads [E]."""
    expert_A = np.ravel(experts_Nk)
    sizes_E = np.bincount(expert_A, length=n_experts)
    order_A = np.argsort(expert_A, stable=True)
    expert_A = expert_A[order_A]
    rank_A = np.arange(expert_A.size) - (np.cumsum(sizes_E) - sizes_E)[expert_A]
    return expert_A, order_A, rank_A, sizes_E


def _copied(expert_of_block: Tensor, matrices: Tensor) -> Tensor:
    return np.take(matrices, expert_of_block, axis=0, mode="clip", indices_are_sorted=True)


def _grouped(
    x_ND: Tensor,
    gates_Nk: Tensor,
    order_A: Tensor,
    place_A: Tensor,
    size: tuple[int, int],
    weights: tuple[Any, ...],
    own: Callable[[Tensor], Tensor] = lambda matrices: matrices,
) -> Tensor:
    """Computes groups of tokens, and sums what the experts of each token found.

    Args:
        order_A: assignments in the order of `place_A`.
        place_A: where each of them is computed, of G * R places.
        size: G and R.
        weights: stacked matrices [E, in, out].
        own: stacks the matrices of the groups, [G, in, out].
    """
    (groups, rows), k = size, gates_Nk.shape[1]
    # token of each place; row 0 of the padded table is a token of zeros for places without one
    token_of = np.zeros(groups * rows, "int32").at[place_A].set(order_A // k + 1)
    h = np.pad(x_ND, [[1, 0], [0, 0]])[token_of].reshape(groups, rows, -1)
    for i, matrices in enumerate(weights):
        h = np.matmul(jax.nn.relu(h) if i else h, own(matrices))
    place_of = np.zeros(place_A.shape, "int32").at[order_A].set(place_A)
    y = h.reshape(groups * rows, -1)[place_of].reshape(-1, k, h.shape[2])
    return (y * np.asarray(gates_Nk, h.dtype)[:, :, None]).sum(axis=1)


def _block_rows(assignments: int, n_experts: int) -> int:
    """About half of an expert's even share, a power of two."""
    share = max(1, assignments // (2 * n_experts))
    return min(LONGEST, max(SHORTEST, 1 << (share.bit_length() - 1)))

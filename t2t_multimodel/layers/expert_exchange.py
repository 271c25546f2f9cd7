"""Experts that live on several devices of JAX: tokens travel to them and back.

The compiler would bring all tokens to all devices, since it can not know which expert a token
wants. Here each device sends its tokens to the devices of their experts by one exchange of all
with all, and gets the outputs back by another.

Legend: N tokens, n those of one device, E experts, M devices of the axis "experts", D model width,
k experts a token, A = n * k assignments, S slots for what one device sends to another.
"""

from __future__ import annotations

import contextlib
import contextvars
import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from t2t_multimodel.types import Tensor

ROOM = 1.5
"""Slots over what an even load would take. A load that needs more gets as many as there can be."""
LocalExperts = Callable[[Tensor, Tensor, Tensor, tuple[Any, ...]], Tensor]
"""x_ND, experts_Nk, gates_Nk and weights -> [N, D], see `fast_experts.expert_ffn`."""
_MESH: contextvars.ContextVar[Any] = contextvars.ContextVar("expert_mesh", default=None)


@contextlib.contextmanager
def over(mesh: Any) -> Iterator[None]:
    """What is traced inside exchanges tokens over a `jax.sharding.Mesh` of data and experts.

    Rows must lie along both axes, experts along the second.
    """
    token = _MESH.set(mesh)
    try:
        yield
    finally:
        _MESH.reset(token)


def mesh_for(tokens: int | None) -> Any | None:
    """The mesh that so many tokens can be exchanged over; None: no mesh, or they do not share."""
    mesh = _MESH.get()
    if mesh is None or tokens is None or tokens % mesh.size:
        return None
    return mesh


def exchanged(
    mesh: Any,
    x_ND: Tensor,
    experts_Nk: Tensor,
    gates_Nk: Tensor,
    weights: tuple[Any, ...],
    mask_N: Any | None,
    local: LocalExperts,
) -> Tensor:
    """As `fast_experts.expert_ffn`, by exchange. Exact: no token is dropped.

    Args:
        mesh: of `mesh_for`.
        x_ND, experts_Nk, gates_Nk, weights: as there.
        mask_N: tokens where it is 0 are not sent, and get zeros.
        local: computes what a device received by the experts that it has.
    """
    import jax

    along = jax.sharding.PartitionSpec
    rows, own = along(("data", "experts")), along("experts")
    run = jax.shard_map(
        partial(_exchanged, mesh.shape["experts"], weights[0].shape[0], local),
        mesh=mesh,
        in_specs=(rows, rows, rows, rows, tuple(own for _ in weights)),
        out_specs=rows,
        check_vma=False,
    )
    live_N = jax.numpy.ones(x_ND.shape[0]) if mask_N is None else mask_N
    return run(x_ND, experts_Nk, gates_Nk, live_N, weights)


def _exchanged(
    devices: int,
    experts: int,
    local: LocalExperts,
    x_nD: Tensor,
    experts_nk: Tensor,
    gates_nk: Tensor,
    live_n: Tensor,
    weights: tuple[Any, ...],
) -> Tensor:
    """The part of one device, which has experts / devices of the weights."""
    import jax

    np: Any = jax.numpy
    if devices == 1:
        return local(x_nD, experts_nk, gates_nk, weights)
    n, k = experts_nk.shape
    here = experts // devices
    live_A = np.repeat(live_n != 0, k)
    expert_A = np.reshape(experts_nk, -1)
    device_A = np.where(live_A, expert_A // here, devices)  # none for what is not sent
    sent_M = np.bincount(device_A, length=devices + 1)
    order_A = np.argsort(device_A, stable=True)
    rank = np.arange(n * k) - (np.cumsum(sent_M) - sent_M)[device_A[order_A]]
    rank_A = np.zeros(n * k, "int32").at[order_A].set(rank)
    most = jax.lax.pmax(np.max(sent_M[:devices]), ("data", "experts"))

    def with_slots(slots: int) -> Callable[..., Tensor]:
        def run(x_nD: Tensor, weights: tuple[Any, ...]) -> Tensor:
            place_A = np.where(live_A, device_A * slots + rank_A, devices * slots)
            table = np.zeros(devices * slots + 1, "int32").at[place_A].set(np.arange(n * k) + 1)
            table = table[:-1]
            token = np.where(table > 0, (table - 1) // k, n)
            x = np.pad(x_nD, [[0, 1], [0, 0]])[token]
            # an empty slot may go to any expert; all are told, so that no load is uneven for it
            wanted = np.where(table > 0, expert_A[table - 1], np.arange(len(table))) % here
            x, wanted = _swapped(x), _swapped(wanted)
            ones = np.ones((devices * slots, 1), x.dtype)
            y = _swapped(local(x, wanted[:, None], ones, weights))
            return np.pad(y, [[0, 1], [0, 0]])[place_A].reshape(n, k, -1)

        return run

    few = min(n * k, math.ceil(ROOM * n * k / devices))
    y_nkD = either(most <= few, with_slots(few), with_slots(n * k), x_nD, weights)
    return (y_nkD * gates_nk[:, :, None].astype(y_nkD.dtype)).sum(axis=1)


def either(
    fits: Tensor, usual: Callable[..., Tensor], crowded: Callable[..., Tensor], *operands: Any
) -> Tensor:
    """Runs `usual` if the loads fit, else `crowded`, whose inner results are not kept."""
    import jax

    return jax.lax.cond(fits, usual, jax.checkpoint(crowded), *operands)


def _swapped(blocks: Tensor) -> Tensor:
    """Block m of the first axis goes to device m; block m of the result came from there."""
    import jax

    return jax.lax.all_to_all(blocks, "experts", 0, 0, tiled=True)

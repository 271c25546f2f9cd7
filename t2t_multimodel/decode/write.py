"""Greedy output and samples: one token after the other, none taken back.

Legend: R rows, T longest output, V tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

from t2t_multimodel.features import EOS_ID, PAD_ID
from t2t_multimodel.types import Tensor, Tensors

NextTokens = Callable[[Any, Any, Any], tuple[Any, Any]]
"""(last ids [R], position t, cache) -> log-probabilities float32 [R, V] of the token at t, or what
guides made of them; next cache."""


def write(
    next_tokens: NextTokens,
    choose: Callable[[Any, Any], Any],
    cache: Tensors,
    forced_RT: Tensor,
    live_R: Tensor,
) -> tuple[Tensor, Tensor]:
    """Writes until every row has its end or is full.

    Args:
        next_tokens: the model.
        choose: (log-probabilities [R, V], t) -> ids [R].
        cache: before the first position.
        forced_RT: int32, ids that must be taken where they are not 0.
        live_R: bool; other rows stay empty.

    Returns:
        ids int32 [R, T], zero after the end; their log-probability [R], the end's included.
    """
    longest = forced_RT.shape[1]

    def unfinished(
        t: Tensor, ids_RT: Tensor, last_R: Tensor, score_R: Tensor, done_R: Tensor, cache: Tensors
    ) -> Tensor:
        return ops.logical_and(t < longest, ops.logical_not(ops.all(done_R)))

    def one(
        t: Tensor, ids_RT: Tensor, last_R: Tensor, score_R: Tensor, done_R: Tensor, cache: Tensors
    ) -> tuple[Tensors, ...]:
        log_p_RV, cache = next_tokens(last_R, t, cache)
        forced_R = ops.take(forced_RT, t, axis=1)
        chosen_R = ops.where(forced_R > 0, forced_R, choose(log_p_RV, t))
        gain_R = ops.take_along_axis(log_p_RV, chosen_R[:, None], axis=1)[:, 0]
        score_R = score_R + ops.where(done_R, 0.0, gain_R)
        chosen_R = ops.where(done_R, PAD_ID, chosen_R)
        ids_RT = ops.slice_update(ids_RT, (0, t), chosen_R[:, None])
        return t + 1, ids_RT, chosen_R, score_R, ops.logical_or(done_R, chosen_R == EOS_ID), cache

    ids_RT = ops.zeros_like(forced_RT)
    start = (
        ops.convert_to_tensor(0, "int32"),
        ids_RT,
        ids_RT[:, 0],
        ops.cast(ids_RT[:, 0], "float32"),
        ops.logical_not(live_R),
        cache,
    )
    _, ids_RT, _, score_R, _, _ = ops.while_loop(unfinished, one, start)
    return ids_RT, score_R


def best(log_p_RV: Tensor, t: Tensor) -> Tensor:
    """Greedy choice."""
    return ops.cast(ops.argmax(log_p_RV, axis=-1), "int32")

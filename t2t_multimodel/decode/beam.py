"""Beam search with a length penalty, rule for rule that of Tensor2Tensor.

Legend: B sources, N beams, R = B * N rows, T longest output, V tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from t2t_multimodel.decode.guide import FORBIDDEN
from t2t_multimodel.decode.write import NextTokens
from t2t_multimodel.features import EOS_ID
from t2t_multimodel.types import Size, Tensor, Tensors

LOST = -1e7
"""Score of what is no hypothesis; below -1e6 nothing is one."""


def length_penalty(length: Size, alpha: float) -> Tensor:
    """((5 + length) / 6) ** alpha, length in tokens with the end (arXiv 1609.08144, eq. 14)."""
    return ops.power((5.0 + ops.cast(length, "float32")) / 6.0, alpha)


@dataclass(frozen=True)
class Beam:
    """Settings of a search."""

    width: int
    """Beginnings that are followed for each source, N."""
    alpha: float
    """Exponent of the length penalty."""
    stop_early: bool = True
    """Whether it ends when nothing can become better; False runs to the longest length."""


def beam_search(
    next_tokens: NextTokens,
    cache: Tensors,
    forced_BT: Tensor,
    live_B: Tensor,
    how: Beam,
) -> tuple[Tensor, Tensor]:
    """Follows the N best beginnings and keeps the N best ended sequences.

    Of the 2N best continuations those with an end compete with what ended before, by score; the
    others are the next beginnings. The search stops when no beginning can still become better
    than the worst ended sequence, in any row. So what comes after the best may depend on the
    other rows; without `Beam.stop_early` it does not.

    Args:
        next_tokens: the model; its rows are the beams of one source after those of another.
        cache: before the first position, [R, ...] each.
        forced_BT: int32, ids that must be taken where they are not 0.
        live_B: bool; other sources are not waited for.
        how: the search goes.

    Returns:
        ids int32 [B, N, T], best first, zero after the end; scores [B, N]: log-probability /
        length penalty. Where nothing ended: the beginnings, with their log-probability. What is
        missing has a score near -1e7.
    """
    rows, longest = ops.shape(forced_BT)[0], forced_BT.shape[1]
    search = _Search(rows, how.width, longest, how.alpha)

    def unfinished(
        t: Tensor, alive: dict[str, Tensor], ended: dict[str, Tensor], cache: Tensors
    ) -> Tensor:
        decided = ops.all(ops.logical_or(search.decided(alive, ended), ops.logical_not(live_B)))
        goes_on = ops.logical_not(decided) if how.stop_early else True
        return ops.logical_and(t < longest, goes_on)

    def one(
        t: Tensor, alive: dict[str, Tensor], ended: dict[str, Tensor], cache: Tensors
    ) -> tuple[Tensors, ...]:
        last_R = ops.reshape(ops.take(alive["ids"], ops.maximum(t - 1, 0), axis=2), (-1,))
        log_p_RV, cache = next_tokens(last_R, t, cache)
        forced_B = ops.take(forced_BT, t, axis=1)
        alive, ended, parent_R = search.grow(t, alive, ended, log_p_RV, forced_B)
        return (
            t + 1,
            alive,
            ended,
            keras.tree.map_structure(lambda state: ops.take(state, parent_R, axis=0), cache),
        )

    start = (ops.convert_to_tensor(0, "int32"), *search.start(), cache)
    _, alive, ended, _ = ops.while_loop(unfinished, one, start)
    any_ended = ops.any(ended["real"], axis=1)
    ids = ops.where(any_ended[:, None, None], ended["ids"], alive["ids"])
    return ids, ops.where(any_ended[:, None], ended["score"], alive["score"])


class _Search:
    """Bookkeeping of a search: alive = beginnings, ended = sequences with an end.

    Both are dicts of ids [B, N, T], score [B, N] (of alive: log-probability) and, for ended,
    real [B, N]: False where it holds nothing yet.
    """

    def __init__(self, rows: Size, beams: int, longest: int, alpha: float) -> None:
        self.rows, self.beams, self.longest, self.alpha = rows, beams, longest, alpha

    def start(self) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """One empty beginning, nothing ended."""
        shape = (self.rows, self.beams)
        ids = ops.zeros((*shape, self.longest), "int32")
        first = ops.cast(ops.arange(self.beams) == 0, "float32")
        alive = {"ids": ids, "score": ops.broadcast_to((1.0 - first) * LOST, shape)}
        ended = {"ids": ids, "score": ops.full(shape, LOST), "real": ops.zeros(shape, "bool")}
        return alive, ended

    def decided(self, alive: dict[str, Tensor], ended: dict[str, Tensor]) -> Tensor:
        """[B]: no beginning can come before the worst of what ended."""
        bound_B = alive["score"][:, 0] / length_penalty(self.longest, self.alpha)
        worst_B = ops.min(ended["score"] * ops.cast(ended["real"], "float32"), axis=1)
        worst_B = ops.where(ops.any(ended["real"], axis=1), worst_B, LOST)
        return worst_B > bound_B

    def grow(
        self,
        t: Tensor,
        alive: dict[str, Tensor],
        ended: dict[str, Tensor],
        log_p_RV: Tensor,
        forced_B: Tensor,
    ) -> tuple[dict[str, Tensor], dict[str, Tensor], Any]:
        """One token more: the next alive and ended, and the row that each alive one comes from."""
        candidates = self._candidates(t, alive, log_p_RV, forced_B)
        ends = candidates["last"] == EOS_ID
        lost = ops.where(ends, LOST, 0.0)
        kept_BN = ops.top_k(candidates["score"] + lost, self.beams)[1]
        after = {
            "ids": _pick(candidates["ids"], kept_BN),
            "score": _pick(candidates["log_probability"] + lost, kept_BN),
        }
        closing = candidates["score"] + ops.where(ends, 0.0, LOST)
        pool = {
            "ids": ops.concatenate([ended["ids"], candidates["ids"]], axis=1),
            "score": ops.concatenate([ended["score"], closing], axis=1),
            "real": ops.concatenate([ended["real"], ends], axis=1),
        }
        best_BN = ops.top_k(pool["score"], self.beams)[1]
        first_B1 = ops.arange(self.rows)[:, None] * self.beams
        parent_R = ops.reshape(_pick(candidates["parent"], kept_BN) + first_B1, (-1,))
        return after, {name: _pick(values, best_BN) for name, values in pool.items()}, parent_R

    def _candidates(
        self, t: Tensor, alive: dict[str, Tensor], log_p_RV: Tensor, forced_B: Tensor
    ) -> dict[str, Tensor]:
        """The 2N best continuations."""
        classes = log_p_RV.shape[-1]
        log_p = ops.reshape(log_p_RV, (-1, self.beams, classes))
        others = ops.arange(classes)[None, None] != forced_B[:, None, None]
        shut = ops.logical_and(forced_B[:, None, None] > 0, others)
        log_p = ops.where(shut, FORBIDDEN, log_p) + alive["score"][:, :, None]
        penalty = length_penalty(t + 1, self.alpha)
        flat = ops.reshape(log_p / penalty, (-1, self.beams * classes))
        score, number = ops.top_k(flat, 2 * self.beams)
        number = ops.cast(number, "int32")
        parent, last = number // classes, number % classes
        here_T = ops.cast(ops.arange(self.longest) == t, "int32")
        ids = _pick(alive["ids"], parent) + last[:, :, None] * here_T
        return {
            "ids": ids,
            "last": last,
            "parent": parent,
            "score": score,
            "log_probability": score * penalty,
        }


def _pick(values: Tensor, number: Tensor) -> Tensor:
    """values [B, M, ...] at number [B, K] of the second axis."""
    if len(values.shape) == 3:
        number = number[:, :, None]
    return ops.take_along_axis(values, ops.cast(number, "int32"), axis=1)

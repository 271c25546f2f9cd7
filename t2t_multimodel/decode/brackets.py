"""The guide that lets an output be nothing but a whole tree over the words of the input.

Legend: B sources, L source positions, R rows (sources times outputs that are followed), V tokens,
H deepest nesting.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from keras import KerasTensor, ops

from t2t_multimodel.decode.guide import FORBIDDEN, Weigh
from t2t_multimodel.features import EOS_ID, BracketTables
from t2t_multimodel.multimodel import Encoded
from t2t_multimodel.types import Tensor

DEEPEST = 64
"""Brackets that may be open at once."""


class Standing(NamedTuple):
    """Tells where each row stands in its tree."""

    open_RH: Tensor
    """int32: labels of the open brackets, the outermost first."""
    depth_R: Tensor
    """int32: how many are open."""
    empty_R: Tensor
    """int32: how many of the innermost have no leaf yet."""
    left_R: Tensor
    """int32: words that have no leaf yet."""


class BracketGuide:
    """Forbids each token after which the output could not become a tree within its length.

    Where that is so short that no tree fits, the output is the beginning of one.

    Args:
        tables: roles of tokens, see `features.Brackets`.
    """

    specs = (KerasTensor((None,), "int32"),)

    def __init__(self, tables: BracketTables) -> None:
        self._tables = tables
        self._is_end_V = np.arange(len(tables.leaf_V)) == EOS_ID

    def facts(self, source: dict[str, Tensor], encoded: Encoded) -> tuple[Tensor, ...]:
        """The words of each input [B], which blanks part."""
        ids_BL = ops.cast(source["inputs"], "int32")
        at_once, behind, inside = (_look_up(table, ids_BL) for table in self._tables[3:])
        after_blank = ops.pad(behind, [[0, 0], [1, 0]], constant_values=1)[:, :-1]
        live_BL = ops.arange(ops.shape(ids_BL)[1])[None] < source["inputs_length"][:, None]
        words_BL = inside + at_once * after_blank
        return (ops.sum(words_BL * ops.cast(live_BL, "int32"), axis=1),)

    def begin(self, facts: tuple[Tensor, ...], beams: int, longest: int) -> tuple[Standing, Weigh]:
        """Nothing open and no leaf written, and the tokens that may come next."""
        left_R = ops.repeat(ops.cast(facts[0], "int32"), beams, axis=0)
        none_R = ops.zeros_like(left_R)
        open_RH = ops.repeat(none_R[:, None], min(DEEPEST, longest), axis=1)

        def weigh(
            log_p_RV: Tensor, last_R: Tensor, t: Tensor, standing: Standing
        ) -> tuple[Tensor, Standing]:
            standing = self._after(standing, last_R)
            allowed_RV = self._allowed(standing, t, longest)
            return ops.where(allowed_RV, log_p_RV, FORBIDDEN), standing

        return Standing(open_RH, none_R, none_R, left_R), weigh

    def _after(self, now: Standing, last_R: Tensor) -> Standing:
        """Returns where a row stands behind a token; padding moves nothing."""
        opened_R, closed_R, leaf_R = (_look_up(table, last_R) for table in self._tables[:3])
        opens_R = ops.cast(opened_R >= 0, "int32")
        closes_R = ops.cast(closed_R >= 0, "int32")
        deepest = now.open_RH.shape[1]
        is_new = (ops.arange(deepest)[None] == now.depth_R[:, None]) & (opened_R >= 0)[:, None]
        # a prefix that was forced may hold what is not allowed
        depth_R = ops.clip(now.depth_R + opens_R - closes_R, 0, deepest)
        return Standing(
            ops.where(is_new, opened_R[:, None], now.open_RH),
            depth_R,
            (now.empty_R + opens_R) * (1 - leaf_R),
            ops.maximum(now.left_R - leaf_R, 0),
        )

    def _allowed(self, now: Standing, t: Tensor, longest: int) -> Tensor:
        """Bool [R, V]."""
        inside_R, more_R = now.depth_R > 0, now.left_R > 0
        needed_R = now.left_R + now.depth_R + 1  # leaves, closing brackets, the end
        fits_R = (needed_R + 2 <= longest - t) & (now.depth_R < now.open_RH.shape[1])
        opens_R = more_R & fits_R & (inside_R | (t == 0))
        closes_R = (now.empty_R == 0) & inside_R & ((now.depth_R > 1) | ~more_R)
        innermost_R1 = ops.maximum(now.depth_R - 1, 0)[:, None]
        label_R1 = ops.take_along_axis(now.open_RH, innermost_R1, axis=1)
        tables = self._tables
        return (
            (opens_R[:, None] & (tables.opens_V >= 0)[None])
            | (closes_R[:, None] & (label_R1 == tables.closes_V[None]))
            | ((inside_R & more_R)[:, None] & tables.leaf_V[None])
            | (~(inside_R | more_R)[:, None] & self._is_end_V[None])
        )


def _look_up(table: np.ndarray, ids: Tensor) -> Tensor:
    return ops.take(ops.convert_to_tensor(table.astype(np.int32)), ids, axis=0)

"""Batches filled up to a few sizes, for compilers that begin anew with each size.

Legend: B sources, L source positions, D width, T longest output.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from t2t_multimodel.types import Tensor


def filled_up(
    x_BLD: Tensor, mask_BL: Tensor, forced_BT: np.ndarray, live_B: np.ndarray, *facts: Tensor
) -> tuple[Any, ...]:
    """More rows and positions, all of them padding, up to the next sizes that are compiled."""
    rows = x_BLD.shape[0]
    row = next_size(rows) - rows
    return (
        *(_padded(x, row) for x in (x_BLD, mask_BL)),
        np.pad(forced_BT, [[0, row], [0, 0]]),
        np.pad(live_B, [0, row]),
        *(_padded(fact, row) for fact in facts),
    )


def _padded(x: Tensor, row: int) -> Tensor:
    """x with more rows, and positions on its second axis if it has one."""
    edges = [[0, row], *([0, 0] for _ in x.shape[1:])]
    if len(edges) > 1:
        edges[1][1] = next_size(max(x.shape[1], 8)) - x.shape[1]
    return ops.pad(x, edges) if any(map(sum, edges)) else x


def next_size(size: int) -> int:
    """The smallest of 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, ... that is not below `size`."""
    power = 1 << max(0, size - 1).bit_length()
    return power * 3 // 4 if power >= 4 and size <= power * 3 // 4 else power

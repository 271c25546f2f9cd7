"""Timing signals: which position is this? (paper, section 2.2)"""

from __future__ import annotations

import numpy as np
from keras import ops

from t2t_multimodel.types import Size, Tensor


def timing(length: Size, channels: int, dtype: str = "float32", *, start: Size = 0) -> Tensor:
    """The paper's signal, sine and cosine interleaved over the whole depth.

        timing(t, [2d, 2d+1]) = [sin(t Delta(2d)), cos(t Delta(2d))],
        Delta(2d) = 10000 ** (-2d / channels)

    Args:
        length: number of positions.
        channels: depth of the result; even.
        dtype: of the result.
        start: the first position.

    Returns:
        [1, length, channels]
    """
    rates = 1e4 ** (-np.arange(0, channels, 2) / channels)
    angles = _angles(length, rates, start)
    signal = ops.stack([ops.sin(angles), ops.cos(angles)], axis=-1)
    return ops.cast(ops.reshape(signal, (1, -1, channels)), dtype)


def timing_halves(
    length: Size, channels: int, timescales: int | None = None, *, start: Size = 0
) -> Tensor:
    """Tensor2Tensor's signal: all sines, then all cosines, then zeros.

    Args:
        length: number of positions.
        channels: depth of the result.
        timescales: number of rates, 1 to 1 / 10000 in equal ratios; half the channels if None.
        start: the first position.

    Returns:
        float32 [1, length, channels]
    """
    n = channels // 2 if timescales is None else timescales
    rates = 1e4 ** (-np.arange(n) / max(n - 1, 1))
    angles = _angles(length, rates, start)
    signal = ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)
    return ops.pad(signal, [[0, 0], [0, channels - 2 * n]])[None]


def _angles(length: Size, rates: np.ndarray, start: Size) -> Tensor:
    """position * rate: [length, len(rates)]."""
    positions = ops.cast(ops.arange(length), "float32") + ops.cast(start, "float32")
    return positions[:, None] * ops.convert_to_tensor(rates[None, :], dtype="float32")

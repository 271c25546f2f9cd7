"""Augmentation of log-mel frames in training (SpecAugment, arXiv 1904.08779).

Legend: T frames, M mel bins.
"""

from __future__ import annotations

import numpy as np


def mask(frames_TM: np.ndarray, part: float, draws: np.random.Generator) -> np.ndarray:
    """Sets two stretches of time and two bands to the mean, each up to `part` of its axis."""
    masked = frames_TM.copy()
    for axis in (0, 0, 1, 1):
        size = frames_TM.shape[axis]
        width = int(draws.uniform(0, part) * size)
        begin = int(draws.integers(0, size - width + 1))
        masked[(slice(None),) * axis + (slice(begin, begin + width),)] = 0  # the mean is 0
    return masked


def warp(frames_TM: np.ndarray, rate: float, draws: np.random.Generator) -> np.ndarray:
    """Speaks faster here and slower there, and moves the formants; the length stays.

    The local speed is drawn at four moments, within a factor of exp(`rate`), and changes
    smoothly between them. The mel axis is stretched by up to half as much, as another vocal
    tract would (VTLP, Jaitly and Hinton 2013).
    """
    times, bins = frames_TM.shape
    moments = np.exp(draws.uniform(-rate, rate, 4))
    speed_T = np.interp(np.linspace(0, 3, times), np.arange(4), moments)
    heard_T = np.cumsum(speed_T) - speed_T
    heard_T *= (times - 1) / max(heard_T[-1], 1.0)
    stretch = np.exp(draws.uniform(-rate, rate) / 2)
    warped = _read_between(frames_TM.astype(np.float32), heard_T, axis=0)
    warped = _read_between(warped, np.minimum(np.arange(bins) * stretch, bins - 1), axis=1)
    return warped.astype(frames_TM.dtype)


def _read_between(array: np.ndarray, places: np.ndarray, axis: int) -> np.ndarray:
    """Values of `array` at fractional places along an axis, interpolated linearly."""
    low = places.astype(int)
    high = np.minimum(low + 1, array.shape[axis] - 1)
    part = (places - low).astype(np.float32)
    part = part[:, None] if axis == 0 else part
    return np.take(array, low, axis) * (1 - part) + np.take(array, high, axis) * part

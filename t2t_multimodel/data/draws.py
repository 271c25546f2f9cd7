"""Random draws that depend on nothing but a seed, a purpose and counters."""

from __future__ import annotations

import zlib

import numpy as np


def generator(seed: int, purpose: str, *counters: int) -> np.random.Generator:
    """A generator for one purpose at one place of the run, independent of all others.

    Nothing has to be saved for a resume: the same arguments draw the same numbers again.
    """
    return np.random.default_rng([seed, zlib.crc32(purpose.encode()), *counters])

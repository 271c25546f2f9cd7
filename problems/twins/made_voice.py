"""Sounds for made examples: each letter of a text is a tone of its own."""

from __future__ import annotations

import numpy as np

RATE = 16_000
_SECONDS = 0.03  # one letter lasts so long


def voice(text: str) -> np.ndarray:
    """int16 [n] at 16 kHz: a tone for each letter and digit, silence for all else, faint noise."""
    draws = np.random.default_rng(len(text))
    time = np.arange(int(RATE * _SECONDS))
    hertz = [150 + 90 * (ord(c) % 32) if c.isalnum() else 0 for c in text]
    tones = [6000 * np.sin(2 * np.pi * f / RATE * time) for f in hertz]
    wave = np.concatenate(tones)
    return (wave + draws.normal(0, 30, len(wave))).astype(np.int16)

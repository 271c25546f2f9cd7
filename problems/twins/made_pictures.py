"""Small JPEG photographs for made examples."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image as Pillow

COLOURS = {
    "red": (210, 40, 40),
    "green": (40, 180, 60),
    "blue": (40, 60, 210),
    "yellow": (220, 210, 50),
    "white": (240, 240, 240),
    "black": (20, 20, 20),
    "orange": (240, 140, 30),
    "purple": (140, 40, 170),
}


def photograph(colour: str, place: str = "middle", seed: int = 0) -> bytes:
    """A JPEG of 64 x 48: a square of the colour, `left`, `right` or in the `middle`, on noise."""
    pixels = np.random.default_rng(seed).integers(100, 140, (48, 64, 3))
    left = {"left": 4, "middle": 22, "right": 40}[place]
    pixels[14:34, left : left + 20] = COLOURS[colour]
    file = io.BytesIO()
    Pillow.fromarray(pixels.astype(np.uint8)).save(file, "JPEG", quality=90)
    return file.getvalue()

"""Pictures cut, turned and resized, by Pillow: what `Image` does with files and in training."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image as Pillow

Box = tuple[float, float, float, float]
"""Left, upper, right and lower edge in pixels."""
ASPECTS = (3 / 4, 4 / 3)
"""Width over height of random crops (Szegedy et al. 2015, arXiv 1409.4842, section 6)."""
_TRIES = 10


def from_pixels(pixels: np.ndarray) -> Pillow.Image:
    """uint8 [height, width, 1 or 3] as a picture."""
    return Pillow.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels)


def png(pixels: np.ndarray) -> bytes:
    """uint8 [height, width, 1 or 3] as a PNG file."""
    file = io.BytesIO()
    from_pixels(np.ascontiguousarray(pixels)).save(file, "PNG")
    return file.getvalue()


def averaged(pixels: np.ndarray, most: int) -> np.ndarray:
    """uint8 [H, W, C] to float32 [dimensions] in 0 to 1, at most `most` pixels on a side."""
    step = -(-max(pixels.shape[:2]) // most)
    height, width, channels = pixels.shape[0] // step, pixels.shape[1] // step, pixels.shape[2]
    blocks = pixels[: height * step, : width * step].reshape(height, step, width, step, channels)
    return blocks.mean(axis=(1, 3), dtype=np.float32).reshape(-1) / 255


def resized(picture: Pillow.Image, width: int, height: int, box: Box | None = None) -> Pillow.Image:
    """The part of the picture inside `box`, all without one, at another size (bilinear)."""
    if picture.size == (width, height) and box is None:
        return picture
    return picture.resize((width, height), Pillow.Resampling.BILINEAR, box)


def mirrored(picture: Pillow.Image) -> Pillow.Image:
    """Left and right exchanged, far faster than NumPy copies an array that it reads backwards."""
    return picture.transpose(Pillow.Transpose.FLIP_LEFT_RIGHT)


def random_box(size: tuple[int, int], area: float, draws: np.random.Generator) -> Box:
    """A part of a picture of `size` (width, height), drawn at random.

    Its share of the area is uniform from `area` to 1, its aspect log-uniform in `ASPECTS`. Where
    no such box fits in ten draws, the middle at the nearest possible aspect.
    """
    width, height = size
    for _ in range(_TRIES):
        share, aspect = draws.uniform(area, 1), np.exp(draws.uniform(*np.log(ASPECTS)))
        wide = np.sqrt(width * height * share * aspect)
        high = wide / aspect
        if wide <= width and high <= height:
            left, upper = draws.uniform(0, width - wide), draws.uniform(0, height - high)
            return (left, upper, left + wide, upper + high)
    return middle_box(size, float(np.clip(width / height, *ASPECTS)))


def middle_box(size: tuple[int, int], aspect: float, part: float = 1.0) -> Box:
    """The middle of a picture of `size`: `part` of the largest box of that width over height."""
    width, height = size
    wide = min(width, height * aspect) * part
    high = min(height, width / aspect) * part
    left, upper = (width - wide) / 2, (height - high) / 2
    return (left, upper, left + wide, upper + high)


def distorted(pixels: np.ndarray, most: float, draws: np.random.Generator) -> np.ndarray:
    """uint8 [height, width, channels] zoomed, shifted, turned and brightened by up to `most`."""
    height, width, channels = pixels.shape
    zoom, turn, right, down, light = draws.uniform(-most, most, 5)
    angle, scale = turn * np.pi / 2, 1 + zoom
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    x, y = (width - 1) / 2, (height - 1) / 2  # the centre stays, but for the shift
    picture = from_pixels(pixels)
    turned = picture.transform(
        picture.size,
        Pillow.Transform.AFFINE,
        (
            *(cos, sin, x - cos * x - sin * y + right * width),
            *(-sin, cos, y + sin * x - cos * y + down * height),
        ),
        Pillow.Resampling.BILINEAR,
        fillcolor=tuple(pixels[0, 0].tolist()) if channels == 3 else int(pixels[0, 0, 0]),
    )
    bright = np.asarray(turned, np.float32) * (1 + light)
    return np.clip(bright, 0, 255).astype(np.uint8).reshape(pixels.shape)

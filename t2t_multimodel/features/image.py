"""Image: pixels of a fixed size."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path
from typing import ClassVar

import numpy as np

from t2t_multimodel.features.base import BadValue, Feature, Signature, Tokenizer


@dataclasses.dataclass(frozen=True)
class Image(Feature):
    """An image as uint8 [height, width, channels], as a path, or as encoded PNG or JPEG bytes.

    Files are converted to the declared channels and resized (bilinear) to the declared size;
    arrays must have it already.
    """

    height: int
    width: int
    channels: int = 3
    """1 (grey) or 3 (RGB). The image net sees three: grey is repeated."""
    distort: float = dataclasses.field(default=0.0, repr=False)
    """In training each image is zoomed, shifted, turned and brightened by up to this part (0.1:
    10 %, of a right angle for turns), at random; 0: left as it is."""

    dtype: ClassVar[np.dtype] = np.dtype(np.uint8)
    unit: ClassVar[str | None] = "pixels"

    def signature(self, problem: str, tokenizer: Tokenizer | None) -> Signature:
        shape = (self.height, self.width, self.channels)
        return Signature("image", "image", 0, shape, self.height * self.width, "uint8")

    def encode(
        self, value: np.ndarray | bytes | str | Path, tokenizer: Tokenizer | None
    ) -> np.ndarray:
        if not isinstance(value, np.ndarray):
            return self._open(value)
        if value.ndim == 2:
            value = value[:, :, None]
        expected = self.stored_shape()
        if value.shape != expected or value.dtype != self.dtype:
            raise BadValue(
                f"image must be uint8 {list(expected)}, but is {value.dtype} {list(value.shape)}"
            )
        return value

    def _open(self, source: bytes | str | Path) -> np.ndarray:
        from PIL import Image as Pillow

        if not isinstance(source, (bytes, str, Path)):
            raise BadValue(
                f"image must be an array, a path or encoded bytes, but is {type(source).__name__}"
            )
        try:
            with Pillow.open(io.BytesIO(source) if isinstance(source, bytes) else source) as file:
                picture = file.convert("L" if self.channels == 1 else "RGB")
        # Pillow raises all of these for damaged files.
        except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError) as error:
            raise BadValue(f"not a readable image: {error}") from error
        if picture.size != (self.width, self.height):
            picture = picture.resize((self.width, self.height), Pillow.Resampling.BILINEAR)
        return np.asarray(picture, self.dtype).reshape(self.stored_shape())

    def augment(self, array: np.ndarray, draws: np.random.Generator) -> np.ndarray:
        if not self.distort:
            return array
        from PIL import Image as Pillow

        zoom, turn, right, down, light = draws.uniform(-self.distort, self.distort, 5)
        angle, scale = turn * np.pi / 2, 1 + zoom
        cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
        x, y = (self.width - 1) / 2, (self.height - 1) / 2  # the centre stays, but for the shift
        picture = Pillow.fromarray(array.squeeze(-1) if self.channels == 1 else array)
        turned = picture.transform(
            picture.size,
            Pillow.Transform.AFFINE,
            (
                *(cos, sin, x - cos * x - sin * y + right * self.width),
                *(-sin, cos, y + sin * x - cos * y + down * self.height),
            ),
            Pillow.Resampling.BILINEAR,
            fillcolor=tuple(array[0, 0].tolist()) if self.channels == 3 else int(array[0, 0, 0]),
        )
        bright = np.asarray(turned, np.float32) * (1 + light)
        return np.clip(bright, 0, 255).astype(self.dtype).reshape(self.stored_shape())

    def decode(self, array: np.ndarray, tokenizer: Tokenizer | None) -> np.ndarray:
        return array

    def length(self, array: np.ndarray) -> int:
        return self.height * self.width

    def stored_shape(self) -> tuple[int, ...]:
        return (self.height, self.width, self.channels)

    def describe(self) -> str:
        return f"Image {self.height}x{self.width}x{self.channels}"

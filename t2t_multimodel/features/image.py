"""Image: pixels of a fixed size."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from t2t_multimodel.errors import UserError
from t2t_multimodel.features.base import (
    SHOWN_WHEN_SET,
    BadValue,
    Feature,
    Signature,
    Tokenizer,
    Unit,
)
from t2t_multimodel.features.checking import alike
from t2t_multimodel.features.graph import Argument, GraphInput, GraphTokenizer
from t2t_multimodel.features.people import PICTURE, Medium, Shown

if TYPE_CHECKING:
    from PIL import Image as Pillow

    from t2t_multimodel.config.data import DataConfig
    from t2t_multimodel.features.pictures import Box

MOST_SIDE = 32
"""Pixels of the longer side that simple methods see; larger images are averaged down to it."""


@dataclasses.dataclass(frozen=True, repr=False)
class Image(Feature):
    """An image as uint8 [height, width, channels], as the path of a file, or as its bytes.

    Files are read as `picture_files` says, converted to the declared channels and resized
    (bilinear) to the declared size; arrays must have it already.
    """

    height: int
    width: int
    channels: int = 3
    """1 (grey) or 3 (RGB). The image net sees three: grey is repeated."""
    distort: float = dataclasses.field(default=0.0, repr=False)
    """In training each image is zoomed, shifted, turned and brightened by up to this part (0.1:
    10 %, of a right angle for turns), at random; 0: left as it is."""
    encoded: bool = dataclasses.field(default=False, metadata=SHOWN_WHEN_SET)
    """Records hold the file as it is (JPEG, PNG), decoded each time that it is read: for
    photographs, which would take many times the space as pixels. Arrays become PNG."""
    crop: float = dataclasses.field(default=1.0, repr=False)
    """In training a part of the image is cut out at random and resized, of at least this share of
    its area (0.08 is usual for ImageNet: Szegedy et al. 2015, arXiv 1409.4842); 1: all of it."""
    flip: bool = dataclasses.field(default=False, repr=False)
    """In training every other image is seen in a mirror."""
    centre: float = dataclasses.field(default=0.0, repr=False)
    """Outside of training an encoded image is seen as its middle, this part of the largest that
    has the declared aspect (0.875 is usual for ImageNet); 0: all of it, squeezed to the aspect."""

    dtype: ClassVar[np.dtype] = np.dtype(np.uint8)
    unit: ClassVar[Unit | None] = "pixels"
    medium: ClassVar[Medium] = "image"
    seen_as: ClassVar[str] = "pixels"

    def __post_init__(self) -> None:
        if not (0 < self.crop <= 1 and 0 <= self.centre <= 1):
            raise UserError(
                "Image takes a crop above 0 up to 1 and a centre from 0 to 1, "
                f"but got crop={self.crop} and centre={self.centre}."
            )

    def signature(self, problem: str, tokenizer: Tokenizer | None) -> Signature:
        shape = (self.height, self.width, self.channels)
        return Signature("image", "image", 0, shape, self.height * self.width, "uint8")

    def encode(
        self, value: np.ndarray | bytes | str | Path, tokenizer: Tokenizer | None
    ) -> np.ndarray:
        if isinstance(value, np.ndarray):
            pixels = self._checked(value)
            return self._as_png(pixels) if self.encoded else pixels
        if not isinstance(value, (bytes, str, Path)):
            raise BadValue(
                f"image must be an array, a path or encoded bytes, but is {type(value).__name__}"
            )
        return self._file(value) if self.encoded else self._pixels(self._opened(value))

    def _checked(self, value: np.ndarray) -> np.ndarray:
        if value.ndim == 2:
            value = value[:, :, None]
        expected = (self.height, self.width, self.channels)
        if value.shape != expected or value.dtype != self.dtype:
            raise BadValue(
                f"image must be uint8 {list(expected)}, but is {value.dtype} {list(value.shape)}"
            )
        return value

    def _as_png(self, pixels: np.ndarray) -> np.ndarray:
        from t2t_multimodel.features.pictures import png

        return np.frombuffer(png(pixels), self.dtype)

    def _file(self, source: bytes | str | Path) -> np.ndarray:
        """The bytes of a file that can be decoded to its end."""
        from t2t_multimodel.features.picture_files import checked

        return np.frombuffer(checked(source), self.dtype)

    def _opened(self, source: bytes | str | Path) -> Pillow.Image:
        from t2t_multimodel.features.picture_files import read

        return read(source, self.channels)

    def _picture(self, array: np.ndarray) -> Pillow.Image:
        """A stored array as a picture, of its own size when it is an encoded one."""
        from t2t_multimodel.features.pictures import from_pixels

        return self._opened(array.tobytes()) if self._is_file(array) else from_pixels(array)

    def _is_file(self, array: np.ndarray) -> bool:
        return self.encoded and array.ndim == 1

    def _pixels(
        self, picture: Pillow.Image, box: Box | None = None, mirror: bool = False
    ) -> np.ndarray:
        from t2t_multimodel.features.pictures import mirrored, resized

        picture = resized(picture, self.width, self.height, box)
        picture = mirrored(picture) if mirror else picture
        return np.asarray(picture, self.dtype).reshape(self.height, self.width, self.channels)

    def augment(self, array: np.ndarray, draws: np.random.Generator) -> np.ndarray:
        from t2t_multimodel.features.pictures import distorted, random_box

        if self.crop < 1 or self.flip:
            picture = self._picture(array)
            box = random_box(picture.size, self.crop, draws) if self.crop < 1 else None
            mirror = self.flip and draws.random() < 0.5
            array = self._pixels(picture, box, mirror)
        if self.distort:
            array = distorted(self.model_input(array), self.distort, draws)
        return array

    def with_augmentation(self, config: DataConfig) -> Image:
        most = config.image_distort
        return self if most is None else dataclasses.replace(self, distort=most)

    def model_input(self, array: np.ndarray) -> np.ndarray:
        if not self._is_file(array):
            return array
        from t2t_multimodel.features.pictures import middle_box

        picture, box = self._picture(array), None
        if self.centre:
            box = middle_box(picture.size, self.width / self.height, self.centre)
        return self._pixels(picture, box)

    def decode(self, array: np.ndarray, tokenizer: Tokenizer | None) -> np.ndarray:
        return self.model_input(array)

    def changed_by_coding(self, value: Any, stored: np.ndarray, tokenizer: Tokenizer | None) -> str:
        decoded = self.decode(stored, tokenizer)
        same = isinstance(value, np.ndarray | list) and alike(value, decoded, self.dtype)
        exact = isinstance(value, np.ndarray) and value.size == np.size(decoded)
        if same or not exact or type(self) is Image:  # which resizes and cuts as it says
            return ""
        return "the pixels come back changed"

    def length(self, array: np.ndarray) -> int:
        return self.height * self.width

    def stored_shape(self) -> tuple[int, ...]:
        return (-1,) if self.encoded else (self.height, self.width, self.channels)

    @property
    def varies(self) -> bool:
        return False

    def parse(self, given: str | bytes) -> str | bytes:
        """The path of a file, or its content."""
        return given

    def shown(self, array: np.ndarray, tokenizer: Tokenizer | None) -> Shown:
        from t2t_multimodel.features.pictures import png

        data = png(self.model_input(array))
        return Shown(f"picture {self.width}x{self.height}", PICTURE, data)

    def simple(self, value: np.ndarray) -> np.ndarray:
        from t2t_multimodel.features.pictures import averaged

        return averaged(value, MOST_SIDE)

    def graph_arguments(self, signature: Signature) -> dict[str, Argument]:
        words = "string [B], the bytes of PNG, JPEG or GIF files"
        return {"inputs": Argument("string", (), words)}

    def graph_value(self, value: Any) -> bytes:
        if isinstance(value, np.ndarray):
            return bytes(self.shown(self.encode(value, None), None).data)
        return Path(value).read_bytes() if isinstance(value, str | Path) else value

    def graph_read(
        self, arguments: dict[str, Any], tokenizer: GraphTokenizer | None, signature: Signature
    ) -> GraphInput:
        import tensorflow as tf

        from t2t_multimodel.features.pictures_in_graph import pixels

        values = pixels(arguments["inputs"], self)
        return GraphInput(values, tf.fill([tf.shape(values)[0]], self.height * self.width))

    def describe(self) -> str:
        return f"Image {self.height}x{self.width}x{self.channels}"

"""Pictures inside of a graph have the pixels that Pillow gives."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image as Pillow

from t2t_multimodel.export.pictures import pixels
from t2t_multimodel.features import Image

FEATURES = [Image(32, 32), Image(28, 28, 1), Image(20, 9), Image(36, 24, 3, encoded=True)]


def file(mode: str, size: tuple[int, int], form: str) -> bytes:
    """A smooth picture with some noise."""
    draws = np.random.default_rng(size[0])
    coarse = Pillow.fromarray(draws.integers(0, 256, (6, 7, 3), np.uint8))
    picture = np.asarray(coarse.resize(size, Pillow.Resampling.BICUBIC), int)
    picture = np.clip(picture + draws.integers(-9, 10, picture.shape), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Pillow.fromarray(picture).convert(mode).save(buffer, form)
    return buffer.getvalue()


KINDS = [
    *[(mode, "PNG") for mode in ("RGB", "L", "RGBA", "LA", "P")],
    *[("RGB", "JPEG"), ("L", "JPEG"), ("P", "GIF")],
]
SIZES = [(32, 32), (28, 28), (77, 100), (200, 13), (6, 5)]
FILES = [file(mode, size, form) for mode, form in KINDS for size in SIZES]


@pytest.mark.parametrize("feature", FEATURES, ids=repr)
def test_pixels_are_those_of_the_feature(feature: Image) -> None:
    expected = [feature.model_input(feature.encode(one, None)) for one in FILES]
    found = pixels(tf.constant(FILES), feature).numpy()
    np.testing.assert_array_equal(found, np.stack(expected))


@pytest.mark.parametrize("feature", [Image(24, 36), Image(40, 60, encoded=True, centre=0.875)])
def test_pixels_are_off_by_a_level_at_most_in_other_orders(feature: Image) -> None:
    """Pillow 13 resizes downwards first where the width grows and the height shrinks."""
    expected = np.stack([feature.model_input(feature.encode(one, None)) for one in FILES])
    difference = np.abs(pixels(tf.constant(FILES), feature).numpy().astype(int) - expected)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.1


def test_what_is_no_picture_is_an_error() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="Unknown image file format"):
        pixels(tf.constant([b"no picture"]), Image(4, 4))

"""Pictures inside of a graph have the pixels that Pillow gives, or nearly."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tensorflow as tf
from helpers import odd_pictures
from PIL import Image as Pillow

from t2t_multimodel.features import Image
from t2t_multimodel.features.picture_files import read
from t2t_multimodel.features.picture_files_in_graph import decoded
from t2t_multimodel.features.pictures_in_graph import pixels

FEATURES = [
    Image(32, 32),
    Image(28, 28, 1),
    Image(20, 9),
    Image(24, 36, 3, encoded=True),
    Image(40, 60, encoded=True, centre=0.875),
]


def file(mode: str, size: tuple[int, int], form: str) -> bytes:
    """A smooth picture with some noise."""
    draws = np.random.default_rng(size[0])
    coarse = Pillow.fromarray(draws.integers(0, 256, (6, 7, 3), np.uint8))
    picture = np.asarray(coarse.resize(size, Pillow.Resampling.BICUBIC), int)
    picture = np.clip(picture + draws.integers(-9, 10, picture.shape), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Pillow.fromarray(picture).convert(mode).save(buffer, form)
    return buffer.getvalue()


ODD = odd_pictures.good() | odd_pictures.photographs()
KINDS = [
    *[(mode, "PNG") for mode in ("RGB", "L", "RGBA", "LA", "P")],
    *[("RGB", "JPEG"), ("L", "JPEG"), ("P", "GIF")],
]
SIZES = [(32, 32), (28, 28), (77, 100), (200, 13), (6, 5)]
FILES = [file(mode, size, form) for mode, form in KINDS for size in SIZES]


@pytest.mark.parametrize("feature", FEATURES, ids=repr)
def test_pixels_are_those_of_the_feature_within_a_level(feature: Image) -> None:
    expected = np.stack([feature.model_input(feature.encode(one, None)) for one in FILES])
    difference = np.abs(pixels(tf.constant(FILES), feature).numpy().astype(int) - expected)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.1


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_of_the_right_size_is_the_same(channels: int) -> None:
    feature = Image(32, 32, channels)
    files = [file(mode, (32, 32), form) for mode, form in KINDS]
    expected = [feature.model_input(feature.encode(one, None)) for one in files]
    np.testing.assert_array_equal(pixels(tf.constant(files), feature), np.stack(expected))


def test_what_is_no_picture_is_an_error() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="Unknown image file format"):
        pixels(tf.constant([b"no picture"]), Image(4, 4))


SEEN = tf.function(decoded, input_signature=[tf.TensorSpec((), tf.string)], autograph=False)


@pytest.mark.parametrize("name", ODD)
def test_an_odd_picture_is_seen_as_the_feature_sees_it(name: str) -> None:
    data, _ = ODD[name]
    difference = np.abs(SEEN(data).numpy() - np.asarray(read(data, 3), int))
    assert difference.max() <= (1 if name == "cmyk.jpg" else 0)


def test_a_transparent_gif_is_an_error_for_tensorflow_drops_what_is_clear() -> None:
    data, _ = odd_pictures.other()["clear.gif"]
    with pytest.raises(tf.errors.InvalidArgumentError, match="A GIF with transparency can not"):
        SEEN(data)

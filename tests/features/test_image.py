"""Images: arrays, files and encoded bytes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from t2t_multimodel import Image
from t2t_multimodel.features import BadValue, Signature

PIXELS = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def encoded(pixels: np.ndarray, form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, form)
    return buffer.getvalue()


def test_an_array_of_the_declared_shape_is_taken_as_it_is() -> None:
    assert np.array_equal(Image(4, 6, 3).encode(PIXELS, None), PIXELS)


def test_a_grey_picture_may_come_without_its_channel_axis() -> None:
    array = Image(4, 6, 1).encode(PIXELS[:, :, 0], None)
    assert array.shape == (4, 6, 1)
    assert np.array_equal(array[:, :, 0], PIXELS[:, :, 0])


def test_bytes_and_files_give_the_pixels(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(encoded(PIXELS))
    for source in (encoded(PIXELS), path, str(path)):
        assert np.array_equal(Image(4, 6, 3).encode(source, None), PIXELS)


def test_colours_become_grey_and_grey_becomes_colours() -> None:
    grey = Image(4, 6, 1).encode(encoded(PIXELS), None)[:, :, 0]
    luma = PIXELS @ np.array([0.299, 0.587, 0.114])
    assert np.abs(grey - luma).max() <= 1
    colours = Image(4, 6, 3).encode(encoded(PIXELS[:, :, 0]), None)
    assert np.array_equal(colours, np.repeat(PIXELS[:, :, :1], 3, axis=2))


def test_files_are_resized_to_the_declared_height_and_width() -> None:
    halves = np.zeros((8, 16, 3), np.uint8)
    halves[:, 8:] = 200
    small = Image(2, 4, 3).encode(encoded(halves), None)
    assert small.shape == (2, 4, 3)
    assert (small[:, 0] == 0).all() and (small[:, 3] == 200).all()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (np.zeros((6, 4, 3), np.uint8), "image must be uint8 [4, 6, 3], but is uint8 [6, 4, 3]"),
        (np.zeros((4, 6), np.uint8), "image must be uint8 [4, 6, 3], but is uint8 [4, 6, 1]"),
        (PIXELS / 255, "image must be uint8 [4, 6, 3], but is float64 [4, 6, 3]"),
        (None, "image must be an array, a path or encoded bytes, but is NoneType"),
        (7, "image must be an array, a path or encoded bytes, but is int"),
    ],
)
def test_what_is_no_such_image_is_refused(value: Any, reason: str) -> None:
    with pytest.raises(BadValue) as caught:
        Image(4, 6, 3).encode(value, None)
    assert str(caught.value) == reason


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="^not a readable image: cannot identify image file"):
        Image(4, 6).encode(b"no picture", None)
    with pytest.raises(BadValue, match="^not a readable image: .*No such file"):
        Image(4, 6).encode(tmp_path / "missing.png", None)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF"])
def test_damaged_files_are_refused_or_read_but_never_crash(form: str) -> None:
    whole = encoded(PIXELS, form)
    rng = np.random.default_rng(0)
    refused = 0
    for n in range(150):
        data = bytearray(whole)
        for place in rng.integers(len(data), size=3):
            data[place] = rng.integers(256)
        cut = rng.integers(len(data)) if n % 3 == 0 else len(data)
        try:
            assert Image(4, 6).encode(bytes(data[:cut]), None).shape == (4, 6, 3)
        except BadValue as error:
            assert str(error).startswith("not a readable image: ")
            refused += 1
    assert refused > 30


def test_the_model_is_told_the_shape_and_shares_one_net_for_all_images() -> None:
    assert Image(4, 6, 1).signature("mine", None) == (
        Signature("image", "image", 0, (4, 6, 1), 24, "uint8")
    )
    assert Image(32, 32).signature("other", None).identity == "image"


def test_an_image_comes_back_from_its_record_and_counts_its_pixels() -> None:
    feature = Image(4, 6)
    flat = PIXELS.reshape(-1).reshape(feature.stored_shape())
    assert np.array_equal(feature.decode(flat, None), PIXELS)
    assert (feature.unit, feature.length(PIXELS)) == ("pixels", 24)
    assert feature.describe() == "Image 4x6x3"


def test_training_images_are_left_alone_unless_asked_for() -> None:
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    draws = np.random.default_rng(0)
    assert Image(4, 4, 3).augment(picture, draws) is picture


def test_a_distorted_image_keeps_type_size_and_background() -> None:
    picture = np.full((16, 16, 3), 255, np.uint8)
    picture[4:12, 4:12] = (200, 0, 0)
    seen = [
        Image(16, 16, 3, distort=0.1).augment(picture, np.random.default_rng(seed))
        for seed in range(20)
    ]
    assert {(one.shape, one.dtype) for one in seen} == {(picture.shape, picture.dtype)}
    assert len({one.tobytes() for one in seen}) == 20
    for one in seen:  # the corner is background, brightened by at most a tenth
        assert one[0, 0].min() >= 229
        red = (one[:, :, 0].astype(int) - one[:, :, 1] > 90).sum()
        assert 0.6 * 64 < red < 1.6 * 64


def test_the_same_draw_distorts_alike() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (8, 8, 1), dtype=np.uint8)
    feature = Image(8, 8, 1, distort=0.2)
    one, other = (feature.augment(picture, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert (one != picture).any()


def test_distortion_does_not_make_records_stale() -> None:
    assert repr(Image(8, 8, 1, distort=0.2)) == repr(Image(8, 8, 1))

"""Images: arrays, files and encoded bytes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from t2t_multimodel import Image, UserError
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


def photograph(width: int = 40, height: int = 20) -> np.ndarray:
    """uint8 [height, width, 3]: red grows to the right, green downwards."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 0] = np.linspace(0, 250, width).astype(np.uint8)
    picture[..., 1] = np.linspace(0, 250, height).astype(np.uint8)[:, None]
    return picture


def test_an_encoded_image_is_stored_as_its_file(tmp_path: Path) -> None:
    feature = Image(4, 6, encoded=True)
    file = encoded(photograph(), "JPEG")
    (tmp_path / "picture.jpg").write_bytes(file)
    for source in (file, tmp_path / "picture.jpg"):
        stored = feature.encode(source, None)
        assert stored.tobytes() == file
        assert stored.reshape(feature.stored_shape()).shape == (len(file),)
    assert feature.length(stored) == 24
    assert not feature.varies


def test_an_encoded_image_is_decoded_as_unencoded_ones_are() -> None:
    file = encoded(photograph(), "JPEG")
    stored = Image(4, 6, encoded=True).encode(file, None)
    pixels = Image(4, 6).encode(file, None)
    assert np.array_equal(Image(4, 6, encoded=True).model_input(stored), pixels)
    assert np.array_equal(Image(4, 6, encoded=True).decode(stored, None), pixels)


def test_pixels_that_are_to_be_encoded_lose_nothing() -> None:
    for channels in (1, 3):
        feature = Image(4, 6, channels, encoded=True)
        stored = feature.encode(PIXELS[:, :, :channels], None)
        assert stored[1:4].tobytes() == b"PNG"
        assert np.array_equal(feature.model_input(stored), PIXELS[:, :, :channels])


def test_a_cmyk_photograph_and_a_png_are_seen_in_colours() -> None:
    buffer = io.BytesIO()
    Pillow.fromarray(photograph()).convert("CMYK").save(buffer, "JPEG")
    feature = Image(10, 20, encoded=True)
    for file in (buffer.getvalue(), encoded(photograph()[..., 0])):
        assert feature.model_input(feature.encode(file, None)).shape == (10, 20, 3)


def test_half_a_photograph_is_refused() -> None:
    file = encoded(photograph(400, 300), "JPEG")
    with pytest.raises(BadValue, match="^not a readable image: image file is truncated"):
        Image(8, 8, encoded=True).encode(file[: len(file) // 2], None)
    with pytest.raises(BadValue) as caught:
        Image(8, 8, encoded=True).encode(b"no picture", None)
    assert str(caught.value) == "not a readable image: cannot identify image file"


def test_evaluation_sees_the_middle() -> None:
    file = encoded(photograph(160, 80))
    feature = Image(8, 8, encoded=True, centre=0.5)
    seen = feature.model_input(feature.encode(file, None))
    # 40 of 80 pixels downwards, and the same of 160 to the right: 60 to 100
    assert 92 < seen[0, 0, 0] < 102 and 148 < seen[0, -1, 0] < 158
    assert 62 < seen[0, 0, 1] < 74 and 176 < seen[-1, 0, 1] < 188


def test_training_sees_parts_and_mirrors() -> None:
    feature = Image(8, 8, encoded=True, crop=0.1, flip=True)
    stored = feature.encode(encoded(photograph(160, 80)), None)
    seen = [feature.augment(stored, np.random.default_rng(n)) for n in range(40)]
    assert {(one.shape, one.dtype) for one in seen} == {((8, 8, 3), np.dtype(np.uint8))}
    mirrored = [int(one[0, 0, 0]) > int(one[0, -1, 0]) for one in seen]
    assert 10 < sum(mirrored) < 30
    widths = [abs(int(one[0, -1, 0]) - int(one[0, 0, 0])) / 250 for one in seen]
    assert min(widths) < 0.35 and 0.5 < max(widths) < 0.75  # 80 high: at most 107 of 160 wide


def test_pixels_are_cropped_as_files_are() -> None:
    picture = photograph(16, 16)
    one = Image(16, 16, crop=0.2).augment(picture, np.random.default_rng(3))
    assert one.shape == picture.shape
    assert int(one[0, -1, 0]) - int(one[0, 0, 0]) < 240


def test_a_picture_too_long_for_any_crop_gives_its_middle() -> None:
    feature = Image(8, 8, encoded=True, crop=0.99)
    stored = feature.encode(encoded(photograph(200, 10)), None)
    seen = feature.augment(stored, np.random.default_rng(0))
    assert 110 < seen[:, :, 0].min() and seen[:, :, 0].max() < 140


def test_options_of_reading_do_not_make_records_stale() -> None:
    assert repr(Image(8, 8, crop=0.5, flip=True, centre=0.5)) == (
        "Image(height=8, width=8, channels=3)"
    )
    assert repr(Image(8, 8, encoded=True)) == "Image(height=8, width=8, channels=3, encoded=True)"


@pytest.mark.parametrize("options", [{"crop": 0}, {"crop": 1.5}, {"centre": -0.1}])
def test_a_crop_that_is_none_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(UserError, match="^Image takes a crop above 0 up to 1 and a centre"):
        Image(8, 8, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("channels", [1, 3])
def test_16_bits_a_channel_keep_their_greys(channels: int) -> None:
    greys = np.arange(256, dtype=np.uint16).reshape(16, 16)
    buffer = io.BytesIO()
    Pillow.fromarray(greys * 256 + 99).save(buffer, "PNG")
    array = Image(16, 16, channels).encode(buffer.getvalue(), None)
    assert np.array_equal(array, np.repeat(greys[:, :, None], channels, axis=2))


def test_large_images_are_averaged_down() -> None:
    image = np.zeros((70, 100, 3), np.uint8)
    image[:4, :4, 0] = 255
    vector = (
        Image(*image.shape).simple(image).reshape(17, 25, 3)
    )  # blocks of 4; what is left over is cut
    assert vector[0, 0].tolist() == [1.0, 0.0, 0.0]
    assert vector.sum() == 1.0


def test_small_images_stay_as_they_are() -> None:
    image = np.arange(32 * 8, dtype=np.uint8).reshape(32, 8, 1)
    np.testing.assert_allclose(Image(*image.shape).simple(image) * 255, image.reshape(-1))

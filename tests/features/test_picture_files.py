"""Files of pictures become what a person sees, wherever they are read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from helpers import odd_pictures
from PIL import Image as Pillow

from t2t_multimodel import Image
from t2t_multimodel.features import BadValue
from t2t_multimodel.features.picture_files import MOST_PIXELS, read

EXACT = odd_pictures.good() | odd_pictures.other()
PHOTOGRAPHS = odd_pictures.photographs()
FOUND = ROOT / "tests" / "features" / "pictures"


@pytest.mark.parametrize("name", EXACT)
def test_a_file_is_read_as_a_person_sees_it(name: str) -> None:
    data, seen = EXACT[name]
    np.testing.assert_array_equal(np.asarray(read(data, 3)), seen)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_photograph_is_read_upright_and_in_its_colours(name: str) -> None:
    data, seen = PHOTOGRAPHS[name]
    pixels = np.asarray(read(data, 3))
    assert pixels.shape == seen.shape
    assert np.abs(pixels.astype(int) - seen)[2:6, 2:14].max() < 8  # inside of a quarter


@pytest.mark.parametrize("name", EXACT)
def test_grey_is_the_grey_of_the_colours(name: str) -> None:
    data, seen = EXACT[name]
    grey = np.asarray(Pillow.fromarray(seen.astype(np.uint8)).convert("L"))
    np.testing.assert_array_equal(np.asarray(read(data, 1)), grey)


@pytest.mark.parametrize("name", EXACT | PHOTOGRAPHS)
def test_a_record_of_the_file_and_a_record_of_pixels_are_seen_alike(
    name: str, tmp_path: Path
) -> None:
    data, seen = (EXACT | PHOTOGRAPHS)[name]
    (tmp_path / name).write_bytes(data)
    pixels, kept = Image(*seen.shape[:2]), Image(*seen.shape[:2], encoded=True)
    expected = np.asarray(read(data, 3))
    for source in (data, tmp_path / name, str(tmp_path / name)):
        np.testing.assert_array_equal(pixels.encode(source, None), expected)
        np.testing.assert_array_equal(kept.model_input(kept.encode(source, None)), expected)


@pytest.mark.parametrize("name", ["red_heart", "crescent_moon", "bicycle"])
def test_an_emoji_looks_as_it_was_trained(name: str) -> None:
    feature = Image(32, 32)
    as_is, white = (
        feature.encode(FOUND / f"{name}_{kind}.png", None) for kind in ("asis", "white")
    )
    assert (np.abs(as_is.astype(int) - white).max(axis=2) > 100).mean() == 0
    assert as_is[0, 0].tolist() == [255, 255, 255]


def test_a_picture_stored_upside_down_is_seen_upright() -> None:
    assert Image(16, 16, 1).encode(FOUND / "left_exif3.jpg", None)[8, 2].tolist() == [220]


def test_a_large_transparent_picture_is_laid_over_white_in_every_band() -> None:
    rgba = np.zeros((700, 3, 4), np.uint8)
    rgba[::2, :, 3] = 255
    seen = np.asarray(read(odd_pictures.file(rgba, "PNG"), 1))
    assert (seen[::2] == 0).all() and (seen[1::2] == 255).all()


def test_damaged_notes_about_a_picture_leave_it_as_it_is() -> None:
    data, upright = odd_pictures.turned(1, "JPEG")
    broken = data.replace(b"A maker", b"\xff" * 7).replace(b"MM\0*", b"MM\0\0")
    assert broken != data
    assert np.asarray(read(broken, 3)).shape == upright.shape


def test_floats_that_are_no_numbers_are_refused() -> None:
    values = np.array([[0.0, np.nan]], np.float32)
    with pytest.raises(BadValue) as caught:
        read(odd_pictures.file(values, "TIFF"), 3)
    assert str(caught.value) == "not a readable image: it has pixels that are not finite"


def test_a_small_file_of_many_pixels_is_refused_before_it_is_unpacked() -> None:
    data = odd_pictures.file(Pillow.new("1", (10_000, 9_000)), "PNG")
    for encoded in (False, True):
        with pytest.raises(BadValue) as caught:
            Image(4, 4, encoded=encoded).encode(data, None)
        assert str(caught.value) == (
            f"not a readable image: it has 10,000 x 9,000 pixels; {MOST_PIXELS:,} at most are read"
        )


def test_no_file_starts_a_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    with path.open("wb") as file:
        Pillow.new("RGB", (4, 4)).save(file, "EPS")
    monkeypatch.setattr("subprocess.check_call", lambda *_, **__: pytest.fail("a program ran"))
    with pytest.raises(BadValue) as caught:
        Image(4, 4).encode(path, None)
    assert str(caught.value) == "not a readable image: cannot identify image file"


def test_every_chunk_of_a_png_is_compared_with_its_checksum() -> None:
    data = bytearray(EXACT["rgb.png"][0])
    place = data.index(b"IDAT")
    data[place + 4 + 20] ^= 1
    with pytest.raises(BadValue) as caught:
        read(bytes(data), 3)
    assert str(caught.value) == "not a readable image: its chunk 'IDAT' has a wrong checksum"


def test_a_pipe_or_a_device_is_no_picture(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "gone.png")
    for path, why in (
        (tmp_path / "pipe.png", "it is a pipe, not a file"),
        (Path("/dev/zero"), "it is a device, not a file"),
        (tmp_path, "it is a folder"),
        (
            tmp_path / "link.png",
            f"it is a link to {tmp_path}/gone.png, which does not exist",
        ),
    ):
        with pytest.raises(BadValue) as caught:
            Image(4, 4).encode(path, None)
        assert str(caught.value) == f"not a readable image: {why}"

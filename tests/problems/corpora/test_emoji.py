"""Emoji packages become drawings with names."""

from __future__ import annotations

import io
import json
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from t2t_multimodel.problems.corpora.emoji import (
    read_drawings,
    read_names,
    read_pixels,
    split_of_drawing,
)


def png(rgba):
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[:] = rgba
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("size", [32, 64])
def test_transparency_becomes_white(size):
    assert read_pixels(png((10, 20, 30, 255)), size).tolist() == [[[10, 20, 30]] * size] * size
    assert read_pixels(png((10, 20, 30, 0)), size).min() == 255
    assert read_pixels(png((0, 100, 255, 51)), size)[0, 0].tolist() == [204, 224, 255]


def test_a_small_pixel_is_the_mean_of_four():
    pixels = np.full((64, 64, 4), 255, np.uint8)
    pixels[0, 0, :3] = 0
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    small = read_pixels(buffer.getvalue(), 32)
    assert small[0, 0].tolist() == [191, 191, 191]
    assert small[0, 1].tolist() == [255, 255, 255]


@pytest.fixture
def names(write_npm):
    annotations = {
        "❤": {"default": ["love"], "tts": ["red heart"]},
        "👨‍🌾": {"default": ["farm"], "tts": ["man farmer"]},
        "☀": {"default": ["sun"], "tts": ["sun"]},
        "☂": {"default": ["rain"]},
    }
    contents = json.dumps({"annotations": {"annotations": annotations}}).encode()
    package = write_npm("c.tgz", {"annotations/en/annotations.json": contents})
    return read_names(package, "en")


def test_names_need_a_short_name(names):
    assert names == {"❤": "red heart", "👨‍🌾": "man farmer", "☀": "sun"}


def test_drawings_are_joined_by_code_points_without_variation_selectors(write_npm, names):
    def entry(unified, has_image=True):
        return {
            "unified": unified,
            "image": f"{unified.lower()}.png",
            "has_img_google": has_image,
            "skin_variations": {"1F3FB": {}},
        }

    emoji = [
        entry("2764-FE0F"),
        entry("1F468-200D-1F33E"),
        entry("2600", has_image=False),
        entry("2602"),
    ]
    files = {
        "img/google/64/2764-fe0f.png": png((255, 0, 0, 255)),
        "img/google/64/1f468-200d-1f33e.png": png((0, 255, 0, 255)),
        "img/google/64/2602.png": png((0, 0, 255, 255)),
        "emoji.json": json.dumps(emoji).encode(),
    }
    package = write_npm("e.tgz", files)
    drawings = list(read_drawings(package, "google", names, 32))
    assert [(item.unified, item.name) for item in drawings] == [
        ("1F468-200D-1F33E", "man farmer"),
        ("2764-FE0F", "red heart"),
    ]
    assert drawings[1].pixels[5, 5].tolist() == [255, 0, 0]


def test_equal_drawings_are_kept_once(write_npm, names):
    emoji = [
        {"unified": unified, "image": f"{unified}.png", "has_img_google": True}
        for unified in ("2764-FE0F", "2600")
    ]
    files = {f"img/google/64/{item['image']}": png((1, 2, 3, 255)) for item in emoji}
    package = write_npm("e.tgz", {**files, "emoji.json": json.dumps(emoji).encode()})
    assert [item.name for item in read_drawings(package, "google", names)] == ["sun"]


def test_unseen_emoji_are_unseen_in_both_hands():
    codes = [f"1F{i:03X}" for i in range(4096)]
    hands = [(split_of_drawing("google", c), split_of_drawing("twitter", c)) for c in codes]
    assert {google for google, _ in hands} == {"train", "test_unseen"}
    assert all((one == "test_unseen") == (other == "test_unseen") for one, other in hands)
    twitter = Counter(other for _, other in hands)
    assert 0.08 < twitter["test_unseen"] / 4096 < 0.12
    assert 0.07 < twitter["dev"] / 4096 < 0.11
    assert 0.20 < twitter["test"] / 4096 < 0.25

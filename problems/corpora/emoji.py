"""Emoji as small pictures with names: drawings of two vendors, names from Unicode's CLDR."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image as Pillow

from t2t_multimodel import BadValue, Image, UserError, foreign
from t2t_multimodel.problems.formats.npm import read_npm
from t2t_multimodel.problems.formats.split import draw, split_of

_TINY = range(0x1F600, 0x1F650)
_VARIATION = "\ufe0f"  # "draw as emoji": carries no meaning


class Drawing(NamedTuple):
    """One emoji as one vendor draws it."""

    unified: str
    """Code points, e.g. 1F468-200D-1F33E."""
    name: str
    """CLDR's short name in the language asked for, e.g. "man farmer"."""
    pixels: np.ndarray | BadValue
    """uint8 [size, size, 3], or why there are none."""


def read_names(package: Path, language: str) -> dict[str, str]:
    """Characters without variation selectors -> name, from the package cldr-annotations-full."""
    wanted = f"annotations/{language}/annotations.json"
    found = dict(read_npm(package, lambda name: name == wanted))
    with _understood(package):
        annotations = json.loads(found[wanted])["annotations"]["annotations"]
        return {
            characters.replace(_VARIATION, ""): str(entry["tts"][0])
            for characters, entry in annotations.items()
            if "tts" in entry
        }


@contextmanager
def _understood(package: Path) -> Iterator[None]:
    """Faults of the content become `UserError`."""
    told = f"{package} is not as it is published"
    with foreign(lambda why: UserError(f"{told}: {why}.", "Get the package again.")):
        yield


def read_drawings(
    package: Path, vendor: str, names: dict[str, str], size: int = 64
) -> Iterator[Drawing]:
    """The vendor's drawings of all emoji that have a name, ordered by code points.

    `size` is 64 as drawn, or 32. Skin variants are left out, and so is a drawing that repeats
    one before it pixel by pixel.
    """
    folder = f"img/{vendor}/64/"
    members = dict(read_npm(package, lambda name: name == "emoji.json" or name.startswith(folder)))
    with _understood(package):
        listed = sorted(
            (emoji["unified"], emoji["image"], bool(emoji[f"has_img_{vendor}"]))
            for emoji in json.loads(members["emoji.json"])
        )
    seen: set[bytes] = set()
    for unified, image, is_drawn in listed:
        with _understood(package):
            characters = "".join(chr(int(code, 16)) for code in unified.split("-"))
        name = names.get(characters.replace(_VARIATION, ""))
        if name is None or not is_drawn:
            continue
        pixels = _drawn(members, folder + image, size)
        if isinstance(pixels, BadValue) or pixels.tobytes() not in seen:
            yield Drawing(unified, name, pixels)
        if not isinstance(pixels, BadValue):
            seen.add(pixels.tobytes())


def _drawn(members: dict[str, bytes], name: str, size: int) -> np.ndarray | BadValue:
    if name not in members:
        return BadValue(f"the package holds no {name}")
    try:
        return read_pixels(members[name], size)
    except BadValue as error:
        return error


def read_pixels(png: bytes, size: int = 64) -> np.ndarray:
    """A 64x64 picture on white as uint8 [size, size, 3]; a pixel is the mean of a square.

    Raises:
        BadValue: the file is damaged.
    """
    rgb = Image(64, 64).encode(png, None).astype(np.uint32)
    side = 64 // size
    sums = rgb.reshape(size, side, size, side, 3).sum(axis=(1, 3))
    return ((sums + side * side // 2) // (side * side)).astype(np.uint8)


def split_of_drawing(vendor: str, unified: str) -> str:
    """Finds the split that a drawing belongs to.

    A tenth of the emoji is "test_unseen" in both drawings. Of the others, Google's drawing and
    two thirds of Twitter's are "train"; the rest of Twitter's are "dev" and "test": an emoji
    known from one hand only, now drawn by another.
    """
    if draw(f"emoji {unified}") < 0.10:
        return "test_unseen"
    if vendor == "google":
        return "train"
    return split_of(f"drawing {unified}", dev=0.10, test=0.25)


def tiny_names(language: str) -> dict[str, bytes]:
    """Files of a package that names 80 emoji, for `read_names`."""
    entries = {chr(code): {"tts": [f"thing number {code - _TINY[0]}"]} for code in _TINY}
    contents = json.dumps({"annotations": {"annotations": entries}}).encode()
    return {f"annotations/{language}/annotations.json": contents}


def tiny_drawings(vendor: str) -> dict[str, bytes]:
    """Files of a vendor's package that draws them as squares of colours, for `read_drawings`."""
    listed, files = [], {}
    for code in _TINY:
        unified = f"{code:X}"
        listed.append({"unified": unified, "image": f"{unified}.png", f"has_img_{vendor}": True})
        colour = (len(vendor) * 20, code % 256, code * 7 % 256, 255)
        buffer = io.BytesIO()
        Pillow.new("RGBA", (64, 64), colour).save(buffer, "PNG")
        files[f"img/{vendor}/64/{unified}.png"] = buffer.getvalue()
    return {**files, "emoji.json": json.dumps(listed).encode()}

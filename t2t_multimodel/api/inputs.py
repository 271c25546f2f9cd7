"""Inputs as a caller of Python has them: one, several, or an iterator of them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel.decode.inputs import InputEncoder, Item
from t2t_multimodel.errors import BadValue, UserError, foreign, reason
from t2t_multimodel.features import Feature

_AS_PNG = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
"""Modes of Pillow that a PNG file has."""


def is_one(inputs: Any) -> bool:
    """Whether this is one input: a text, a path, bytes, an array, a picture, (samples, rate)."""
    if isinstance(inputs, (str, bytes, Path, np.ndarray, Mapping)):
        return True
    if isinstance(inputs, tuple) and len(inputs) == 2 and isinstance(inputs[0], np.ndarray):
        return isinstance(inputs[1], (int, np.integer))
    return not isinstance(inputs, Iterable)


def value_of(given: Any, feature: Feature) -> Any:
    """One input as `Feature.encode` takes it.

    Text is parsed as the commands parse it; the path of an image or a sound stays a path; a
    picture of Pillow becomes the bytes of a PNG file.

    Raises:
        BadValue: a path is given where a text is wanted.
    """
    if isinstance(given, (str, bytes)):
        return feature.parse(given)
    if isinstance(given, Path):
        if feature.medium == "text":
            raise BadValue(f"a text is wanted, but {given} is the path of a file; read it first")
        return feature.parse(str(given))
    if type(given).__module__.startswith("PIL.") and hasattr(given, "save"):
        return feature.parse(_png(given))
    return given


def _png(picture: Any) -> bytes:
    file = io.BytesIO()
    if picture.mode not in _AS_PNG:
        picture = picture.convert("RGB")
    picture.save(file, "PNG")
    return file.getvalue()


def encoded(inputs: Iterable[Any], encode: InputEncoder, feature: Feature) -> Iterator[Item]:
    """Each input as the model takes it; one that can not be read has a `fault`."""
    for number, given in enumerate(inputs, start=1):
        try:
            with foreign(BadValue):
                array, note = encode.encoded_value(value_of(given, feature))
        except BadValue as error:
            path = feature.medium != "text" and isinstance(given, (str, Path))
            yield Item(number, None, fault=f"{given}: {reason(error)}" if path else reason(error))
        else:
            yield Item(number, array, note=note)


def check_readable(items: Iterable[Item], problem: str) -> None:
    """Raises `UserError` for the first input that could not be read."""
    for item in items:
        if item.fault:
            raise UserError(f"Input {item.number:,} of {problem}: {item.fault}.")

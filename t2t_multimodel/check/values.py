"""What must hold of a single value: pure functions that say in words what is wrong, or ""."""

from __future__ import annotations

from typing import Any

import numpy as np

from t2t_multimodel.data import example_proto
from t2t_multimodel.errors import BadValue, foreign
from t2t_multimodel.features import ClassLabel, Feature, Image, Signature, Text, Tokenizer
from t2t_multimodel.features.stored import EOS_ID, PAD_ID

_CLOSE = 4
"""Steps of the stored type by which a number may differ from what comes back."""


def misfit(feature: Feature, array: np.ndarray, signature: Signature) -> str:
    """Says how a stored value is not what the signature declares.

    Args:
        feature: of the problem.
        array: as `encode` made it.
        signature: of the feature.
    """
    stored = array.reshape(feature.stored_shape())
    given = np.asarray(feature.model_input(stored))
    shape = signature.shape
    fits = len(given.shape) == len(shape) and all(
        wanted in (None, size) for wanted, size in zip(shape, given.shape, strict=True)
    )
    if not fits:
        wanted = [size if size is not None else "any" for size in shape]
        return f"model_input gives the shape {list(given.shape)}, but the signature says {wanted}"
    if given.dtype != np.dtype(signature.dtype):
        return f"model_input gives {given.dtype}, but the signature says {signature.dtype}"
    if given.dtype.kind == "f" and not np.isfinite(given).all():
        return "model_input gives numbers that are not finite"
    if signature.output == "classes" and not 0 <= int(given) < signature.size:
        return f"class {int(given)} is out of range 0 to {signature.size - 1}"
    if signature.output == "tokens":
        return _bad_tokens(given, signature.size)
    return ""


def _bad_tokens(ids: np.ndarray, size: int) -> str:
    if ids.size and not 0 <= ids.min() <= ids.max() < size:
        return f"ids from {ids.min()} to {ids.max()} do not fit a vocabulary of {size}"
    if not ids.size or ids[-1] != EOS_ID:
        return f"tokens do not end with the id {EOS_ID}, which tells the model where to stop"
    if (ids == PAD_ID).any():
        return f"tokens hold the id {PAD_ID}, which is padding"
    return ""


def changed_by_records(feature: Feature, name: str, array: np.ndarray) -> str:
    """Says how a value differs after it was written into a record and read again."""
    record = example_proto.to_bytes({name: array})
    with foreign(lambda why: BadValue(f"it can not be read from a record: {why}")):
        flat = example_proto.from_bytes(record, {name: feature.dtype})[name]
        again = flat.reshape(feature.stored_shape())
    there = array.reshape(feature.stored_shape())
    return "" if np.array_equal(again, there, equal_nan=_has_nan(there)) else "records change it"


def _has_nan(array: np.ndarray) -> bool:
    return array.dtype.kind == "f"


def changed_by_coding(
    feature: Feature, value: Any, array: np.ndarray, tokenizer: Tokenizer | None
) -> str:
    """Says how a value differs after `encode` and `decode`.

    Numbers may differ by as much as the stored type rounds. A value that has another form than
    what `decode` gives, such as the path of a file, is compared by encoding that once more.
    """
    stored = array.reshape(feature.stored_shape())
    if isinstance(feature, Text):
        return _changed_texts(feature, value, stored, tokenizer)
    decoded = feature.decode(stored, tokenizer)
    if isinstance(feature, ClassLabel):
        number = feature.names.index(decoded) if isinstance(decoded, str) else decoded
        wanted = feature.names.index(value) if isinstance(value, str) else value
        return "" if number == wanted else f"{value!r:.60} comes back as {decoded!r:.60}"
    if isinstance(value, np.ndarray | list | tuple) and _alike(value, decoded, feature.dtype):
        return ""
    if isinstance(feature, Image):
        exact = isinstance(value, np.ndarray) and value.size == np.size(decoded)
        return "the pixels come back changed" if exact and type(feature) is not Image else ""
    if isinstance(value, str | int) and isinstance(decoded, type(value)):
        return "" if decoded == value else f"{value!r:.60} comes back as {decoded!r:.60}"
    return _changed_again(feature, value, stored, decoded, tokenizer)


def _changed_texts(
    feature: Text, value: Any, stored: np.ndarray, tokenizer: Tokenizer | None
) -> str:
    given = feature.texts(value)
    came = [str(one) for one in feature.references(stored, tokenizer)]
    for one, other in zip(given, came, strict=False):
        same = one.split() == other.split() if feature.symbols else one == other
        if not same and one.replace("\u2581", " ") != other:  # U+2581 is a blank to SentencePiece
            return f"{one!r:.60} comes back as {other!r:.60}"
    return "" if len(given) == len(came) else f"{len(given)} texts come back as {len(came)}"


def _alike(value: Any, decoded: Any, dtype: np.dtype) -> bool:
    try:
        one, other = np.asarray(value), np.asarray(decoded)
    except ValueError:  # a ragged list is no array
        return False
    if one.shape != other.shape or one.dtype.kind not in "biuf" or other.dtype.kind not in "biuf":
        return False
    step = float(np.finfo(dtype).eps) if np.dtype(dtype).kind == "f" else 0.0
    return bool(np.allclose(one, other, rtol=_CLOSE * step, atol=_CLOSE * step))


def _changed_again(
    feature: Feature, value: Any, stored: np.ndarray, decoded: Any, tokenizer: Tokenizer | None
) -> str:
    if type(feature).__module__.startswith("t2t_multimodel."):
        return ""  # sounds are stored as frames, of which no sound can be made again
    try:
        with foreign(BadValue):
            again = feature.encode(decoded, tokenizer).reshape(feature.stored_shape())
    except BadValue:  # decode makes something for people, which encode need not take
        return ""
    if _alike(stored, again, feature.dtype):
        return ""
    return f"{value!r:.60} comes back as {decoded!r:.60}, which encode stores as another value"

"""What must hold of a single value: pure functions that say in words what is wrong, or ""."""

from __future__ import annotations

import numpy as np

from t2t_multimodel.data import example_proto
from t2t_multimodel.errors import BadValue, foreign
from t2t_multimodel.features import Feature, Signature
from t2t_multimodel.features.stored import EOS_ID, PAD_ID


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

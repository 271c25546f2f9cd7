"""The part of a feature that `mm-problems check` asks: whether a value survives being stored."""

from __future__ import annotations

from typing import Any

import numpy as np

from t2t_multimodel.errors import BadValue, foreign
from t2t_multimodel.features.stored import Stored, Tokenizer

_CLOSE = 4
"""Steps of the stored type by which a number may differ from what comes back."""


class ForChecking(Stored):
    """Tells what a check of a problem must know of the feature; the defaults serve most."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes, where values are classes and these have names."""
        return ()

    def mending(self, name: str) -> str:
        """Says what to do about values that are none of this feature, named `name` in a problem."""
        return 'Leave them out in examples(), or yield BadValue("why") in the place of the value.'

    def changed_by_coding(self, value: Any, stored: np.ndarray, tokenizer: Tokenizer | None) -> str:
        """Says how a value differs after `encode` and `decode`; "" if it does not.

        Numbers may differ by as much as the stored type rounds. A value that has another form than
        what `decode` gives, such as the path of a file, is compared by encoding that once more.

        Args:
            value: as `Problem.examples` yields it.
            stored: what `encode` made of it, in its stored shape.
            tokenizer: of the feature, if it has one.
        """
        decoded = self.decode(stored, tokenizer)
        if isinstance(value, np.ndarray | list | tuple) and alike(value, decoded, self.dtype):
            return ""
        if isinstance(value, str | int) and isinstance(decoded, type(value)):
            return "" if decoded == value else comes_back(value, decoded)
        if type(self).__module__.startswith("t2t_multimodel."):
            return ""  # sounds are stored as frames, of which no sound can be made again
        try:
            with foreign(BadValue):
                again = self.encode(decoded, tokenizer).reshape(self.stored_shape())
        except BadValue:  # decode makes something for people, which encode need not take
            return ""
        if alike(stored, again, self.dtype):
            return ""
        return f"{comes_back(value, decoded)}, which encode stores as another value"


def comes_back(value: Any, other: Any) -> str:
    """The words for a value that another one was made of."""
    return f"{value!r:.60} comes back as {other!r:.60}"


def alike(value: Any, decoded: Any, dtype: np.dtype) -> bool:
    """Whether two values are the same numbers, but for what `dtype` rounds."""
    try:
        one, other = np.asarray(value), np.asarray(decoded)
    except ValueError:  # a ragged list is no array
        return False
    if one.shape != other.shape or one.dtype.kind not in "biuf" or other.dtype.kind not in "biuf":
        return False
    step = float(np.finfo(dtype).eps) if np.dtype(dtype).kind == "f" else 0.0
    return bool(np.allclose(one, other, rtol=_CLOSE * step, atol=_CLOSE * step))

"""ClassLabel: one of a fixed set of classes."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import numpy as np

from t2t_multimodel.errors import UserError
from t2t_multimodel.features.base import BadValue, Feature, Signature, Tokenizer
from t2t_multimodel.features.checking import comes_back
from t2t_multimodel.features.graph import GraphTokenizer

BEST_CLASSES = 3
"""Classes of an output that people are shown, best first."""


@dataclasses.dataclass(frozen=True)
class ClassLabel(Feature):
    """A class, as its number from 0 or as its name."""

    n: int | None = None
    """Number of classes; may be left out when `names` are given."""
    names: tuple[str, ...] = ()
    """Names of the classes in the order of their numbers."""

    dtype: ClassVar[np.dtype] = np.dtype(np.int32)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        n = len(self.names) if self.n is None else self.n
        if n < 2 or (self.names and len(self.names) != n):
            raise UserError(
                f"ClassLabel takes n >= 2 or one name for each class, but got n={self.n} "
                f"and {len(self.names)} names."
            )
        object.__setattr__(self, "n", n)

    @property
    def size(self) -> int:
        """Number of classes."""
        assert self.n is not None
        return self.n

    def signature(self, problem: str, tokenizer: Tokenizer | None) -> Signature:
        return Signature("class_label", f"class_label/{problem}", self.size, (), 1)

    def encode(self, value: int | str, tokenizer: Tokenizer | None) -> np.ndarray:
        if isinstance(value, str):
            if value not in self.names:
                raise BadValue(self._no_name(value))
            value = self.names.index(value)
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
            raise BadValue(f"label must be an int or a class name, but is {value!r}")
        if not 0 <= value < self.size:
            raise BadValue(f"label {value} is out of range 0 to {self.size - 1}")
        return np.asarray([value], self.dtype)

    def _no_name(self, value: str) -> str:
        if not self.names:
            return f"label {value!r} is a text, but the {self.size} classes have no names"
        return f"label {value!r} is none of the {len(self.names)} class names"

    def decode(self, array: np.ndarray, tokenizer: Tokenizer | None) -> int | str:
        label = int(np.asarray(array).reshape(()))
        return self.names[label] if self.names else label

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.names

    def mending(self, name: str) -> str:
        names = " or one of its names" if self.names else ""
        return (
            f"Yield a number from 0 to {self.size - 1}{names}, or declare more classes in `{name}`."
        )

    def changed_by_coding(self, value: Any, stored: np.ndarray, tokenizer: Tokenizer | None) -> str:
        decoded = self.decode(stored, tokenizer)
        number, wanted = map(self._number, (decoded, value))
        return "" if number == wanted else comes_back(value, decoded)

    def _number(self, label: int | str) -> int:
        return self.names.index(label) if isinstance(label, str) else label

    def length(self, array: np.ndarray) -> int:
        return 1

    def stored_shape(self) -> tuple[int, ...]:
        return ()

    def describe(self) -> str:
        return f"ClassLabel({self.size})"

    def parse(self, given: str | bytes) -> int | str:
        text = given.decode() if isinstance(given, bytes) else given
        return text if self.names else int(text)

    def metric_target(self, array: np.ndarray, tokenizer: Tokenizer | None) -> int:
        return int(array)

    def metric_output(self, outputs: np.ndarray, tokenizer: Tokenizer | None) -> np.ndarray:
        """The numbers of the classes, best first."""
        return outputs[:, 0]

    def output_words(self, output: Any) -> str:
        return ", ".join(str(self.decode(number, None)) for number in output[:BEST_CLASSES])

    def graph_write(
        self, outputs_R: Any, tokenizer: GraphTokenizer | None, signature: Signature
    ) -> Any:
        import tensorflow as tf

        names = tf.constant(self.names or [str(i) for i in range(self.size)])
        return tf.gather(names, outputs_R)

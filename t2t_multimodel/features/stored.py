"""The part of a feature that the data pipeline asks: how a value is stored, counted and batched."""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeVar

import numpy as np

from t2t_multimodel.errors import BadValue as BadValue
from t2t_multimodel.errors import UserError
from t2t_multimodel.features.lacking import lacks
from t2t_multimodel.features.signature import Output, Signature

if TYPE_CHECKING:
    from t2t_multimodel.config.data import DataConfig

S = TypeVar("S", bound="Stored")

PAD_ID = 0
"""Id that fills sequences up to the batch's length. Never part of a text."""
EOS_ID = 1
"""Id that ends every text (paper, section 2.2: sequences end with a termination token)."""
Unit = Literal["tokens", "frames", "pixels"]
UNITS: tuple[Unit, ...] = ("tokens", "frames", "pixels")
"""The units in which batches have a budget."""


class Tokenizer(Protocol):
    """Describes what a text feature needs of a vocabulary."""

    size: int
    identity: str

    def encode(self, text: str, symbols: bool = False) -> list[int]:
        """Text to ids, without the end."""

    def decode(self, ids: list[int]) -> str:
        """Ids to text; padding and everything after the end is dropped."""

    def pieces(self, ids: list[int]) -> list[str]:
        """The sub-word of each id."""


class SpeltTokenizer(Tokenizer, Protocol):
    """Describes what a grammar needs besides."""

    symbols: dict[str, int]
    """Control symbols and their ids."""

    def spelling(self) -> np.ndarray:
        """The UTF-8 bytes of each piece, zeros behind; uint8 [size, longest]."""


class _AnyVocabulary:
    """Stands in for the vocabulary of a feature of which no more is asked than its kind."""

    size, identity = 2, "any"

    def encode(self, text: str, symbols: bool = False) -> list[int]:
        raise NotImplementedError("no vocabulary is known here")

    def decode(self, ids: list[int]) -> str:
        raise NotImplementedError("no vocabulary is known here")

    def pieces(self, ids: list[int]) -> list[str]:
        raise NotImplementedError("no vocabulary is known here")


SHOWN_WHEN_SET = {"shown_when_set": True}
"""Metadata of a field that `Stored.__repr__` leaves out while it has its default value."""


class Stored(ABC):
    """Stores the values of a feature, and brings them to the model.

    What `repr` shows is what records depend on: records are stale when it changes. An option that
    works when records are read is a field with `repr=False`; one that came later than records
    which are out in the world has the metadata `SHOWN_WHEN_SET`.
    """

    dtype: ClassVar[np.dtype]
    """Type in which values are stored in records."""
    unit: ClassVar[Unit | None] = None
    """Budget of a batch that `length` counts against; None: examples are counted."""
    reading_rules: ClassVar[int] = 1
    """Version of the rules by which `encode` reads a value, such as a file. Whoever changes what
    they make of a value raises it: records of another version are stale."""
    measures_all: ClassVar[bool] = True
    """Whether `encode` makes all of a value that is longer than the model takes, so that `length`
    is its true length; else it stops a little behind the longest."""

    def __new__(cls: type[S], *args: Any, **kwargs: Any) -> S:
        """Raises `UserError` for a class that lacks one of the methods that every feature has."""
        for method in sorted(cls.__abstractmethods__):
            raise lacks(cls, method, "which every Feature has")
        return super().__new__(cls)

    def __repr__(self) -> str:
        shown = []
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            hidden = "shown_when_set" in field.metadata and value == field.default
            if field.repr and not hidden:
                shown.append(f"{field.name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    @property
    def per_unit(self) -> int:
        """Tells how much of `length` makes one unit."""
        return 1

    def vocabulary(self, problem: str) -> str | None:
        """Name of the vocabulary that `encode` needs, None if it needs none."""
        return None

    def texts(self, value: Any) -> list[str]:
        """The texts in a value, as yielded by `Problem.examples`, that a vocabulary learns from.

        Raises:
            BadValue: the value is not one of this feature.
        """
        return []

    @abstractmethod
    def signature(self, problem: str, tokenizer: Tokenizer | None) -> Signature:
        """Returns what the model must know, for this feature in the named problem."""

    @property
    def output(self) -> Output | None:
        """The way targets of this feature are predicted, see `Signature.output`."""
        return self.signature("any", _AnyVocabulary()).output

    @abstractmethod
    def encode(self, value: Any, tokenizer: Tokenizer | None) -> np.ndarray:
        """A value as yielded by `Problem.examples` to the array that is stored.

        Raises:
            BadValue: with the reason, for a value that is not one of this feature.
        """

    @abstractmethod
    def decode(self, array: np.ndarray, tokenizer: Tokenizer | None) -> Any:
        """A stored array or a model's output back to what a person reads."""

    @abstractmethod
    def length(self, array: np.ndarray) -> int:
        """Sequence length that counts against `max_length` and the token budget."""

    def stored_shape(self) -> tuple[int, ...]:
        """Shape for `ndarray.reshape` of the flat stored values; -1 where it varies."""
        return (-1,)

    def check_stored(self, array: np.ndarray) -> None:
        """Raises `UserError` if what `encode` gave does not fit `dtype` and `stored_shape`."""
        if not isinstance(array, np.ndarray):
            raise UserError(
                f"{type(self).__name__}.encode gave {type(array).__name__}, which is no array."
            )
        shape = self.stored_shape()
        known = math.prod(size for size in shape if size != -1)
        fits = array.size % known == 0 if -1 in shape else array.size == known
        if array.dtype != self.dtype or not fits:
            raise UserError(
                f"{type(self).__name__}.encode gave {array.dtype} {list(array.shape)}, but its "
                f"dtype is {np.dtype(self.dtype)} and its stored_shape() {list(shape)}."
            )

    @property
    def varies(self) -> bool:
        """Whether examples reach the model at lengths of their own."""
        return -1 in self.stored_shape()

    def model_input(self, array: np.ndarray) -> np.ndarray:
        """A stored or augmented array as the model takes it.

        Its `length` is at most that of the stored array.
        """
        return array

    def augment(self, array: np.ndarray, draws: np.random.Generator) -> np.ndarray:
        """A stored array as training sees it this time: changed at random, by option."""
        return array

    def with_augmentation(self: S, config: DataConfig) -> S:
        """The feature, of inputs, with a run's settings of augmentation in the place of its own.

        Images and sounds have such settings. Any other feature stays as it is.
        """
        return self

    def each(self, array: np.ndarray) -> list[np.ndarray]:
        """The equally good values of a stored array, the one that `model_input` takes first."""
        return [array]

    def references(self, array: np.ndarray, tokenizer: Tokenizer | None) -> tuple[Any, ...]:
        """The equally good values of a stored array, each as a person reads it."""
        return tuple(self.decode(one, tokenizer) for one in self.each(array))

    def describe(self) -> str:
        """One short phrase for listings: 'Image 28x28x1'."""
        return type(self).__name__

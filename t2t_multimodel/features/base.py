"""The contract of a modality spec, and the signatures that the model is built from."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Protocol

import numpy as np

from t2t_multimodel.errors import BadValue as BadValue

PAD_ID = 0
"""Id that fills sequences up to the batch's length. Never part of a text."""
EOS_ID = 1
"""Id that ends every text (paper, section 2.2: sequences end with a termination token)."""


class Tokenizer(Protocol):
    """What a text feature needs of a vocabulary."""

    size: int
    identity: str

    def encode(self, text: str, symbols: bool = False) -> list[int]:
        """Text to ids, without the end."""

    def decode(self, ids: list[int]) -> str:
        """Ids to text; padding and everything after the end is dropped."""


class SpeltTokenizer(Tokenizer, Protocol):
    """What a grammar needs besides."""

    symbols: dict[str, int]
    """Control symbols and their ids."""

    def spelling(self) -> np.ndarray:
        """The UTF-8 bytes of each piece, zeros behind; uint8 [size, longest]."""


@dataclasses.dataclass(frozen=True)
class Signature:
    """What the model must know of one feature."""

    modality: str
    """Registered modality net: text, image, audio_log_mel, audio_waveform, class_label."""
    identity: str
    """Features of equal identity share one modality net. Never derived from a size alone."""
    size: int
    """Vocabulary size or number of classes; 0 for images and audio."""
    shape: tuple[int | None, ...]
    """Shape of one example; None where it varies: (None,), (28, 28, 1), (None, 40), ()."""
    max_length: int
    """Longest sequence (text tokens with the end, audio frames or samples, image positions)."""
    dtype: str = "int32"
    """Type in which the model takes the values."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-able values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Signature:
        """Inverse of `to_dict`."""
        return cls(**{**values, "shape": tuple(values["shape"])})


@dataclasses.dataclass(frozen=True)
class ProblemSignature:
    """What the model must know of one problem."""

    name: str
    command: str
    """Name of the command token that opens the target sequence (paper, section 2.3)."""
    inputs: Signature
    targets: Signature

    def to_dict(self) -> dict[str, Any]:
        """JSON-able values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ProblemSignature:
        """Inverse of `to_dict`."""
        return cls(
            name=values["name"],
            command=values["command"],
            inputs=Signature.from_dict(values["inputs"]),
            targets=Signature.from_dict(values["targets"]),
        )


SHOWN_WHEN_SET = {"shown_when_set": True}
"""Metadata of a field that `Feature.__repr__` leaves out while it has its default value."""


class Feature(ABC):
    """A modality spec. Subclasses are frozen dataclasses whose fields are the options.

    What `repr` shows is what records depend on: records are stale when it changes. An option that
    works when records are read is a field with `repr=False`; one that came later than records
    which are out in the world has the metadata `SHOWN_WHEN_SET`.
    """

    dtype: ClassVar[np.dtype]
    """Type in which values are stored in records."""
    unit: ClassVar[str | None] = None
    """Budget of a batch that `length` counts against: tokens, frames, pixels; None: rows only."""
    measures_all: ClassVar[bool] = True
    """Whether `encode` makes all of a value that is longer than the model takes, so that `length`
    is its true length; else it stops a little behind the longest."""

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
        """How much of `length` makes one unit."""
        return 1

    def vocabulary(self, problem: str) -> str | None:
        """Name of the vocabulary that `encode` needs, None if it needs none."""
        return None

    @abstractmethod
    def signature(self, problem: str, tokenizer: Tokenizer | None) -> Signature:
        """What the model must know, for this feature in the named problem."""

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

    def each(self, array: np.ndarray) -> list[np.ndarray]:
        """The equally good values of a stored array, the one that `model_input` takes first."""
        return [array]

    def references(self, array: np.ndarray, tokenizer: Tokenizer | None) -> tuple[Any, ...]:
        """The equally good values of a stored array, each as a person reads it."""
        return tuple(self.decode(one, tokenizer) for one in self.each(array))

    def describe(self) -> str:
        """One short phrase for listings: 'Image 28x28x1'."""
        return type(self).__name__

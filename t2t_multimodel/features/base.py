"""The contract of a modality spec: `Feature`, whose subclasses are Text, Image, Audio and yours."""

from __future__ import annotations

from t2t_multimodel.features.comparing import ForComparing
from t2t_multimodel.features.graph import InGraph
from t2t_multimodel.features.people import ForPeople
from t2t_multimodel.features.signature import ProblemSignature, Signature
from t2t_multimodel.features.stored import (
    EOS_ID,
    PAD_ID,
    SHOWN_WHEN_SET,
    BadValue,
    Tokenizer,
    Unit,
)

__all__ = [
    "EOS_ID",
    "PAD_ID",
    "SHOWN_WHEN_SET",
    "BadValue",
    "Feature",
    "ProblemSignature",
    "Signature",
    "Tokenizer",
    "Unit",
]


<<<<<<< HEAD
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
=======
class Feature(ForPeople, ForComparing, InGraph):
>>>>>>> main
    """A modality spec. Subclasses are frozen dataclasses whose fields are the options.

    Its contract has four parts. `Stored` is asked by the data pipeline; a subclass sets `dtype`
    and defines `signature`, `encode`, `decode` and `length`. The other three parts have defaults:
    `ForPeople` is asked by mm-decode, mm-serve and reports, `ForComparing` by metrics and
    baselines, and `InGraph` by mm-export.
    """

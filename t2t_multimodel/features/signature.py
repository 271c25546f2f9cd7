"""Signatures: all that the model is built from, of each feature and of each problem."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np

Output = Literal["tokens", "classes", "values"]
"""The way targets are predicted. "tokens": ids one after the other, until the end. "classes": all
classes at once, ranked. "values": the numbers of an array of fixed shape, all at once."""
CROSS_ENTROPY, VALUE_LOSS = "xent", "loss_"
"""The loss in the logs of training: of tokens and classes its name, and of values the beginning of
its name, such as loss_squared_error."""


def loss_name(logged: Iterable[str]) -> str:
    """The one of these logged names that is a loss."""
    return next(n for n in logged if n == CROSS_ENTROPY or n.startswith(VALUE_LOSS))


@dataclasses.dataclass(frozen=True)
class Signature:
    """Tells the model what it must know of one feature."""

    modality: str
    """Registered modality net: text, image, audio_log_mel, audio_waveform, class_label, or one of
    your own."""
    identity: str
    """Features of equal identity share one modality net. Never derived from a size alone."""
    size: int
    """Vocabulary size or number of classes; 0 for everything else."""
    shape: tuple[int | None, ...]
    """Shape of one example; None where it varies: (None,), (28, 28, 1), (None, 40), ()."""
    max_length: int
    """Longest sequence (text tokens with the end, audio frames or samples, image positions)."""
    dtype: str = "int32"
    """Type in which the model takes the values."""

    @property
    def output(self) -> Output | None:
        """The way such targets are predicted; None: the model can not predict them.

        The shape and the type say it: whole numbers of shape (None,) are tokens, a whole number
        alone is a class, and other numbers of a fixed shape are values.
        """
        whole = np.dtype(self.dtype).kind in "iu"
        if whole and self.shape == (None,):
            return "tokens"
        if whole and self.shape == ():
            return "classes"
        return None if whole or None in self.shape else "values"

    @property
    def is_sequence(self) -> bool:
        """Whether an example is a sequence of positions, and not a single one."""
        return self.shape[:1] == (None,)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Signature:
        """Inverse of `to_dict`."""
        return cls(**{**values, "shape": tuple(values["shape"])})


@dataclasses.dataclass(frozen=True)
class ProblemSignature:
    """Tells the model what it must know of one problem."""

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

"""Guides: what weighs or forbids tokens beside the decoder, in every way of searching.

Legend: B sources, N outputs that are followed for each, R = B * N rows, V tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from keras import KerasTensor

from t2t_multimodel.multimodel import Encoded
from t2t_multimodel.types import Tensor

FORBIDDEN = -1e9
"""Log-probability of a token that may not be taken."""

Weigh = Callable[[Tensor, Tensor, Tensor, Any], tuple[Tensor, Any]]
"""(log-probabilities [R, V], last ids [R], position t, state) -> weighed ones, next state."""


class Guide(Protocol):
    """A second opinion on each token. All of it is traced once, and compiled with the search."""

    @property
    def specs(self) -> tuple[KerasTensor, ...]:
        """Shapes and types of `facts`; the first axis is that of sources."""

    def facts(self, source: dict[str, Tensor], encoded: Encoded) -> tuple[Tensor, ...]:
        """Returns what the guide must know of the sources of a batch.

        Args:
            source: inputs and inputs_length.
            encoded: what the encoder made of them.
        """

    def begin(self, facts: tuple[Tensor, ...], beams: int, longest: int) -> tuple[Any, Weigh]:
        """The state before the first of `longest` positions, [R, ...], and what weighs tokens."""

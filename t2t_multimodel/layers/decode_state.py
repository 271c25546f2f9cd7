"""The decode state: how the layers of a body write one position after the other.

A pass through a body is of one of two kinds. A whole pass has all positions in its tensors and no
decode state. A step has one position in them, T = 1, and a `DecodeState` in its `Mode`. Most layers
treat each position alike and need not know. Two kinds of layers do, and each is declared here:

    LooksBack      sees earlier positions: `empty` is what it keeps of them before the first one
    LooksAtSource  sees the encoder's output: `memory` is what it keeps of that

Both give at position t of a step what they give there in a whole pass.

Legend: B sources, N sequences that are written for each, R = B * N rows (those of one source are
neighbours), T target positions, L source positions, C channels.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from keras import ops

from t2t_multimodel.types import Size, Tensor, Tensors

LayerStates = dict[str, Tensors]
"""Path of a layer -> what it keeps: a tensor, or a named tuple of tensors."""


class LooksBack:
    """A layer whose output at a position depends on earlier positions."""

    path: str

    @property
    def looks_back(self) -> bool:
        """Whether it does so as it was made; a convolution with SAME padding takes no steps."""
        return True

    def empty(self, rows: Size, length: int) -> Tensors:
        """Makes what it keeps before the first of at most `length` positions: [R, ...] each."""
        raise NotImplementedError


class LooksAtSource:
    """A layer whose output depends on the encoder's output."""

    path: str

    def memory(self, source_BLC: Tensor, mask_BL: Tensor) -> Tensors:
        """Computes what the layer keeps of the source [B, L, C]: [B, ...] each."""
        raise NotImplementedError


class DecodeState:
    """One position that is being computed, and what layers keep from position to position.

    `MultiModel.step` makes one for each position and takes `kept` from it at the end. A state is no
    tuple and no dict, because Keras would look into those for tensors.

    Args:
        t: int32 scalar, the position; the first is 0.
        before: what the layers kept of the positions before t.
        beams: N.
    """

    def __init__(self, t: Tensor, before: LayerStates, beams: int = 1) -> None:
        self.t, self.beams = t, beams
        self._before = before
        self.kept: LayerStates = {}
        """`kept` holds what the next position needs."""

    def before(self, layer: LooksBack) -> Any:
        """Looks up what a layer kept of earlier positions: `Tensors` of its own form."""
        return self._before[layer.path]

    def keep(self, layer: LooksBack, value: Tensors) -> None:
        """Keeps what a layer needs at the next position."""
        self.kept[layer.path] = value

    def by_source(self, x_R1C: Tensor) -> Tensor:
        """[R, 1, C] to [B, N, C]: the rows of one source beside each other."""
        return ops.reshape(x_R1C, (-1, self.beams, x_R1C.shape[-1]))

    def by_row(self, x_BNC: Tensor) -> Tensor:
        """[B, N, C] to [R, 1, C]: the inverse of `by_source`."""
        return ops.reshape(x_BNC, (-1, 1, x_BNC.shape[-1]))


@dataclasses.dataclass(frozen=True)
class EncodedSource:
    """The encoder's output, as the layers that look at it get it."""

    x_BLC: Tensor | None = None
    mask_BL: Tensor | None = None
    """1 at real positions."""
    memories: LayerStates | None = None
    """The memory of each layer, in a step. In a whole pass each layer makes its own."""

    def seen_by(self, layer: LooksAtSource) -> Any:
        """Returns the memory of a layer: `Tensors` of its own form."""
        if self.memories is None:
            assert self.x_BLC is not None and self.mask_BL is not None, "a source or memories"
            return layer.memory(self.x_BLC, self.mask_BL)
        return self.memories[layer.path]

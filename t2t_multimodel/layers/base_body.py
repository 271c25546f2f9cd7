"""The contract of a body: what lies between the modality nets, shared by all tasks.

Legend: B batch, L source length, T target length, D width, R rows of a step.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from keras import ops

from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.layers.base import Block, sublayers
from t2t_multimodel.layers.decode_state import (
    DecodeState,
    EncodedSource,
    LayerStates,
    LooksAtSource,
    LooksBack,
)
from t2t_multimodel.layers.experts import Routing
from t2t_multimodel.layers.mode import Mode
from t2t_multimodel.types import Size, Tensor

Routings = dict[str, Routing]
"""Name of an expert layer -> where its tokens went."""


def aux_loss(routing: Routings) -> Tensor:
    """The sum of the routers' losses."""
    return sum((layer.loss for layer in routing.values()), start=ops.zeros(()))


class Body(Block):
    """An encoder and a decoder.

    A body of your own wires `encode` and `decode` from layers. `decode` serves training, which has
    all positions, and decoding, which has one at a time: its layers are told by `mode.state`. The
    methods that prepare and run single positions follow from the layers and are written here.

    Args:
        config: sizes and switches.
    """

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config = config

    def encode(self, x_BLD: Tensor, mask_BL: Tensor, mode: Mode) -> tuple[Tensor, Routings]:
        """Source features to the encoder's output [B, L, D]."""
        raise NotImplementedError

    def decode(
        self, targets_BTD: Tensor, mask_BT: Tensor | None, source: EncodedSource, mode: Mode
    ) -> tuple[Tensor, Routings]:
        """Targets, shifted by the command token, to the decoder's output [B, T, D].

        Args:
            mask_BT: 1 at real targets; None in a step, where all are.
            source: the encoder's output.
            mode: says whether it is a whole pass or a step, with T = 1.
        """
        raise NotImplementedError

    def memory(self, source_BLD: Tensor, mask_BL: Tensor) -> LayerStates:
        """Computes what the layers of `decode` keep of the encoder's output."""
        return {
            layer.path: layer.memory(source_BLD, mask_BL)
            for layer in sublayers(self, all_levels=True)
            if isinstance(layer, LooksAtSource)
        }

    def cache(self, rows: Size, length: int) -> LayerStates:
        """Makes what the layers of `decode` keep before the first of at most `length` positions."""
        return {
            layer.path: layer.empty(rows, length)
            for layer in sublayers(self, all_levels=True)
            if isinstance(layer, LooksBack) and layer.looks_back
        }

    def step(
        self,
        x_RD: Tensor,
        cache: LayerStates,
        memory: LayerStates,
        t: Tensor,
        mode: Mode,
        beams: int = 1,
    ) -> tuple[Tensor, LayerStates]:
        """Position `t` of `decode` [R, D], and the next cache."""
        state = DecodeState(t, cache, beams)
        mode = dataclasses.replace(mode, state=state)
        x_R1D, _ = self.decode(x_RD[:, None], None, EncodedSource(memories=memory), mode)
        return x_R1D[:, 0], state.kept

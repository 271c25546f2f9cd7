"""The body that Tensor2Tensor called multimodel1p8 on its launch day (2017-06-15).

Legend: B batch, L source length, T target length, D width.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel.config.base import of_kind
from t2t_multimodel.config.body import T2TV1BodyConfig
from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.layers.base_body import Body, Routings
from t2t_multimodel.layers.convolution import ConvStep
from t2t_multimodel.layers.decode_state import EncodedSource
from t2t_multimodel.layers.experts_and_norm import ExpertsAndNorm, by_name
from t2t_multimodel.layers.mode import Mode, dropout
from t2t_multimodel.layers.timing import timing_halves
from t2t_multimodel.t2t.slicenet import TIMESCALES, MultiConvRes, SimpleAttention
from t2t_multimodel.types import Tensor


class T2TV1Body(Body):
    """Convolutions with experts in the middle, in encoder and decoder; attention to the source.

        encoder = blocks -> LN(x + MoE(x)) -> blocks
        mixer   = LN(conv(ReLU([attention(targets, source), targets])))
        decoder = blocks with attention -> LN(x + MoE(x)) -> blocks with attention

    Targets see each other through left-padded convolutions alone. Dropout follows each stack of
    blocks, not each block.

    Args:
        config: sizes and switches.
    """

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(config, **kwargs)
        self.own = of_kind(config.body, T2TV1BodyConfig)
        width = config.hidden_size
        before, after = self.own.encoder_blocks
        self.encoder1 = self._stack(before, "encoder1")
        self.encoder_experts = ExpertsAndNorm(config, name="encoder_experts")
        self.encoder2 = self._stack(after, "encoder2")
        self.attention = SimpleAttention(
            width, separability=self.own.separability, name="mixer_attention"
        )
        self.merge = ConvStep(2 * width, width, 3, causal=True, separability=4, name="mixer_merge")
        before, after = self.own.decoder_blocks
        self.decoder1 = self._stack(before, "decoder1", decodes=True)
        self.decoder_experts = ExpertsAndNorm(config, name="decoder_experts")
        self.decoder2 = self._stack(after, "decoder2", decodes=True)

    def _stack(self, size: int, name: str, decodes: bool = False) -> list[MultiConvRes]:
        return [
            MultiConvRes(
                self.config.hidden_size,
                self.config.block_kernels,
                self.config.block_dilations,
                separability=self.own.separability,
                causal=decodes,
                attends=decodes,
                branch_scale=self.config.branch_scale,
                name=f"{name}_block{i}",
            )
            for i in range(size)
        ]

    def encode(self, x_BLD: Tensor, mask_BL: Tensor, mode: Mode) -> tuple[Tensor, Routings]:
        signal = timing_halves(ops.shape(x_BLD)[1], self.config.hidden_size, TIMESCALES)
        x_BLD = x_BLD + ops.cast(signal, x_BLD.dtype)
        for block in self.encoder1:
            x_BLD = block(x_BLD, mask_BL=mask_BL)
        x_BLD = dropout(x_BLD, self.config.dropout, mode)
        x_BLD, routing = self.encoder_experts(x_BLD, mask_BL=mask_BL, mode=mode)
        for block in self.encoder2:
            x_BLD = block(x_BLD, mask_BL=mask_BL)
        return dropout(x_BLD, self.config.dropout, mode), by_name(encoder=routing)

    def decode(
        self, targets_BTD: Tensor, mask_BT: Tensor | None, source: EncodedSource, mode: Mode
    ) -> tuple[Tensor, Routings]:
        attended = self.attention(targets_BTD, source=source, mode=mode)
        x_BTD = self.merge(ops.concatenate([attended, targets_BTD], axis=-1), mode=mode)
        for block in self.decoder1:
            x_BTD = block(x_BTD, source=source, mode=mode)
        x_BTD = dropout(x_BTD, self.config.dropout, mode)
        x_BTD, routing = self.decoder_experts(x_BTD, mask_BL=mask_BT, mode=mode)
        for block in self.decoder2:
            x_BTD = block(x_BTD, source=source, mode=mode)
        return dropout(x_BTD, self.config.dropout, mode), by_name(decoder=routing)

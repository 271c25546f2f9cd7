"""The audio nets of Tensor2Tensor's first MultiModel."""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel.config.base import of_kind
from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.config.nets import T2TNetsConfig
from t2t_multimodel.features import Signature
from t2t_multimodel.layers.convolution2d import ConvRes
from t2t_multimodel.layers.mode import EVAL, Mode
from t2t_multimodel.modalities.base import Embedded, Modality
from t2t_multimodel.modalities.text import length_mask
from t2t_multimodel.registry import register_modality
from t2t_multimodel.types import Tensor


class T2TAudioModality(Modality):
    """Blocks of `audio_channels`, then one to D channels; positions are (time, band).

    Padding is not masked inside the net. The residual of the last block has no ReLU.
    """

    spells = True
    strides = (2, 1)

    def __init__(self, config: ModelConfig, signature: Signature, **kwargs: Any) -> None:
        super().__init__(config, signature, **kwargs)
        own = of_kind(config.nets, T2TNetsConfig)
        widths = [1, *own.audio_channels, config.hidden_size]
        last = len(widths) - 2
        self.blocks = [
            ConvRes(
                widths[i],
                widths[i + 1],
                strides=self.strides,
                padding="same",
                relu_on_skip=i < last,
                name=f"block{i}",
            )
            for i in range(last + 1)
        ]

    def run_blocks(self, x_BTM1: Tensor, lengths_B: Tensor) -> Embedded:
        """[B, T, M, 1] to one position for each band and step in time."""
        mask_BT = length_mask(lengths_B, ops.shape(x_BTM1)[1])
        for block in self.blocks:
            x_BTM1 = block(x_BTM1)
            mask_BT = mask_BT[:, ::2]
        batch, time, bands = ops.shape(x_BTM1)[:3]
        x_BLD = ops.reshape(x_BTM1, (batch, time * bands, self.config.hidden_size))
        return Embedded(x_BLD, ops.repeat(mask_BT, bands, axis=1), (time, bands))


@register_modality("t2t_audio_log_mel")
class T2TLogMelModality(T2TAudioModality):
    """Log-mel frames [B, T, M]; bands keep their resolution."""

    def embed(self, values: Tensor, lengths_B: Tensor, mode: Mode = EVAL) -> Embedded:
        return self.run_blocks(ops.cast(values, self.compute_dtype)[..., None], lengths_B)


@register_modality("t2t_audio_waveform")
class T2TWaveformModality(T2TAudioModality):
    """Samples [B, T], a picture of width 1."""

    strides = (2, 2)

    def embed(self, values: Tensor, lengths_B: Tensor, mode: Mode = EVAL) -> Embedded:
        x_BT11 = ops.cast(values, self.compute_dtype)[:, :, None, None]
        return self.run_blocks(x_BT11, lengths_B)

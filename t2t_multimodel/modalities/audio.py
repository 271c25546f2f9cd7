"""Audio: a stack of strided residual blocks (paper, section 2.5)."""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel.config.base import of_kind
from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.config.nets import PaperNetsConfig
from t2t_multimodel.features import Signature
from t2t_multimodel.layers.convolution import masked
from t2t_multimodel.layers.convolution2d import ConvRes
from t2t_multimodel.layers.linear import Linear
from t2t_multimodel.layers.mode import EVAL, Mode
from t2t_multimodel.modalities.base import Embedded, Modality
from t2t_multimodel.modalities.text import length_mask
from t2t_multimodel.registry import register_modality
from t2t_multimodel.types import Tensor


class AudioModality(Modality):
    """Residual blocks l_i = ConvRes(l_{i-1}, audio_channels[i]), then a 1x1 map to D.

    Each block halves the time. The paper has eight blocks of 2^i channels; its last one has 256,
    hence the map. Legend: B batch, T time, M bands, C channels.
    """

    spells = True

    def make_blocks(self, channels: int, kernel: tuple[int, int]) -> None:
        """Makes the blocks for an input of `channels` channels."""
        widths = of_kind(self.config.nets, PaperNetsConfig).audio_channels
        self.blocks = [
            ConvRes(wide_in, wide_out, kernel, strides=(2, 1), name=f"block{i}")
            for i, (wide_in, wide_out) in enumerate(zip((channels, *widths), widths, strict=False))
        ]
        self.projection = Linear(widths[-1], self.config.hidden_size, name="projection")

    def run_blocks(self, x_BTMC: Tensor, lengths_B: Tensor) -> Embedded:
        """[B, T, M, C] to one position for each band and step in time."""
        mask_BT = length_mask(lengths_B, ops.shape(x_BTMC)[1])
        for block in self.blocks:
            x_BTMC = block(x_BTMC, mask_BH=mask_BT)
            mask_BT = mask_BT[:, ::2]
        batch, time, bands = ops.shape(x_BTMC)[:3]
        mask_BL = ops.repeat(mask_BT, bands, axis=1)
        x_BTMD = self.projection(x_BTMC)
        x_BLD = ops.reshape(x_BTMD, (batch, time * bands, self.config.hidden_size))
        return Embedded(masked(x_BLD, mask_BL), mask_BL, (time, bands))


@register_modality("audio_log_mel")
class LogMelModality(AudioModality):
    """Log-mel frames [B, T, M]. Bands keep their resolution, time is halved by each block.

    `audio_fold_frequency` takes the bands as channels instead, through a linear map with bias
    to as many channels as the first block has: the sequence is as long as the time alone.
    """

    def __init__(self, config: ModelConfig, signature: Signature, **kwargs: Any) -> None:
        super().__init__(config, signature, **kwargs)
        own = of_kind(config.nets, PaperNetsConfig)
        bands, first = signature.shape[1], own.audio_channels[0]
        assert bands is not None, "log-mel frames have a fixed number of bands"
        self.folds = own.audio_fold_frequency
        if self.folds:
            self.fold = Linear(bands, first, use_bias=True, name="fold")
            self.make_blocks(first, (3, 1))
        else:
            self.make_blocks(1, (3, 3))

    def embed(self, values: Tensor, lengths_B: Tensor, mode: Mode = EVAL) -> Embedded:
        x_BTM = ops.cast(values, self.compute_dtype)
        if self.folds:
            return self.run_blocks(self.fold(x_BTM)[:, :, None], lengths_B)
        return self.run_blocks(x_BTM[:, :, :, None], lengths_B)


@register_modality("audio_waveform")
class WaveformModality(AudioModality):
    """Samples [B, T] from -1 to 1, as a picture of width 1."""

    def __init__(self, config: ModelConfig, signature: Signature, **kwargs: Any) -> None:
        super().__init__(config, signature, **kwargs)
        self.make_blocks(1, (3, 1))

    def embed(self, values: Tensor, lengths_B: Tensor, mode: Mode = EVAL) -> Embedded:
        return self.run_blocks(ops.cast(values, self.compute_dtype)[:, :, None, None], lengths_B)

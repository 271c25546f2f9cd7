"""The image net of Tensor2Tensor's first MultiModel."""

from __future__ import annotations

from typing import Any

from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.features import Signature
from t2t_multimodel.layers.convolution2d import ConvRes, FullConv2D
from t2t_multimodel.layers.mode import EVAL, Mode
from t2t_multimodel.modalities.base import Embedded, Modality
from t2t_multimodel.modalities.image import flattened, rgb, standardised
from t2t_multimodel.registry import register_modality
from t2t_multimodel.types import Tensor


@register_modality("t2t_image")
class T2TImageModality(Modality):
    """Standardised pixels, full convolutions 32 (stride 2) and 64, then three residual blocks.

    Only the first block has a ReLU on its skip. The total stride is 16.
    """

    def __init__(self, config: ModelConfig, signature: Signature, **kwargs: Any) -> None:
        super().__init__(config, signature, **kwargs)
        width = config.hidden_size
        self.step1 = FullConv2D(3, 32, strides=(2, 2), padding="same", relu=False, name="step1")
        self.step2 = FullConv2D(32, 64, padding="same", name="step2")
        widths = [64, min(128, width), min(256, width), width]
        self.blocks = [
            ConvRes(
                widths[i],
                widths[i + 1],
                padding="same",
                relu_on_skip=i == 0,
                name=f"block{i}",
            )
            for i in range(3)
        ]

    def embed(self, values: Tensor, lengths_B: Tensor, mode: Mode = EVAL) -> Embedded:
        h = self.step2(self.step1(standardised(rgb(values, self.compute_dtype))))
        for block in self.blocks:
            h = block(h)
        return flattened(h, lengths_B, self.config.hidden_size)
